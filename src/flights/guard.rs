//! One caller's part in a flight.

use std::task::{Context, Poll, Waker};

use super::shard::{CallerId, Joined};
use super::table::FlightTable;
use crate::fence::{Stripe, Token};
use crate::sync::{Key, Primitives};

/// One caller's part in a flight. When it is dropped, the caller leaves the flight.
pub(crate) struct FlightGuard<'a, K: Key, T: Clone + Send + 'static, P: Primitives> {
    table: &'a FlightTable<K, T, P>,
    key: &'a K,
    /// The key's stripe, and its index.
    stripe: &'a Stripe<P>,
    index: usize,
    /// `None` before the caller has joined, and after it has left.
    caller: Option<CallerId>,
}

impl<'a, K: Key, T: Clone + Send + 'static, P: Primitives> FlightGuard<'a, K, T, P> {
    /// A guard that joins the key's flight when it is first polled.
    pub(crate) fn new(
        table: &'a FlightTable<K, T, P>,
        key: &'a K,
        stripe: &'a Stripe<P>,
        index: usize,
    ) -> Self {
        FlightGuard { table, key, stripe, index, caller: None }
    }

    /// Joins the flight, and waits until the caller leads it or it completes. A leader's token is
    /// taken under the lock, which determines the callers that came before it.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Joined<T>> {
        let joined = self.join(context.waker());
        if let Poll::Ready(Joined::Completed(_)) = joined {
            self.caller = None;
        }
        joined
    }

    fn join(&mut self, waker: &Waker) -> Poll<Joined<T>> {
        let FlightGuard { table, key, stripe, index, caller } = self;
        let now = || stripe.token();
        table.with(*index, |shard| {
            let caller = *caller.get_or_insert_with(|| shard.enter(key, now));
            shard.poll(caller, now, waker)
        })
    }

    /// Takes a new token for the leader, which restarts its flight.
    pub(crate) fn renew_token(&mut self) -> Token {
        match self.join(Waker::noop()) {
            Poll::Ready(Joined::Lead(token)) => token,
            _ => unreachable!("a leader leads until its flight completes or it leaves"),
        }
    }

    /// Completes the flight that this caller leads.
    pub(crate) fn complete(mut self, result: &T) {
        let Some(caller) = self.caller.take() else { return };
        let woken = self.table.with(self.index, |shard| shard.complete(caller, result));
        woken.into_iter().for_each(Waker::wake);
    }
}

impl<K: Key, T: Clone + Send + 'static, P: Primitives> Drop for FlightGuard<'_, K, T, P> {
    fn drop(&mut self) {
        let Some(caller) = self.caller.take() else { return };
        let woken = self.table.with(self.index, |shard| shard.leave(caller));
        woken.into_iter().for_each(Waker::wake);
    }
}
