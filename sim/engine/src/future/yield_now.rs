//! Yielding to the other futures of a task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct YieldNow {
    has_yielded: bool,
}

/// Returns a future that is pending once and then ready. Use it for futures that share one task:
/// every order of different tasks is explored anyway.
pub fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.has_yielded {
            return Poll::Ready(());
        }
        self.has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
