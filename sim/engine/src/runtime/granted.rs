//! What an operation came to, as its task is told.

use crate::event::Access;

/// What an operation came to: the state of its first location before and after, that of the others before, and which of
/// its alternatives it was.
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
}
