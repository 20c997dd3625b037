//! One operation: announced, and executed.

use std::panic::Location;

use super::action::Action;
use super::mode::Mode;
use super::rule::Rule;

/// A task's number in one exploration. The same task has the same number in every schedule: numbers go by who spawned
/// it and as which of its children.
pub(crate) type TaskId = u8;

/// A location: an object, or one key of an object. Numbered like tasks: by who created the object, as which of its
/// objects, and by the key; never by address.
pub(crate) type LocationId = u32;

/// An access's place in the trail: the event's position and the slot in it.
pub(crate) type AccessId = u32;

/// No access.
pub(crate) const NO_ACCESS: AccessId = u32::MAX;

/// How many locations one operation touches at the most.
pub(crate) const SLOTS: usize = 3;

/// How many locations an object has for its items. The items beyond share them, and are explored as if they were one
/// with those they share with.
pub(crate) const ITEMS: u32 = 64;

/// What an operation did to one location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) location: LocationId,
    pub(crate) mode: Mode,
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// The access of the same location that came before this one in the trail.
    pub(crate) previous: AccessId,
    /// Which modes came before this one on the location: a bit for each.
    pub(crate) previous_modes: u16,
}

impl Access {
    pub(crate) const NONE: Access = Access {
        location: u32::MAX,
        mode: Mode::Nothing,
        before: 0,
        after: 0,
        previous: NO_ACCESS,
        previous_modes: 0,
    };
}

/// An executed operation: what it did to each of its locations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) task: TaskId,
    /// How many slots are in use.
    pub(crate) slots: u8,
    /// It conflicts with every event: what it did is not known.
    pub(crate) opaque: bool,
    /// It was executed together with what came before it: no other task could have gone first.
    pub(crate) glued: bool,
    /// Of each slot, the kind of action: see [`Pending::tag`].
    tags: [u8; SLOTS],
    /// Which of the operation's alternatives it is, from 0.
    pub(crate) choice: u16,
    /// How many alternatives the operation had; 1 for most.
    pub(crate) alternatives: u16,
    /// Which of its task's events it is, from 1.
    pub(crate) index: u32,
    /// If it is opaque: the opaque event before it.
    pub(crate) previous_opaque: u32,
    pub(crate) accesses: [Access; SLOTS],
    pub(crate) source: &'static Location<'static>,
}

impl Event {
    #[inline]
    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses[..self.slots as usize]
    }

    /// Whether it conflicts with more than `other` does, which is the same operation on several locations in another state.
    #[inline]
    pub(crate) fn is_wider_than(&self, other: &Event) -> bool {
        let both = self.accesses().iter().zip(other.accesses());
        self.slots > 1
            && !self.opaque
            && both.into_iter().any(|(own, its)| {
                let of_it = if own.location == its.location { its.mode.conflicting() } else { 0 };
                own.mode.conflicting() & !of_it != 0
            })
    }

    /// Whether the order of the two events can be observed.
    #[inline]
    pub(crate) fn conflicts(&self, other: &Event) -> bool {
        self.task == other.task
            || self.opaque
            || other.opaque
            || self.accesses().iter().any(|a| {
                other.accesses().iter().any(|b| a.location == b.location && a.mode.conflicts(b.mode))
            })
    }
}

/// What a task has announced and not yet done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    slots: u8,
    pub(crate) opaque: bool,
    actions: [(LocationId, Action); SLOTS],
    /// What decides instead of the actions, if they do not decide each for itself.
    pub(crate) rule: Option<(&'static Rule, u64)>,
    pub(crate) source: &'static Location<'static>,
}

impl Pending {
    /// An operation on one location.
    #[inline]
    pub(crate) fn one(location: LocationId, action: Action, source: &'static Location<'static>) -> Self {
        Pending {
            slots: 1,
            opaque: false,
            actions: [(location, action), (0, Action::Read), (0, Action::Read)],
            rule: None,
            source,
        }
    }

    /// An operation on several locations, each with its own action.
    #[inline]
    pub(crate) fn several<const N: usize>(
        actions: [(LocationId, Action); N],
        source: &'static Location<'static>,
    ) -> Self {
        let mut pending = Pending::one(0, Action::Read, source);
        pending.slots = N as u8;
        pending.actions[..N].copy_from_slice(&actions);
        pending
    }

    /// An operation that does the same to each of several locations.
    pub(crate) fn each(locations: &[LocationId], action: Action, source: &'static Location<'static>) -> Self {
        let mut pending = Pending::one(0, action, source);
        pending.slots = locations.len() as u8;
        for (slot, &location) in locations.iter().enumerate() {
            pending.actions[slot] = (location, action);
        }
        pending
    }

    /// An operation on several locations, which `rule` decides with this argument.
    #[inline]
    pub(crate) fn ruled(
        locations: &[LocationId],
        rule: &'static Rule,
        argument: u64,
        source: &'static Location<'static>,
    ) -> Self {
        let mut pending = Pending::one(0, Action::Read, source);
        pending.slots = locations.len() as u8;
        for (slot, &location) in locations.iter().enumerate() {
            pending.actions[slot].0 = location;
        }
        pending.rule = Some((rule, argument));
        pending
    }

    /// The same, and on one of the items from `first` on, which the state of its first location picks.
    pub(crate) fn with_item(mut self, first: LocationId) -> Self {
        self.actions[self.slots as usize] = (first, Action::Item);
        self.slots += 1;
        self
    }

    /// Something that is not known: it conflicts with every event.
    pub(crate) fn opaque(source: &'static Location<'static>) -> Self {
        let mut pending = Pending::one(0, Action::Read, source);
        pending.slots = 0;
        pending.opaque = true;
        pending
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
        self.slots == event.slots
            && self.opaque == event.opaque
            && self.actions().iter().enumerate().all(|(slot, (location, action))| {
                (event.accesses[slot].location == *location || matches!(action, Action::Item))
                    && event.tags[slot] == self.tag(*action)
            })
    }

    fn tag(&self, action: Action) -> u8 {
        self.rule.map_or(action.tag(), |(rule, _)| rule.tag)
    }

    /// Whether all that it does is to give up a lock: nothing comes of it that its task could look at.
    pub(crate) fn is_release(&self) -> bool {
        self.rule.is_none()
            && matches!(self.actions().first(), Some((_, Action::Unlock | Action::UnlockShared)))
    }

    /// A number that is the same for the same operation of a task, and hardly for another.
    #[inline]
    pub(crate) fn fingerprint(&self, task: TaskId) -> u64 {
        let [(location, action), ..] = self.actions;
        let name = u64::from(task) << 40 | u64::from(location) << 8 | u64::from(self.tag(action));
        (name << 1 | u64::from(self.opaque)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
        self.rule.is_some() || self.actions().iter().any(|(_, action)| action.depends_on_state())
    }

    /// How many alternatives there are in these states; 0 if it cannot go on.
    #[inline]
    pub(crate) fn alternatives(&self, states: &States, condition: Condition<'_>) -> u16 {
        match self.rule {
            Some((rule, argument)) => (rule.alternatives)(states, argument),
            None => {
                let each = self.actions().iter().zip(states);
                let enabled = each.into_iter().all(|((_, action), &state)| action.is_enabled(state));
                (enabled && condition.is_none_or(|holds| holds(states))).into()
            }
        }
    }

    /// The event that one of the alternatives comes to in these states.
    #[inline]
    pub(crate) fn event(&self, task: TaskId, index: u32, states: &States, choice: u16, of: u16) -> Event {
        let mut event = Event {
            task,
            slots: self.slots,
            opaque: self.opaque,
            glued: false,
            tags: [0; SLOTS],
            choice,
            alternatives: of,
            index,
            previous_opaque: NO_ACCESS,
            accesses: [Access::NONE; SLOTS],
            source: self.source,
        };
        let decided = self.rule.map(|(rule, argument)| (rule.outcome)(states, argument, choice));
        for (slot, &(location, action)) in self.actions().iter().enumerate() {
            let before = states[slot];
            let (mode, after) = match &decided {
                Some(decided) if decided[slot].0 == Mode::Nothing => (Mode::Nothing, before),
                Some(decided) => decided[slot],
                None => action.outcome(before),
            };
            let location = match action {
                Action::Item => location + (states[0] % u64::from(ITEMS)) as LocationId,
                _ => location,
            };
            event.tags[slot] = self.tag(action);
            event.accesses[slot] = Access { location, mode, before, after, ..Access::NONE };
        }
        event
    }
}

/// The states of an operation's locations, slot by slot.
pub(crate) type States = [u64; SLOTS];

/// The condition that a task waits for, if its pending operation is an [`Action::Await`].
pub(crate) type Condition<'a> = Option<&'a dyn Fn(&States) -> bool>;
