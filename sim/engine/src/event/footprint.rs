//! What an event touches: all that its order with others depends on.
//!
//! The search keeps many of these (what sleeps, what is planned, what a race becomes), and compares them with one another
//! more often than it does anything else. So they are small, and hold nothing but what is compared.

use super::mode::Mode;
use super::record::{LocationId, SLOTS, TaskId};

/// Whose operation it is, which alternative, and what it does to which locations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    pub(crate) task: TaskId,
    /// How many slots are in use.
    slots: u8,
    /// It conflicts with every event: what it did is not known.
    pub(crate) opaque: bool,
    modes: [Mode; SLOTS],
    /// Which of the operation's alternatives it is, from 0.
    pub(crate) choice: u16,
    /// How many alternatives the operation had; 1 for most.
    pub(crate) alternatives: u16,
    locations: [LocationId; SLOTS],
}

impl Footprint {
    /// Nothing is touched yet.
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

    /// One more location.
    #[inline]
    pub(super) fn touch(&mut self, location: LocationId, mode: Mode) {
        let slot = self.slots as usize;
        self.locations[slot] = location;
        self.modes[slot] = mode;
        self.slots += 1;
    }

    /// This location, and no other.
    #[inline]
    pub(super) fn of_one(mut self, location: LocationId, mode: Mode) -> Self {
        self.slots = 1;
        self.locations[0] = location;
        self.modes[0] = mode;
        self
    }

    /// How many locations there are.
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

    /// Each location, and what was done to it.
    #[inline]
    pub(crate) fn touched(&self) -> impl DoubleEndedIterator<Item = (LocationId, Mode)> + ExactSizeIterator {
        self.locations().iter().copied().zip(self.modes().iter().copied())
    }

    /// Whether it conflicts with more than `other` does, which is the same operation on several locations in another state.
    #[inline]
    pub(crate) fn is_wider_than(&self, other: &Footprint) -> bool {
        self.slots > 1
            && !self.opaque
            && self.touched().zip(other.touched()).any(|((own, mode), (its, its_mode))| {
                let of_it = if own == its { its_mode.conflicting() } else { 0 };
                mode.conflicting() & !of_it != 0
            })
    }

    /// Whether the order of the two can be observed.
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
