//! The result of an operation for its task.

use crate::event::{Access, Pending};

/// The result of an operation: the state of its first location before and after, the states of the
/// others before, and the chosen alternative.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Granted {
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) second: u64,
    pub(crate) third: u64,
    pub(crate) choice: u16,
}

impl Granted {
    #[inline]
    pub(super) fn new(accesses: &[Access], choice: u16) -> Self {
        let state = |slot: usize| accesses.get(slot).map_or(0, |access| access.before);
        Granted {
            before: state(0),
            after: accesses.first().map_or(0, |access| access.after),
            second: state(1),
            third: state(2),
            choice,
        }
    }

    /// This result without the states that the task does not observe.
    pub(super) fn only_observed(self, pending: &Pending, accesses: &[Access]) -> Self {
        let observes =
            |slot: usize| accesses.get(slot).is_some_and(|access| pending.observes_state(slot, access.mode));
        let seen = |slot: usize, state: u64| if observes(slot) { state } else { 0 };
        Granted {
            before: seen(0, self.before),
            after: seen(0, self.after),
            second: seen(1, self.second),
            third: seen(2, self.third),
            choice: self.choice,
        }
    }
}
