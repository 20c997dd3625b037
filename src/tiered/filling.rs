//! A fill of Redis, from its begin to its end.

use std::future::poll_fn;
use std::panic;
use std::task::{Context, Poll};

use super::TieredCache;
use super::read::Ask;
use crate::fills::{Command, Number, Step};
use crate::remote::{Fill, Outcome, Remote};
use crate::stats::Count;
use crate::stripe::Token;
use crate::sync::{Entry, Key, Primitives};

/// The answer to the command of a fill.
pub(super) type Answer<E> = Result<Fill, E>;

/// A fill of Redis that is under way. Dropped without its end, it is lost.
pub(super) struct Filling<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives> {
    cache: &'a TieredCache<K, V, R, P>,
    /// Under which L1 may be filled meanwhile.
    pub(super) ask: Ask,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The command is this load's alone.
    Own,
    /// Writes that wait may poll the command.
    Shared(Number),
    /// The command was shared, and has been answered to this load.
    Answered(Number),
    /// The fill has ended.
    Ended,
}

impl<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Filling<'a, K, V, R, P> {
    /// Begins, unless the key was being written when it was asked for, or has been since.
    pub(super) fn begin(cache: &'a TieredCache<K, V, R, P>, ask: Ask) -> Option<Self> {
        if !ask.token.is_closed() {
            return None;
        }
        let token = cache.stripes[ask.stripe].begin_fill(ask.token)?;
        Some(Filling { cache, ask: Ask { token, ..ask }, state: State::Own })
    }

    /// Carries the command out. `None` if a write that waited for it has done so: then the fill has ended, and its value may
    /// not be kept.
    pub(super) async fn carry_out(&mut self, command: Command<Answer<R::Error>>) -> Option<Answer<R::Error>> {
        let mut own = Some(command);
        poll_fn(|context| self.poll(&mut own, context)).await
    }

    fn poll(
        &mut self,
        own: &mut Option<Command<Answer<R::Error>>>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Answer<R::Error>>> {
        let Filling { cache, ask, state } = self;
        if let Some(mut command) = own.take() {
            // A command that is answered at once need not be shared: a write that has opened is woken by the end.
            let poll = command.as_mut().poll(context);
            if poll.is_pending() {
                *state = State::Shared(cache.fills.share(ask.stripe, command, context.waker()));
            }
            return poll.map(Some);
        }
        let State::Shared(number) = *state else {
            unreachable!("a command that is not shared is its load's own")
        };
        match cache.fills.carry_on(ask.stripe, number, context.waker()) {
            Step::Wait => Poll::Pending,
            Step::Over => {
                *state = State::Ended;
                Poll::Ready(None)
            }
            Step::Answer(answer) => {
                *state = State::Answered(number);
                Poll::Ready(Some(answer))
            }
            Step::Lost(panic) => {
                *state = State::Ended;
                cache.end_fill(ask.stripe, true, Some(number));
                if let Some(panic) = panic {
                    panic::resume_unwind(panic);
                }
                Poll::Ready(None)
            }
        }
    }

    /// Nothing is still to come of it.
    pub(super) fn end(mut self) {
        let shared = match self.state {
            State::Answered(number) => Some(number),
            State::Own | State::Shared(_) | State::Ended => None,
        };
        self.state = State::Ended;
        self.cache.end_fill(self.ask.stripe, false, shared);
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Drop for Filling<'_, K, V, R, P> {
    fn drop(&mut self) {
        let Filling { cache, ask, state } = self;
        let shared = match *state {
            State::Ended => return,
            State::Own => None,
            State::Answered(number) => Some(number),
            State::Shared(number) => {
                if !cache.fills.abandon(ask.stripe, number) {
                    return;
                }
                Some(number)
            }
        };
        cache.end_fill(ask.stripe, true, shared);
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Ends the fill of a stripe, or loses it, and wakes the writes that wait. `shared` is the number of its command, if that was
    /// shared.
    fn end_fill(&self, stripe: usize, is_lost: bool, shared: Option<Number>) {
        let its = &self.stripes[stripe];
        let lose = |is_first| if is_first { its.lose_fill() } else { its.end_fill() };
        let before = if is_lost { self.lost.add(stripe, lose) } else { its.end_fill() };
        if shared.is_some() || before.writers() > 0 {
            self.fills.ended(stripe, shared);
        }
    }

    /// Waits until no fill of Redis is under way on these stripes, which are open, and carries the fills out meanwhile: the
    /// tasks of their loads may not be polled any more.
    pub(super) async fn fills_ended(&self, stripes: &[usize]) {
        let is_filling = || stripes.iter().any(|&stripe| Token::is_filling(self.stripes[stripe].token()));
        poll_fn(|context| {
            loop {
                let Some(steps) = self.fills.wait_for(stripes, context.waker(), || !is_filling()) else {
                    return Poll::Ready(());
                };
                if !self.have_ended(steps) {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }

    /// Ends the fills whose commands a write has carried out. Returns whether there are any.
    fn have_ended(&self, steps: Vec<(usize, Number, Step<Answer<R::Error>>)>) -> bool {
        let (mut is_any, mut panicked) = (false, None);
        for (stripe, number, step) in steps {
            let is_lost = match step {
                Step::Wait | Step::Over => continue,
                Step::Answer(Ok(Fill::Filled)) => false,
                Step::Answer(Ok(Fill::Refused)) => {
                    self.counts.add(Count::Refused);
                    false
                }
                Step::Answer(Err(error)) => self.is_lost(&error),
                Step::Lost(panic) => {
                    panicked = panicked.or(panic);
                    true
                }
            };
            self.end_fill(stripe, is_lost, Some(number));
            is_any = true;
        }
        if let Some(panic) = panicked {
            panic::resume_unwind(panic);
        }
        is_any
    }

    /// Counts the error of a fill. Returns whether its command may still come.
    pub(super) fn is_lost(&self, error: &R::Error) -> bool {
        self.counts.add(Count::Error);
        self.remote.outcome(error) == Outcome::Unknown
    }
}
