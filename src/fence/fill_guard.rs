//! A fill of Redis, from its begin to its end.

use std::future::poll_fn;
use std::panic;
use std::task::{Context, Poll};

use super::fence::Fence;
use super::fills::{Command, FillId, FillPoll};
use super::stripe::Token;
use crate::sync::Primitives;

/// A fill of Redis that is in progress. If it is dropped before its end, it is lost.
pub(crate) struct FillGuard<'f, A: Send + 'static, P: Primitives> {
    fence: &'f Fence<A, P>,
    stripe: usize,
    token: Token,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Only the load polls the command.
    Own,
    /// Writes that wait may poll the command too.
    Shared(FillId),
    /// The command was shared, and this load has received the answer.
    Answered(FillId),
    /// The fill has ended.
    Ended,
}

impl<'f, A: Send + 'static, P: Primitives> FillGuard<'f, A, P> {
    /// Begins to fill Redis with a value that was loaded under this token. `None` if the stripe was
    /// not closed in the token, or has changed since.
    #[track_caller]
    pub(crate) fn begin(fence: &'f Fence<A, P>, stripe: usize, token: Token) -> Option<Self> {
        if !token.is_closed() {
            return None;
        }
        let token = fence.stripe(stripe).begin_fill(token)?;
        Some(FillGuard { fence, stripe, token, state: State::Own })
    }

    /// The token under which the value may fill L1 until the fill ends.
    pub(crate) fn token(&self) -> Token {
        self.token
    }

    /// Runs the command. `None` if a waiting write has completed it: then the fill has ended, and
    /// its value must not be cached.
    pub(crate) async fn run(&mut self, command: Command<A>) -> Option<A> {
        let mut own = Some(command);
        poll_fn(|context| self.poll(&mut own, context)).await
    }

    fn poll(&mut self, own: &mut Option<Command<A>>, context: &mut Context<'_>) -> Poll<Option<A>> {
        let FillGuard { fence, stripe, state, .. } = self;
        if let Some(mut command) = own.take() {
            // A command that completes at once is not shared: the end wakes the writes that have
            // opened.
            let poll = command.as_mut().poll(context);
            if poll.is_pending() {
                *state = State::Shared(fence.fills.share(*stripe, command, context.waker()));
            }
            return poll.map(Some);
        }
        let State::Shared(id) = *state else {
            unreachable!("only the load polls a command that is not shared")
        };
        match fence.fills.poll_for_load(*stripe, id, context.waker()) {
            FillPoll::Pending => Poll::Pending,
            FillPoll::Ended => {
                *state = State::Ended;
                Poll::Ready(None)
            }
            FillPoll::Answered(answer) => {
                *state = State::Answered(id);
                Poll::Ready(Some(answer))
            }
            FillPoll::Lost(panic) => {
                *state = State::Ended;
                fence.end_fill(*stripe, true, Some(id));
                if let Some(panic) = panic {
                    panic::resume_unwind(panic);
                }
                Poll::Ready(None)
            }
        }
    }

    /// Ends the fill: its command cannot take effect any more.
    #[track_caller]
    pub(crate) fn end(mut self) {
        let shared = match self.state {
            State::Answered(id) => Some(id),
            State::Own | State::Shared(_) | State::Ended => None,
        };
        self.state = State::Ended;
        self.fence.end_fill(self.stripe, false, shared);
    }
}

impl<A: Send + 'static, P: Primitives> Drop for FillGuard<'_, A, P> {
    fn drop(&mut self) {
        let shared = match self.state {
            State::Ended => return,
            State::Own => None,
            State::Answered(id) => Some(id),
            State::Shared(id) => {
                if !self.fence.fills.abandon(self.stripe, id) {
                    return;
                }
                Some(id)
            }
        };
        self.fence.end_fill(self.stripe, true, shared);
    }
}
