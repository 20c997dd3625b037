//! A write, from the opening of its stripes to their closing.

use std::future::poll_fn;
use std::panic;
use std::task::Poll;

use super::fence::Fence;
use super::fills::{FillId, FillPoll};
use super::stripe::Token;
use crate::sync::Primitives;

/// A write that has opened its stripes. If it is dropped before it is closed, the write is lost if
/// its command was sent; otherwise its stripes are closed.
pub(crate) struct WriteGuard<'f, A: Send + 'static, P: Primitives> {
    fence: &'f Fence<A, P>,
    stripes: Vec<usize>,
    is_sent: bool,
}

impl<'f, A: Send + 'static, P: Primitives> WriteGuard<'f, A, P> {
    /// Opens the stripes. Also returns whether the command may be sent at once: no fill of Redis is
    /// in progress on any stripe, and none has a lost write. Other writes do not matter.
    #[track_caller]
    pub(crate) fn open(fence: &'f Fence<A, P>, stripes: Vec<usize>) -> (Self, bool) {
        let mut may_send = true;
        for &stripe in &stripes {
            let before = fence.stripe(stripe).open();
            may_send &= !before.is_filling() && !before.has_lost();
        }
        (WriteGuard { fence, stripes, is_sent: false }, may_send)
    }

    /// Waits until no fill of Redis is in progress on the stripes. No new one begins, since they
    /// are open. Runs the fills' commands meanwhile, because the tasks of their loads may not be
    /// polled any more. `is_lost` returns whether a fill with this answer may still take effect.
    pub(crate) async fn fills_ended(&self, is_lost: impl Fn(A) -> bool) {
        let WriteGuard { fence, stripes, .. } = self;
        poll_fn(|context| {
            loop {
                let polls = fence.fills.wait_for(stripes, context.waker(), || !self.any(Token::is_filling));
                let Some(polls) = polls else { return Poll::Ready(()) };
                if !self.end_fills(polls, &is_lost) {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }

    /// Ends the fills whose commands have completed. Returns whether there are any.
    fn end_fills(&self, polls: Vec<(usize, FillId, FillPoll<A>)>, is_lost: impl Fn(A) -> bool) -> bool {
        let (mut is_any, mut panicked) = (false, None);
        for (stripe, id, poll) in polls {
            let is_lost = match poll {
                FillPoll::Pending | FillPoll::Ended => continue,
                FillPoll::Answered(answer) => is_lost(answer),
                FillPoll::Lost(panic) => {
                    panicked = panicked.or(panic);
                    true
                }
            };
            self.fence.end_fill(stripe, is_lost, Some(id));
            is_any = true;
        }
        if let Some(panic) = panicked {
            panic::resume_unwind(panic);
        }
        is_any
    }

    /// Whether one of the stripes has a lost write.
    #[track_caller]
    pub(crate) fn has_lost(&self) -> bool {
        self.any(Token::has_lost)
    }

    #[track_caller]
    fn any(&self, is: fn(Token) -> bool) -> bool {
        self.stripes.iter().any(|&stripe| is(self.fence.stripe(stripe).token()))
    }

    /// The command may be sent from now on.
    pub(crate) fn mark_sent(&mut self) {
        self.is_sent = true;
    }

    /// Closes the stripes: the write was acknowledged, or cannot take effect any more.
    #[track_caller]
    pub(crate) fn close(mut self) {
        for stripe in std::mem::take(&mut self.stripes) {
            self.fence.stripe(stripe).close();
        }
    }
}

impl<A: Send + 'static, P: Primitives> Drop for WriteGuard<'_, A, P> {
    fn drop(&mut self) {
        for &stripe in &self.stripes {
            if self.is_sent {
                self.fence.lose_write(stripe);
            } else {
                self.fence.stripe(stripe).close();
            }
        }
    }
}
