//! The deadlines that the futures of a task wait for.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// A deadline, and the waker to call when it passes. `None`: cancelled.
pub(super) struct Timer {
    deadline: u64,
    waker: Mutex<Option<Waker>>,
}

crate::thread_local! {
    /// The timers of the current task's futures.
    static TIMERS: RefCell<Vec<Arc<Timer>>> = const { RefCell::new(Vec::new()) };
}

impl Timer {
    /// Starts a timer of the current task.
    pub(super) fn start(deadline: u64, waker: Waker) -> Arc<Self> {
        let timer = Arc::new(Timer { deadline, waker: Mutex::new(Some(waker)) });
        TIMERS.with_borrow_mut(|timers| timers.push(Arc::clone(&timer)));
        timer
    }

    /// Cancels the timer. Returns its waker, unless it was cancelled before.
    pub(super) fn stop(&self) -> Option<Waker> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_stopped(&self) -> bool {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

/// The earliest deadline, in nanoseconds, of the current task's futures.
pub(crate) fn earliest() -> Option<u64> {
    TIMERS.with_borrow_mut(|timers| {
        timers.retain(|timer| !timer.is_stopped());
        timers.iter().map(|timer| timer.deadline).min()
    })
}

/// Wakes the timers whose deadline is at most `now` nanoseconds, except those of `own`, which is
/// awake.
pub(crate) fn fire(now: u64, own: &Waker) {
    let late = TIMERS.with_borrow(|timers| -> Vec<_> {
        timers.iter().filter(|timer| timer.deadline <= now).filter_map(|timer| timer.stop()).collect()
    });
    late.into_iter().filter(|waker| !waker.will_wake(own)).for_each(Waker::wake);
}
