//! Injected faults: choices of the exploration, up to a number per run.

use std::sync::atomic::Ordering;
use std::time::Duration;

use selvedge_engine::choose;
use selvedge_engine::sync::atomic::AtomicI64;

use crate::face::fault::Fault;

/// The possible kinds of faults, and the number that can still occur.
#[derive(Debug)]
pub(super) struct Faults {
    left: AtomicI64,
    kinds: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(at_most: u32, kinds: Vec<Fault>) -> Self {
        Faults { left: AtomicI64::new(at_most.into()), kinds }
    }

    /// The fault of the next command of a client with this response timeout, if the search chooses
    /// one.
    #[track_caller]
    pub(super) fn of_command(&self, timeout: Option<Duration>) -> Option<Fault> {
        self.one_of(|fault| match fault {
            Fault::PushLost => false,
            Fault::Delayed(later) => timeout.is_some_and(|timeout| later >= timeout),
            Fault::Refused | Fault::ConnectionLost | Fault::ReplyLost => true,
        })
    }

    /// Whether the next message or invalidation is lost.
    #[track_caller]
    pub(super) fn of_push(&self) -> bool {
        self.one_of(|fault| fault == Fault::PushLost).is_some()
    }

    /// Chooses one of the possible faults, or none.
    #[track_caller]
    fn one_of(&self, is_possible: impl Fn(Fault) -> bool) -> Option<Fault> {
        let possible: Vec<_> = self.kinds.iter().copied().filter(|fault| is_possible(*fault)).collect();
        if possible.is_empty() || self.left.load(Ordering::SeqCst) <= 0 {
            return None;
        }
        let chosen = possible[choose(possible.len() + 1).checked_sub(1)?];
        // Another task may have used the last one in between.
        (self.left.fetch_sub(1, Ordering::SeqCst) > 0).then_some(chosen)
    }
}
