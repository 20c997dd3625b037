//! Tasks that wait for something that happens now and then.

use std::fmt;
use std::task::Waker;

use crate::sync::{Mutex, Primitives};

/// The wakers of tasks that wait for the same thing.
///
/// Who makes it happen does so first, and [wakes](Wakers::wake_all) then. Who waits looks *under the lock*: either it sees
/// that it has happened, or its waker is there when the lock is next taken. So no wake-up is lost.
pub(crate) struct Wakers<P: Primitives>(P::Mutex<Vec<Waker>>);

impl<P: Primitives> Wakers<P> {
    pub(crate) fn new() -> Self {
        Wakers(P::Mutex::new("wakers", Vec::new()))
    }

    /// Whether it has happened, as `has_happened` says. If not, the waker is kept.
    #[track_caller]
    pub(crate) fn wait(&self, waker: &Waker, has_happened: impl FnOnce() -> bool) -> bool {
        self.0.with(|wakers| {
            let happened = has_happened();
            if !happened && !wakers.iter().any(|its| its.will_wake(waker)) {
                wakers.push(waker.clone());
            }
            happened
        })
    }

    /// Wakes all who wait. It must have happened before.
    #[track_caller]
    pub(crate) fn wake_all(&self) {
        // They are woken when the lock is free again.
        let wakers = self.0.with(std::mem::take);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<P: Primitives> fmt::Debug for Wakers<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wakers").finish_non_exhaustive()
    }
}
