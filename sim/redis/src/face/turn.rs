//! Exclusive use of a connection, for blocking and for async code.

use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A lock that is held while a command waits for its reply, also across an `await`.
#[derive(Debug, Default)]
pub(super) struct Turn {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    wakers: Vec<Waker>,
}

/// Frees the turn when dropped.
#[derive(Debug)]
pub(super) struct TurnGuard<'t>(&'t Turn);

impl Turn {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks the thread until the turn is free.
    pub(super) fn take_blocking(&self) -> TurnGuard<'_> {
        let mut state = self.lock();
        while state.is_taken {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_taken = true;
        TurnGuard(self)
    }

    /// Waits until the turn is free.
    pub(super) async fn take(&self) -> TurnGuard<'_> {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.is_taken {
                state.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            state.is_taken = true;
            Poll::Ready(TurnGuard(self))
        })
        .await
    }
}

impl Drop for TurnGuard<'_> {
    fn drop(&mut self) {
        let wakers = {
            let mut state = self.0.lock();
            state.is_taken = false;
            std::mem::take(&mut state.wakers)
        };
        self.0.freed.notify_one();
        wakers.into_iter().for_each(Waker::wake);
    }
}
