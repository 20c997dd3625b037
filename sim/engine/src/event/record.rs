//! One operation: announced, and executed.

use std::ops::Range;
use std::panic::Location;

use super::action::Action;
use super::fingerprint::Fingerprint;
use super::footprint::Footprint;
use super::mode::Mode;
use super::rule::{Rule, RuledStates};

/// A task's number in one exploration. The same task has the same number in every schedule: numbers go by who spawned
/// it and as which of its children.
pub(crate) type TaskId = u8;

/// How many tasks the schedules of one exploration may have in all.
pub const MAX_TASKS: usize = 64;

/// A location: an object, or one key of an object. Numbered like tasks: by who created the object, as which of its
/// objects, and by the key; never by address.
pub(crate) type LocationId = u32;

/// An access's place among all accesses of the trail: in the order of their events, and of the slots of each.
pub(crate) type AccessId = u32;

/// No access.
pub(crate) const NO_ACCESS: AccessId = u32::MAX;

/// How many locations one operation touches at the most: a condition on so many atomics is one operation.
pub(crate) const SLOTS: usize = 4;

/// How many locations an object has for its items. The items beyond share them, and are explored as if they were one
/// with those they share with.
pub(crate) const ITEMS: u32 = 64;

/// What an operation did to one location: its place in the location's chain of accesses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// The position of its event.
    pub(crate) position: u32,
    /// Its event's name: which task's, and which of the task's events.
    pub(crate) index: u32,
    pub(crate) task: TaskId,
    pub(crate) mode: Mode,
    /// Which modes came before this one on the location: a bit for each.
    pub(crate) previous_modes: u16,
    /// The access of the same location that came before this one in the trail.
    pub(crate) previous: AccessId,
}

/// An executed operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) footprint: Footprint,
    /// Of each slot, the kind of action: see [`Pending::kinds`].
    kinds: [u8; SLOTS],
    /// It was executed together with what came before it: no other task could have gone first.
    pub(crate) glued: bool,
    /// Which of its task's events it is, from 1.
    pub(crate) index: u32,
    /// Its accesses are this one and those that follow, one for each slot.
    pub(crate) first_access: AccessId,
    /// If it is opaque: the opaque event before it.
    pub(crate) previous_opaque: u32,
    pub(crate) source: &'static Location<'static>,
}

impl Event {
    #[inline]
    pub(crate) fn new(pending: &Pending, footprint: Footprint, index: u32, first_access: AccessId) -> Self {
        Event {
            footprint,
            kinds: pending.kinds,
            glued: false,
            index,
            first_access,
            previous_opaque: NO_ACCESS,
            source: pending.source,
        }
    }

    /// Of each slot, the kind of action: see [`Pending::kinds`].
    pub(crate) fn kinds(&self) -> [u8; SLOTS] {
        self.kinds
    }

    /// Whether it is a [pause](Pending::pause).
    pub(crate) fn is_pause(&self) -> bool {
        self.footprint.slots() == 0 && !self.footprint.opaque && self.kinds == [0; SLOTS]
    }

    /// Where its accesses are.
    #[inline]
    pub(crate) fn accesses(&self) -> Range<usize> {
        let first = self.first_access as usize;
        first..first + self.footprint.slots()
    }
}

/// What a task has announced and not yet done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    slots: u8,
    pub(crate) opaque: bool,
    /// Whether the states decide if it can go on, or how many alternatives it has. Worked out where it is made, as the
    /// next two are: there the action is mostly a constant.
    can_wait: bool,
    /// Whether the states decide if it can go on, or how it conflicts.
    depends_on_states: bool,
    /// It takes or gives back a lock that nobody can find taken: others can only wait for it.
    is_mover: bool,
    /// Of each slot, the kind of action, or the rule.
    kinds: [u8; SLOTS],
    actions: [(LocationId, Action); SLOTS],
    /// What decides instead of the actions, if they do not decide each for itself.
    pub(crate) rule: Option<(&'static Rule, u64)>,
    pub(crate) source: &'static Location<'static>,
}

impl Pending {
    /// Something without locations.
    #[inline]
    fn none(source: &'static Location<'static>) -> Self {
        Pending {
            slots: 0,
            opaque: false,
            can_wait: false,
            depends_on_states: false,
            is_mover: false,
            kinds: [0; SLOTS],
            actions: [(0, Action::Read); SLOTS],
            rule: None,
            source,
        }
    }

    /// One more location, with its action.
    #[inline]
    fn and(mut self, location: LocationId, action: Action) -> Self {
        let slot = self.slots as usize;
        self.kinds[slot] = action.tag();
        self.actions[slot] = (location, action);
        self.can_wait |= action.can_wait();
        self.depends_on_states |= action.depends_on_state();
        self.slots += 1;
        self
    }

    /// An operation on one location.
    #[inline]
    pub(crate) fn one(location: LocationId, action: Action, source: &'static Location<'static>) -> Self {
        Pending::none(source).and(location, action)
    }

    /// An operation on several locations, each with its own action.
    #[inline]
    pub(crate) fn several<const N: usize>(
        actions: [(LocationId, Action); N],
        source: &'static Location<'static>,
    ) -> Self {
        actions.into_iter().fold(Pending::none(source), |all, (location, action)| all.and(location, action))
    }

    /// An operation that does the same to each of several locations.
    pub(crate) fn each(locations: &[LocationId], action: Action, source: &'static Location<'static>) -> Self {
        locations.iter().fold(Pending::none(source), |all, &location| all.and(location, action))
    }

    /// An operation on several locations, which `rule` decides with this argument.
    #[inline]
    pub(crate) fn ruled(
        locations: &[LocationId],
        rule: &'static Rule,
        argument: u64,
        source: &'static Location<'static>,
    ) -> Self {
        let mut pending = Pending::each(locations, Action::Read, source);
        pending.kinds = [rule.tag; SLOTS];
        pending.can_wait = true;
        pending.depends_on_states = true;
        pending.rule = Some((rule, argument));
        pending
    }

    /// The same, decided by its rule, and on one of the items from `first` on, which the state of its first location picks.
    pub(crate) fn with_item(self, first: LocationId) -> Self {
        Pending { kinds: self.kinds, ..self.and(first, Action::Item) }
    }

    /// The same, of a lock that nobody can find taken: see [`is_right_mover`](Pending::is_right_mover).
    pub(crate) fn mover(self) -> Self {
        Pending { is_mover: true, ..self }
    }

    /// Something that is not known: it conflicts with every event.
    pub(crate) fn opaque(source: &'static Location<'static>) -> Self {
        Pending { opaque: true, ..Pending::none(source) }
    }

    /// Nothing but a point at which other tasks can go first.
    pub(crate) fn pause(source: &'static Location<'static>) -> Self {
        Pending::none(source)
    }

    /// The operation, with something that is not known beside it.
    pub(crate) fn made_opaque(&self) -> Self {
        Pending { opaque: true, ..*self }
    }

    #[inline]
    pub(crate) fn actions(&self) -> &[(LocationId, Action)] {
        &self.actions[..self.slots as usize]
    }

    /// Whether `event` can be this operation: the same kinds of action on the same locations.
    #[inline]
    pub(crate) fn matches(&self, event: &Event) -> bool {
        let footprint = &event.footprint;
        let both = self.actions().iter().zip(footprint.locations());
        self.slots as usize == footprint.slots()
            && self.opaque == footprint.opaque
            && self.kinds == event.kinds
            && both
                .into_iter()
                .all(|((location, action), its)| location == its || matches!(action, Action::Item))
    }

    /// Whether all that it does is to give up a lock: nothing comes of it that its task could look at.
    pub(crate) fn is_release(&self) -> bool {
        self.rule.is_none()
            && matches!(self.actions().first(), Some((_, Action::Unlock | Action::UnlockShared)))
    }

    /// Whether it takes a lock of which others can see nothing but that they wait. Then it might as well come after whatever
    /// others do next (Lipton: "Reduction: a method of proving properties of parallel programs", CACM 18, 1975).
    #[inline]
    pub(crate) fn is_right_mover(&self) -> bool {
        self.is_mover && !self.is_release()
    }

    /// Whether it gives back such a lock. Then it might as well come before whatever others have done last.
    #[inline]
    pub(crate) fn is_left_mover(&self) -> bool {
        self.is_mover && self.is_release()
    }

    /// A number that is the same for the same operation of a task, and hardly for another.
    #[inline]
    pub(crate) fn fingerprint(&self, task: TaskId) -> u64 {
        let [(location, action), ..] = self.actions;
        let name = u64::from(task) << 40 | u64::from(location) << 8 | u64::from(self.kinds[0]);
        let [operand, other] = match self.rule {
            Some((_, argument)) => [argument, 0],
            None => action.operands(),
        };
        let name = (name << 1 | u64::from(self.opaque)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (name ^ operand).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ other.wrapping_mul(0xc4ce_b9fe_1a85_ec53)
    }

    /// Whether the task is told the state of this slot's location, in which the operation had this effect.
    #[inline]
    pub(crate) fn observes_state(&self, slot: usize, mode: Mode) -> bool {
        mode != Mode::Nothing && (self.rule.is_some() || self.actions[slot].1.observes_state())
    }

    /// Adds all that it was called with to a fingerprint. `identity` says of a location what is the same in every run.
    pub(crate) fn operands(
        &self,
        to: Fingerprint,
        identity: impl Fn(LocationId) -> Fingerprint,
    ) -> Fingerprint {
        let mut all = match self.rule {
            Some((rule, argument)) => to.with(rule.tag.into(), argument),
            None => to.with(self.opaque.into(), self.slots.into()),
        };
        for &(location, action) in self.actions() {
            let [operand, other] = action.operands();
            all = all.and(identity(location)).with(action.tag().into(), operand).with(0, other);
        }
        all
    }

    /// What it does, in words.
    pub(crate) fn describe(&self) -> &'static str {
        match (self.rule, self.actions().first()) {
            (Some((rule, _)), _) => rule.what,
            (None, Some((_, action))) => action.describe(),
            (None, None) => "do something unseen",
        }
    }

    /// Whether the states decide if it can go on, or what comes of it.
    #[inline]
    pub(crate) fn depends_on_states(&self) -> bool {
        self.depends_on_states
    }

    /// Whether it may have to wait, or have several alternatives. Else it has one in all states.
    #[inline]
    pub(crate) fn can_wait(&self) -> bool {
        self.can_wait
    }

    /// Whether all that it may wait for is that tasks give back locks.
    pub(crate) fn waits_for_holders(&self) -> bool {
        self.rule.is_none()
            && self.actions().iter().all(|(_, action)| !action.can_wait() || action.waits_for_holders())
    }

    /// Whether an event that changes the state of this slot's location from `before` to `after` may disable it. An event that
    /// may not leaves the operation enabled wherever it was enabled before.
    pub(crate) fn may_be_disabled_by(&self, slot: usize, before: u64, after: u64) -> bool {
        match self.rule {
            Some((rule, argument)) => (rule.may_be_disabled_by)(slot, before, after, argument),
            None if self.actions[slot].1.waits_for_holders() => after.wrapping_sub(before) as i64 > 0,
            None => after != before,
        }
    }

    /// How many alternatives there are in these states; 0 if it cannot go on.
    #[inline]
    pub(crate) fn alternatives(&self, states: &States, condition: Condition<'_>) -> u16 {
        if !self.can_wait {
            return 1;
        }
        match self.rule {
            Some((rule, argument)) => (rule.alternatives)(ruled(states), argument),
            None => {
                let each = self.actions().iter().zip(states);
                let enabled = each.into_iter().all(|((_, action), &state)| action.is_enabled(state));
                (enabled && condition.is_none_or(|holds| holds(states))).into()
            }
        }
    }

    /// What one of `of` alternatives comes to in these states: what it touches, and the states that it leaves.
    #[inline]
    pub(crate) fn outcome(&self, task: TaskId, states: &States, choice: u16, of: u16) -> (Footprint, States) {
        let footprint = Footprint::new(task, self.opaque, choice, of);
        match self.actions {
            // By far the most operations.
            [(location, action), ..] if self.slots == 1 && self.rule.is_none() => {
                let (mode, after) = action.outcome(states[0]);
                (footprint.of_one(location, mode), [after, 0, 0, 0])
            }
            _ => self.outcome_of_several(footprint, states),
        }
    }

    fn outcome_of_several(&self, mut footprint: Footprint, states: &States) -> (Footprint, States) {
        let choice = footprint.choice;
        let mut after = *states;
        let decided = self.rule.map(|(rule, argument)| (rule.outcome)(ruled(states), argument, choice));
        for (slot, &(location, action)) in self.actions().iter().enumerate() {
            let mode = match &decided {
                Some(decided) if decided[slot].0 == Mode::Nothing => Mode::Nothing,
                Some(decided) => {
                    after[slot] = decided[slot].1;
                    decided[slot].0
                }
                None => {
                    let (mode, state) = action.outcome(states[slot]);
                    after[slot] = state;
                    mode
                }
            };
            let location = match action {
                Action::Item => location + (states[0] % u64::from(ITEMS)) as LocationId,
                _ => location,
            };
            footprint.touch(location, mode);
        }
        (footprint, after)
    }
}

/// The states of an operation's locations, slot by slot.
pub(crate) type States = [u64; SLOTS];

/// The states that a rule decides by.
fn ruled(states: &States) -> &RuledStates {
    states.first_chunk().expect("a rule has no more slots than an operation")
}

/// The condition that a task waits for, if its pending operation is an [`Action::Await`].
pub(crate) type Condition<'a> = Option<&'a dyn Fn(&States) -> bool>;
