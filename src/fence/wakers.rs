//! Wakers of tasks that wait for the same thing.

use std::sync::Arc;
use std::task::{Wake, Waker};

/// A list of wakers, without duplicates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wakers(Vec<Waker>);

impl Wakers {
    /// Adds a task's waker.
    pub(crate) fn add(&mut self, waker: &Waker) {
        if !self.0.iter().any(|its| its.will_wake(waker)) {
            self.0.push(waker.clone());
        }
    }

    /// Wakes all tasks. Call it without a lock: a waker runs code of an executor.
    pub(crate) fn wake_all(self) {
        self.0.into_iter().for_each(Waker::wake);
    }

    /// One waker that wakes all tasks.
    pub(crate) fn into_one(self) -> Waker {
        Waker::from(Arc::new(All(self)))
    }
}

struct All(Wakers);

impl Wake for All {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.0.iter().for_each(Waker::wake_by_ref);
    }
}
