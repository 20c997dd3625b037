//! Operations whose locations do not decide each for itself: whether such an operation can go on, what its alternatives
//! are and what they come to depends on all of its locations' states together.

use super::action::Action;
use super::mode::Mode;

/// How many locations a rule decides at the most.
const RULED_SLOTS: usize = 3;

/// The states of those locations, slot by slot.
pub(crate) type RuledStates = [u64; RULED_SLOTS];

/// What one alternative does to each location: how it conflicts, and the state that it leaves.
pub(crate) type Outcomes = [(Mode, u64); RULED_SLOTS];

/// How an operation is decided. Both functions see the states of the operation's locations and the operation's
/// argument, and nothing else: they are asked about states that the explorer only thinks of, too.
pub(crate) struct Rule {
    /// Tells operations apart when a schedule is repeated. From 64 on; below are the actions' own.
    pub(crate) tag: u8,
    /// How many alternatives there are; 0 if the operation cannot go on.
    pub(crate) alternatives: fn(&RuledStates, u64) -> u16,
    /// What one of the alternatives comes to. Where the operation cannot go on, it says how it would conflict if it did.
    pub(crate) outcome: fn(&RuledStates, u64, u16) -> Outcomes,
    /// Whether an event that changes the state of the location in this slot may disable the operation: slot, state before and
    /// after, argument. An event that may not leaves it enabled wherever it was enabled before. [`Rule::ANY`] is always right;
    /// less than that spares the search from [trying](crate::runtime::Trail) sets of events that cannot matter.
    pub(crate) may_be_disabled_by: fn(usize, u64, u64, u64) -> bool,
    /// What a task that waits for it waits to do.
    pub(crate) what: &'static str,
}

impl Rule {
    /// Any change may disable the operation.
    pub(crate) const ANY: fn(usize, u64, u64, u64) -> bool = |_, before, after, _| before != after;
}

/// No effect on a location: its state stays.
pub(crate) const NOTHING: (Mode, u64) = (Mode::Nothing, 0);

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

/// Waits for a token until a deadline, the argument: takes the token if it is there, else lets time go on to the deadline,
/// whether or not somebody would still bring the token. On the token and the clock.
pub(crate) static TOKEN_OR_DEADLINE: Rule = Rule {
    tag: 65,
    alternatives: |_, _| 1,
    outcome: |&[token, now, _], deadline, _| match token {
        0 => [(Mode::Read, 0), Action::Raise(deadline).outcome(now), NOTHING],
        _ => [(Mode::Write, 0), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken, or for the deadline, by",
};

/// Waits for a token: takes it if it is there, else wakes up spuriously. On the token.
pub(crate) static TOKEN_OR_SPURIOUS: Rule = Rule {
    tag: 66,
    alternatives: |_, _| 1,
    outcome: |&[token, _, _], _, _| match token {
        0 => [(Mode::Read, 0), NOTHING, NOTHING],
        _ => [(Mode::Write, 0), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken by",
};

/// As [`TOKEN_OR_DEADLINE`], and may also wake up spuriously where there is no token: the second alternative.
pub(crate) static TOKEN_OR_DEADLINE_OR_SPURIOUS: Rule = Rule {
    tag: 67,
    alternatives: |states, _| if states[0] == 0 { 2 } else { 1 },
    outcome: |states, deadline, choice| match (states[0], choice) {
        (0, 1) => [(Mode::Read, 0), NOTHING, NOTHING],
        _ => (TOKEN_OR_DEADLINE.outcome)(states, deadline, 0),
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken, or for the deadline, by",
};

/// A caller's own choice between as many alternatives as the argument says. It touches nothing.
pub(crate) static CHOOSE: Rule = Rule {
    tag: 64,
    alternatives: |_, argument| argument as u16,
    outcome: |_, _, _| [NOTHING; RULED_SLOTS],
    may_be_disabled_by: Rule::ANY,
    what: "choose",
};
