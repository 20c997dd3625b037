//! Rules: operations whose outcome depends on the states of all their locations together.

use super::action::Action;
use super::kinds::RuleTag;
use super::mode::Mode;

/// The largest number of locations of a rule.
const RULED_SLOTS: usize = 3;

/// The states of these locations, by slot.
pub(crate) type RuledStates = [u64; RULED_SLOTS];

/// The effect of one alternative on each location: how it conflicts, and the next state.
pub(crate) type Outcomes = [(Mode, u64); RULED_SLOTS];

/// A rule for the outcome of an operation. Its functions depend only on the states of the
/// operation's locations and on the operation's argument, because they are also evaluated in
/// hypothetical states.
pub(crate) struct Rule {
    pub(crate) tag: RuleTag,
    /// The number of alternatives; 0 if the operation is disabled.
    pub(crate) alternatives: fn(&RuledStates, u64) -> u16,
    /// The outcome of an alternative. If the operation is disabled: how it would conflict if it
    /// were enabled.
    pub(crate) outcome: fn(&RuledStates, u64, u16) -> Outcomes,
    /// Whether an event that changes the state of the location in this slot may disable the
    /// operation. Arguments: slot, state before, state after, argument of the rule. An event that
    /// cannot disable it leaves it enabled in every state in which it was enabled. [`Rule::ANY`] is
    /// always correct; a smaller relation saves the search from trying sets of events that cannot
    /// matter.
    pub(crate) may_be_disabled_by: fn(usize, u64, u64, u64) -> bool,
    /// The operation in words, for messages: the object of "waits to".
    pub(crate) what: &'static str,
}

impl Rule {
    /// Any change may disable the operation.
    pub(crate) const ANY: fn(usize, u64, u64, u64) -> bool = |_, before, after, _| before != after;
}

/// No effect on a location.
pub(crate) const NOTHING: (Mode, u64) = (Mode::Nothing, 0);

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

/// Waits for a token until a deadline, which is the argument. Consumes the token if it is present;
/// otherwise advances the clock to the deadline, even if a task would still have delivered the
/// token. Locations: the token and the clock.
pub(crate) static TOKEN_OR_DEADLINE: Rule = Rule {
    tag: RuleTag::TokenOrDeadline,
    alternatives: |_, _| 1,
    outcome: |&[token, now, _], deadline, _| match token {
        0 => [(Mode::Read, 0), Action::Raise(deadline).outcome(now), NOTHING],
        _ => [(Mode::Write, 0), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken (or reach the deadline) by",
};

/// Waits for a token: takes it if it is there, else wakes up spuriously. On the token.
pub(crate) static TOKEN_OR_SPURIOUS: Rule = Rule {
    tag: RuleTag::TokenOrSpurious,
    alternatives: |_, _| 1,
    outcome: |&[token, _, _], _, _| match token {
        0 => [(Mode::Read, 0), NOTHING, NOTHING],
        _ => [(Mode::Write, 0), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken by",
};

/// Like [`TOKEN_OR_DEADLINE`]; without a token, the second alternative is a spurious wakeup.
pub(crate) static TOKEN_OR_DEADLINE_OR_SPURIOUS: Rule = Rule {
    tag: RuleTag::TokenOrDeadlineOrSpurious,
    alternatives: |states, _| if states[0] == 0 { 2 } else { 1 },
    outcome: |states, deadline, choice| match (states[0], choice) {
        (0, 1) => [(Mode::Read, 0), NOTHING, NOTHING],
        _ => (TOKEN_OR_DEADLINE.outcome)(states, deadline, 0),
    },
    may_be_disabled_by: Rule::ANY,
    what: "be woken (or reach the deadline) by",
};

/// A choice of the caller. The argument is the number of alternatives. Accesses no location.
pub(crate) static CHOOSE: Rule = Rule {
    tag: RuleTag::Choose,
    alternatives: |_, argument| argument as u16,
    outcome: |_, _, _| [NOTHING; RULED_SLOTS],
    may_be_disabled_by: Rule::ANY,
    what: "choose",
};
