//! One executed operation.

use std::panic::Location;

use super::action::Action;
use super::mode::Mode;

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
pub(crate) const SLOTS: usize = 2;

/// What an operation did to one location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) location: LocationId,
    pub(crate) mode: Mode,
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// The access of the same location that came before this one in the trail.
    pub(crate) previous: AccessId,
}

impl Access {
    pub(crate) const NONE: Access =
        Access { location: u32::MAX, mode: Mode::Read, before: 0, after: 0, previous: NO_ACCESS };
}

/// An executed operation: what it did to each of its locations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) task: TaskId,
    /// How many slots are in use.
    pub(crate) slots: u8,
    /// Of each slot, the [`Action::tag`].
    pub(crate) tags: [u8; SLOTS],
    /// It was executed together with what came before it: no other task could have gone first.
    pub(crate) glued: bool,
    /// Which of its task's events it is, from 1.
    pub(crate) index: u32,
    pub(crate) accesses: [Access; SLOTS],
    pub(crate) source: &'static Location<'static>,
}

impl Event {
    #[inline]
    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses[..self.slots as usize]
    }

    /// Whether the order of the two events can be observed.
    #[inline]
    pub(crate) fn conflicts(&self, other: &Event) -> bool {
        self.task == other.task
            || self.accesses().iter().any(|a| {
                other.accesses().iter().any(|b| a.location == b.location && a.mode.conflicts(b.mode))
            })
    }
}

/// What a task has announced and not yet done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) slots: u8,
    pub(crate) actions: [(LocationId, Action); SLOTS],
    pub(crate) source: &'static Location<'static>,
}

impl Pending {
    /// An operation on one location.
    #[inline]
    pub(crate) fn one(location: LocationId, action: Action, source: &'static Location<'static>) -> Self {
        Pending { slots: 1, actions: [(location, action), (u32::MAX, Action::Read)], source }
    }

    #[inline]
    pub(crate) fn actions(&self) -> &[(LocationId, Action)] {
        &self.actions[..self.slots as usize]
    }

    /// Whether `event` can be this operation: the same kinds of action on the same locations.
    #[inline]
    pub(crate) fn matches(&self, event: &Event) -> bool {
        self.slots == event.slots
            && self.actions().iter().enumerate().all(|(slot, (location, action))| {
                event.accesses[slot].location == *location && event.tags[slot] == action.tag()
            })
    }
}
