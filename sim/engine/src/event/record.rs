//! Operations: announced (pending) and executed (events).

use std::ops::Range;
use std::panic::Location;

use super::action::Action;
use super::fingerprint::Fingerprint;
use super::footprint::Footprint;
use super::mode::Mode;
use super::orders::Orders;
use super::rule::{Rule, RuledStates};

/// The number of a task in an exploration, the same in every schedule: it is derived from the
/// task's parent and its index among the parent's children.
pub(crate) type TaskId = u8;

/// The largest number of tasks in all schedules of one exploration.
pub const MAX_TASKS: usize = 64;

/// The number of a location: an object, or one key of an object. It is derived from the object's
/// creator, the index of the object among the creator's objects, and the key; never from an
/// address.
pub(crate) type LocationId = u32;

/// The index of an access among all accesses of the trail, in the order of events and of their
/// slots.
pub(crate) type AccessId = u32;

/// No access.
pub(crate) const NO_ACCESS: AccessId = u32::MAX;

/// The largest number of locations of one operation: a condition on so many atomics is one
/// operation.
pub(crate) const SLOTS: usize = 4;

/// The number of locations for the items of an object. Further items share these locations, and
/// items of the same location are explored as one.
pub(crate) const ITEMS: u32 = 64;

/// An access of an operation to one location: a link in the location's chain of accesses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// The position of its event.
    pub(crate) position: u32,
    /// The index of its event among the events of the task, from 1.
    pub(crate) index: u32,
    pub(crate) task: TaskId,
    pub(crate) mode: Mode,
    /// The set of modes of the earlier accesses of the location, one bit each.
    pub(crate) previous_modes: u16,
    /// The access of the location that precedes this one in the trail.
    pub(crate) previous: AccessId,
}

/// An executed operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) footprint: Footprint,
    /// The kind of action of each slot: see [`Pending::kinds`].
    kinds: [u8; SLOTS],
    /// See [`Pending::operands`](field@Pending::operands).
    operands: u64,
    /// Whether no scheduling point separates it from the event before it.
    pub(crate) atomic_with_previous: bool,
    /// Its index among the events of its task, from 1.
    pub(crate) index: u32,
    /// Its first access. Its accesses are consecutive, one for each slot.
    pub(crate) first_access: AccessId,
    /// The previous opaque event, if this one is opaque.
    pub(crate) previous_opaque: u32,
    pub(crate) source: &'static Location<'static>,
}

impl Event {
    #[inline]
    pub(crate) fn new(pending: &Pending, footprint: Footprint, index: u32, first_access: AccessId) -> Self {
        Event {
            footprint,
            kinds: pending.kinds,
            operands: pending.operands,
            atomic_with_previous: false,
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

/// An operation that a task has announced and not yet executed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    slots: u8,
    pub(crate) opaque: bool,
    /// Whether the states determine if it is enabled, or the number of its alternatives. This field
    /// and the next two are computed in the constructor, where the action is usually a constant.
    can_wait: bool,
    /// Whether the states determine if it is enabled or how it conflicts.
    depends_on_states: bool,
    /// Whether it acquires or releases a lock on which other tasks can only wait.
    is_mover: bool,
    /// The kind of action of each slot, or the rule's tag.
    kinds: [u8; SLOTS],
    /// A hash of the operands of all actions and of the rule's argument. It depends on the
    /// addresses of functions, so that it identifies operands only within the process.
    operands: u64,
    actions: [(LocationId, Action); SLOTS],
    /// The rule and its argument, if the actions do not determine the outcome one by one.
    pub(crate) rule: Option<(&'static Rule, u64)>,
    /// The memory orders of an operation on an atomic, which only a search of execution graphs
    /// uses.
    pub(crate) orders: Orders,
    pub(crate) source: &'static Location<'static>,
}

/// The kind of a fence: see [`Pending::kinds`].
const FENCE: u8 = 40;

impl Pending {
    /// An operation without locations.
    #[inline]
    fn none(source: &'static Location<'static>) -> Self {
        Pending {
            slots: 0,
            opaque: false,
            can_wait: false,
            depends_on_states: false,
            is_mover: false,
            kinds: [0; SLOTS],
            operands: 0,
            actions: [(0, Action::Read); SLOTS],
            rule: None,
            orders: Orders::default(),
            source,
        }
    }

    /// Adds a location with its action.
    #[inline]
    fn and(mut self, location: LocationId, action: Action) -> Self {
        let slot = self.slots as usize;
        self.kinds[slot] = action.tag();
        self.actions[slot] = (location, action);
        self.operands = action.mixed_operands(self.operands);
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

    /// An operation with the same action on each of several locations.
    pub(crate) fn each(locations: &[LocationId], action: Action, source: &'static Location<'static>) -> Self {
        locations.iter().fold(Pending::none(source), |all, &location| all.and(location, action))
    }

    /// An operation on several locations with a rule and its argument.
    #[inline]
    pub(crate) fn ruled(
        locations: &[LocationId],
        rule: &'static Rule,
        argument: u64,
        source: &'static Location<'static>,
    ) -> Self {
        let mut pending = Pending::each(locations, Action::Read, source);
        pending.kinds = [rule.tag as u8; SLOTS];
        pending.can_wait = true;
        pending.depends_on_states = true;
        pending.rule = Some((rule, argument));
        pending.operands = argument;
        pending
    }

    /// Adds one of the items from `first` on. The state of the first location selects the item; the
    /// rule decides the operation.
    pub(crate) fn with_item(self, first: LocationId) -> Self {
        Pending { kinds: self.kinds, ..self.and(first, Action::Item) }
    }

    /// Marks an operation on a lock on which other tasks can only wait: see
    /// [`is_right_mover`](Pending::is_right_mover).
    pub(crate) fn mover(self) -> Self {
        Pending { is_mover: true, ..self }
    }

    /// An operation with an unknown effect: it conflicts with every event.
    pub(crate) fn opaque(source: &'static Location<'static>) -> Self {
        Pending { opaque: true, ..Pending::none(source) }
    }

    /// Nothing but a point at which other tasks can go first.
    pub(crate) fn pause(source: &'static Location<'static>) -> Self {
        Pending::none(source)
    }

    /// A fence.
    pub(crate) fn fence(orders: Orders, source: &'static Location<'static>) -> Self {
        Pending { kinds: [FENCE; SLOTS], orders, ..Pending::none(source) }
    }

    /// Whether it is a fence.
    #[inline]
    pub(crate) fn is_fence(&self) -> bool {
        self.kinds[0] == FENCE
    }

    /// The operation with these memory orders.
    #[inline]
    pub(crate) fn ordered(self, orders: Orders) -> Self {
        Pending { orders, ..self }
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

    /// Whether `event`, which [matches](Pending::matches) this operation, had the same operands.
    /// The two then have the same outcome in the same states.
    #[inline]
    pub(crate) fn has_operands_of(&self, event: &Event) -> bool {
        self.operands == event.operands
    }

    /// Whether it only releases a lock, so that it returns nothing to its task.
    pub(crate) fn is_release(&self) -> bool {
        self.rule.is_none()
            && matches!(self.actions().first(), Some((_, Action::Unlock | Action::UnlockShared)))
    }

    /// Whether it acquires a lock on which other tasks can only wait. Such an operation commutes
    /// with the next operations of other tasks (Lipton: "Reduction: a method of proving properties
    /// of parallel programs", CACM 18, 1975).
    #[inline]
    pub(crate) fn is_right_mover(&self) -> bool {
        self.is_mover && !self.is_release()
    }

    /// Whether it releases such a lock. Such an operation commutes with the previous operations of
    /// other tasks.
    #[inline]
    pub(crate) fn is_left_mover(&self) -> bool {
        self.is_mover && self.is_release()
    }

    /// A 64-bit hash that identifies the operation of a task. Collisions are possible.
    #[inline]
    pub(crate) fn fingerprint(&self, task: TaskId) -> u64 {
        let (location, _) = self.actions[0];
        let name = u64::from(task) << 40 | u64::from(location) << 8 | u64::from(self.kinds[0]);
        let name = (name << 1 | u64::from(self.opaque)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (name ^ self.operands).wrapping_mul(0xff51_afd7_ed55_8ccd)
    }

    /// Whether the operation returns the state of this slot's location to its task. `mode` is the
    /// mode of the access.
    #[inline]
    pub(crate) fn observes_state(&self, slot: usize, mode: Mode) -> bool {
        mode != Mode::Nothing && (self.rule.is_some() || self.actions[slot].1.observes_state())
    }

    /// Adds the operands to a fingerprint. `identity` maps a location to its fingerprint, which is
    /// the same in every run.
    pub(crate) fn operands(
        &self,
        to: Fingerprint,
        identity: impl Fn(LocationId) -> Fingerprint,
    ) -> Fingerprint {
        let mut all = match self.rule {
            Some((rule, argument)) => to.with(rule.tag as u64, argument),
            None => to.with(self.opaque.into(), self.slots.into()),
        };
        for &(location, action) in self.actions() {
            let [operand, other] = action.operands();
            all = all.and(identity(location)).with(action.tag().into(), operand).with(0, other);
        }
        all
    }

    /// The operation in words, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match (self.rule, self.actions().first()) {
            (Some((rule, _)), _) => rule.what,
            (None, Some((_, action))) => action.describe(),
            (None, None) => "do something unseen",
        }
    }

    /// Whether the states determine if it is enabled or what its outcome is.
    #[inline]
    pub(crate) fn depends_on_states(&self) -> bool {
        self.depends_on_states
    }

    /// Whether some states disable it or give it several alternatives. Otherwise it has one
    /// alternative in all states.
    #[inline]
    pub(crate) fn can_wait(&self) -> bool {
        self.can_wait
    }

    /// Whether it waits for nothing but the release of locks.
    pub(crate) fn waits_for_holders(&self) -> bool {
        self.rule.is_none()
            && self.actions().iter().all(|(_, action)| !action.can_wait() || action.waits_for_holders())
    }

    /// Whether an event that changes the state of this slot's location from `before` to `after` may
    /// disable it. An event that cannot disable it leaves it enabled in every state in which it was
    /// enabled.
    pub(crate) fn may_be_disabled_by(&self, slot: usize, before: u64, after: u64) -> bool {
        match self.rule {
            Some((rule, argument)) => (rule.may_be_disabled_by)(slot, before, after, argument),
            None if self.actions[slot].1.waits_for_holders() => after.wrapping_sub(before) as i64 > 0,
            None => after != before,
        }
    }

    /// The number of alternatives in these states; 0 if it is disabled.
    #[inline]
    pub(crate) fn alternatives(&self, states: &LocationStates, condition: Condition<'_>) -> u16 {
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

    /// The outcome of one of `of` alternatives in these states: its footprint, and the next states.
    #[inline]
    pub(crate) fn outcome(
        &self,
        task: TaskId,
        states: &LocationStates,
        choice: u16,
        of: u16,
    ) -> (Footprint, LocationStates) {
        let footprint = Footprint::new(task, self.opaque, choice, of);
        match self.actions {
            // The most frequent case by far.
            [(location, action), ..] if self.slots == 1 && self.rule.is_none() => {
                let (mode, after) = action.outcome(states[0]);
                (footprint.of_one(location, mode), [after, 0, 0, 0])
            }
            _ => self.outcome_of_several(footprint, states),
        }
    }

    fn outcome_of_several(
        &self,
        mut footprint: Footprint,
        states: &LocationStates,
    ) -> (Footprint, LocationStates) {
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

/// The states of an operation's locations, by slot.
pub(crate) type LocationStates = [u64; SLOTS];

/// The states that a rule depends on.
fn ruled(states: &LocationStates) -> &RuledStates {
    states.first_chunk().expect("a rule has no more slots than an operation")
}

/// The condition that a task waits for, if its pending operation is an [`Action::Await`].
pub(crate) type Condition<'a> = Option<&'a dyn Fn(&LocationStates) -> bool>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_with_other_operands_are_distinguished() {
        let of = |action| Pending::one(7, action, Location::caller()).operands;
        let actions = [
            Action::Read,
            Action::Store(1),
            Action::Store(2),
            Action::Modify(u64::wrapping_add, 1),
            Action::Modify(u64::wrapping_sub, 1),
            Action::CompareExchange { expected: 1, new: 2 },
            Action::CompareExchange { expected: 2, new: 1 },
        ];
        for (nth, &action) in actions.iter().enumerate() {
            assert_eq!(of(action), of(action));
            for &other in actions[..nth].iter().filter(|other| other.tag() == action.tag()) {
                assert_ne!(of(action), of(other), "{action:?} and {other:?}");
            }
        }
        let several = |actions| Pending::several(actions, Location::caller()).operands;
        let [one, other] = [Action::Store(1), Action::Store(2)];
        assert_ne!(several([(1, one), (2, other)]), several([(1, other), (2, one)]));
    }
}
