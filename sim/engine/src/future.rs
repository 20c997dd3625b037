//! Running a future on a task.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::event::Action;
use crate::runtime::{self, Handle};

/// Whether a task has been woken: 1, or 0 again once it has gone on.
struct Signal(Handle);

impl Wake for Signal {
    #[track_caller]
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[track_caller]
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.perform(Action::Store(1), Location::caller());
    }
}

/// Runs a future to its end. While it is pending the task waits for the future's waker: a wake-up that is never sent is a
/// deadlock of that schedule.
///
/// # Panics
///
/// Outside an exploration, if the future is pending.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let source = Location::caller();
    let signal = Arc::new(Signal(Handle::new("a waker", 0)));
    let waker = Waker::from(Arc::clone(&signal));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                assert!(runtime::exploring(), "block_on works only inside an exploration");
                signal.0.perform(Action::Consume, source);
            }
        }
    }
}
