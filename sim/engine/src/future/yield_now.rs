//! Letting the other futures of a task go first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What [`yield_now`] returns.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct YieldNow {
    has_yielded: bool,
}

/// Is pending once, and ready the next time. Between tasks every order is explored anyway: this is for futures that share one
/// task.
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
