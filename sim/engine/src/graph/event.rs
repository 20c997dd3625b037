//! The events of an execution graph.

use std::panic::Location;

use crate::event::{LocationId, MemoryOrder, Mode, SLOTS, TaskId};

/// An event's position in the order in which the events were added to their graph.
pub(crate) type EventId = u32;

/// The initial write of a location.
pub(crate) const INITIAL: EventId = EventId::MAX;

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    /// A read of an atomic: an operation of its own, or the first part of a read-modify-write.
    Read,
    /// A write of an atomic: an operation of its own, or the second part of a read-modify-write.
    Write,
    /// A fence.
    Fence,
    /// A read of plain data.
    PlainRead,
    /// A write of plain data.
    PlainWrite,
    /// An operation of an object that is no atomic. It reads from the operation before it on each
    /// of its locations.
    Object,
    /// A choice of the program.
    Choice,
}

/// How an operation of an object synchronizes with the others on a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Synchronization {
    /// It synchronizes with the earlier operations that release.
    pub(crate) acquires: bool,
    /// The later operations that acquire synchronize with it.
    pub(crate) releases: bool,
    /// All earlier operations that release happen before it, and it releases.
    pub(crate) is_total: bool,
    /// Operations whose modes commute do not synchronize.
    pub(crate) mode: Mode,
}

impl Synchronization {
    /// No synchronization.
    pub(crate) const NONE: Self =
        Synchronization { acquires: false, releases: false, is_total: false, mode: Mode::Nothing };

    /// Whether a later operation synchronizes with this one.
    #[inline]
    pub(crate) fn reaches(self, later: Synchronization) -> bool {
        self.releases && later.acquires && self.mode.conflicts(later.mode)
    }
}

/// An event of an execution graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) task: TaskId,
    pub(crate) label: Label,
    pub(crate) order: MemoryOrder,
    /// The number of locations: several only for objects.
    pub(crate) slots: u8,
    /// Index among the events of its task, from 1.
    pub(crate) index: u32,
    /// A read: the operation waits for a value.
    pub(crate) waits: bool,
    /// A write: it is the second part of a read-modify-write.
    pub(crate) is_update: bool,
    /// An object: the operation took its place from another one, which was removed.
    pub(crate) is_fixed: bool,
    /// No scheduling point separates it from so many previous events of its task.
    pub(crate) joined: u32,
    /// The alternative of the operation, from 0.
    pub(crate) choice: u16,
    /// The write that a read reads from.
    pub(crate) reads_from: EventId,
    pub(crate) locations: [LocationId; SLOTS],
    /// The value of a write, or the states that an operation leaves, in the last run.
    pub(crate) values: [u64; SLOTS],
    /// An object: its synchronization on each location.
    pub(crate) synchronization: [Synchronization; SLOTS],
    pub(crate) source: &'static Location<'static>,
}

impl Event {
    pub(crate) fn new(
        task: TaskId,
        label: Label,
        order: MemoryOrder,
        source: &'static Location<'static>,
    ) -> Self {
        Event {
            task,
            label,
            order,
            slots: 0,
            index: 0,
            waits: false,
            is_update: false,
            is_fixed: false,
            joined: 0,
            choice: 0,
            reads_from: INITIAL,
            locations: [LocationId::MAX; SLOTS],
            values: [0; SLOTS],
            synchronization: [Synchronization::NONE; SLOTS],
            source,
        }
    }

    /// The event with one location.
    pub(crate) fn at(mut self, location: LocationId) -> Self {
        self.slots = 1;
        self.locations[0] = location;
        self
    }

    /// The only location, or the first.
    #[inline]
    pub(crate) fn location(&self) -> LocationId {
        self.locations[0]
    }

    #[inline]
    pub(crate) fn all_locations(&self) -> &[LocationId] {
        &self.locations[..self.slots as usize]
    }

    /// The index of a location among its locations.
    #[inline]
    pub(crate) fn slot(&self, location: LocationId) -> Option<usize> {
        self.all_locations().iter().position(|&its| its == location)
    }

    #[inline]
    pub(crate) fn is_read(&self) -> bool {
        self.label == Label::Read
    }

    #[inline]
    pub(crate) fn is_write(&self) -> bool {
        self.label == Label::Write
    }
}
