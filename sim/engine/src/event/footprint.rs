//! Footprints: the part of an event that determines its conflicts.
//!
//! The search stores many footprints (sleep sets, wakeup trees, reversed races) and compares them
//! more often than it does anything else. So a footprint is small and has only the fields that are
//! compared.

use super::mode::Mode;
use super::record::{LocationId, SLOTS, TaskId};

/// An operation's task, its alternative, and its access to each location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    pub(crate) task: TaskId,
    /// The number of slots in use.
    slots: u8,
    /// Its effect is unknown: it conflicts with every event.
    pub(crate) opaque: bool,
    modes: [Mode; SLOTS],
    /// The alternative of the operation that was taken, from 0.
    pub(crate) choice: u16,
    /// The number of alternatives of the operation; 1 for most.
    pub(crate) alternatives: u16,
    locations: [LocationId; SLOTS],
}

impl Footprint {
    /// A footprint without locations.
    #[inline]
    pub(super) fn new(task: TaskId, opaque: bool, choice: u16, alternatives: u16) -> Self {
        Footprint {
            task,
            slots: 0,
            opaque,
            modes: [Mode::Nothing; SLOTS],
            choice,
            alternatives,
            locations: [LocationId::MAX; SLOTS],
        }
    }

    /// Adds a location.
    #[inline]
    pub(super) fn touch(&mut self, location: LocationId, mode: Mode) {
        let slot = self.slots as usize;
        self.locations[slot] = location;
        self.modes[slot] = mode;
        self.slots += 1;
    }

    /// Sets the only location.
    #[inline]
    pub(super) fn of_one(mut self, location: LocationId, mode: Mode) -> Self {
        self.slots = 1;
        self.locations[0] = location;
        self.modes[0] = mode;
        self
    }

    /// The number of locations.
    #[inline]
    pub(crate) fn slots(&self) -> usize {
        self.slots as usize
    }

    #[inline]
    pub(crate) fn locations(&self) -> &[LocationId] {
        &self.locations[..self.slots as usize]
    }

    #[inline]
    pub(crate) fn modes(&self) -> &[Mode] {
        &self.modes[..self.slots as usize]
    }

    /// Each location with its mode of access.
    #[inline]
    pub(crate) fn touched(&self) -> impl DoubleEndedIterator<Item = (LocationId, Mode)> + ExactSizeIterator {
        self.locations().iter().copied().zip(self.modes().iter().copied())
    }

    /// Whether it conflicts with more events than `other`, which is the same operation on several
    /// locations in another state.
    #[inline]
    pub(crate) fn is_wider_than(&self, other: &Footprint) -> bool {
        self.slots > 1
            && !self.opaque
            && self.touched().zip(other.touched()).any(|((own, mode), (its, its_mode))| {
                let of_it = if own == its { its_mode.conflicting() } else { 0 };
                mode.conflicting() & !of_it != 0
            })
    }

    /// Whether the order of the two events can be observed.
    #[inline]
    pub(crate) fn conflicts(&self, other: &Footprint) -> bool {
        self.task == other.task
            || self.opaque
            || other.opaque
            || self.touched().any(|(own, mode)| {
                other.touched().any(|(its, its_mode)| own == its && mode.conflicts(its_mode))
            })
    }
}
