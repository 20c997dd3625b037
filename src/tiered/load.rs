//! Reads with a loader behind Redis.

use std::any::Any;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::cache::Loaded;
use super::filling::Filling;
use super::read::Ask;
use super::{Kept, TieredCache};
use crate::builder::RemoteFailure;
use crate::error::{Error, Operation};
use crate::flights::{Ticket, Turn};
use crate::remote::{Fill, Found, Lease, Remote};
use crate::stats::Count;
use crate::stripe::Token;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The key's value, from the source of truth behind the remote tier if neither tier has it: then `load` reads it there,
    /// and both tiers are filled. `None` if the source has none.
    ///
    /// At most one load of a key is under way in this process (single-flight). Others who want it wait, and share the value or
    /// the error; who came after a write that the load may not have seen waits for the next one. If the future that loads is
    /// dropped, or its loader panics, one of those who wait loads in its place, with its own loader.
    ///
    /// The loader must not read the same key with this function: it would wait for itself. A future of this function that is
    /// neither polled nor dropped holds up other loads of its key, and nothing else.
    ///
    /// A value that was read while its key was being written is returned, but kept nowhere. If the remote tier fails to take
    /// the value, it is returned all the same, and [counted](crate::Stats::errors).
    ///
    /// # Errors
    ///
    /// The loader's; or the remote tier's, if it could not answer and is
    /// [not to be passed over](crate::RemoteFailure).
    ///
    /// # Panics
    ///
    /// If the loader does.
    pub async fn get_or_load<F, E>(
        &self,
        key: &K,
        load: impl FnOnce() -> F,
    ) -> Result<Option<V>, Error<K, R::Error>>
    where
        F: Future<Output = Result<Option<V>, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        // 1.
        if let Some(known) = self.known(key) {
            self.counts.add(Count::Hit);
            return Ok(known);
        }
        self.counts.add(Count::Miss);
        // 2. and 3.
        let mut seat = Seat { cache: self, key, stripe: self.stripes.of(key), ticket: None };
        let mut token = match poll_fn(|context| seat.poll(context)).await {
            Turn::Landed(outcome) => return outcome,
            Turn::Lead(token) => token,
            Turn::Wait => unreachable!("who waits is pending"),
        };
        if token.has_lost() {
            self.settle().await;
            token = seat.token_anew();
        }
        let ask = self.ask_under(seat.stripe, token);
        match self.lead(key, ask, load).await {
            Ok(outcome) => {
                seat.land(&outcome);
                outcome
            }
            Err(panic) => {
                // Handed over before the stack unwinds, and not by it.
                drop(seat);
                panic::resume_unwind(panic)
            }
        }
    }

    /// What the local tier knows of the key *and* of the source.
    fn known(&self, key: &K) -> Option<Option<V>> {
        match self.l1.get(key)? {
            Kept::Value(value) => Some(Some(value)),
            Kept::AbsentAtSource => Some(None),
            Kept::AbsentRemotely => None,
        }
    }

    /// Makes the flight. The error is what the loader panicked with.
    async fn lead<F, E>(
        &self,
        key: &K,
        ask: Ask,
        load: impl FnOnce() -> F,
    ) -> Result<Loaded<K, V, R::Error>, Box<dyn Any + Send>>
    where
        F: Future<Output = Result<Option<V>, E>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        // 4.
        if let Some(known) = self.known(key) {
            return Ok(Ok(known));
        }
        // 5. Before the load: a lease that is taken later would not see a write that came in between.
        let lease = match self.answer(Operation::GetOrLoad, key, self.remote.get_for_fill(key)).await {
            Ok((Some(Found { value, ttl }), _)) => {
                self.keep_if_closed(key, ask, Kept::Value(value.clone()), ttl);
                return Ok(Ok(Some(value)));
            }
            Ok((None, lease)) => Some(lease),
            Err(error) => match self.settings.remote_failure {
                RemoteFailure::Fail => return Ok(Err(error)),
                RemoteFailure::Load => None,
            },
        };
        // 6.
        let loaded = caught(async { load().await }).await?;
        self.counts.add(Count::Load);
        match loaded {
            Ok(Some(value)) => {
                match lease {
                    Some(lease) => self.fill(key, ask, &value, lease).await,
                    None => {
                        self.keep_if_closed(key, ask, Kept::Value(value.clone()), self.settings.remote_ttl);
                    }
                }
                Ok(Ok(Some(value)))
            }
            Ok(None) => {
                self.keep_absent(key, ask, Kept::AbsentAtSource);
                Ok(Ok(None))
            }
            Err(error) => {
                self.counts.add(Count::Error);
                Ok(Err(Error::loader(key.clone(), error.into())))
            }
        }
    }

    /// Fills both tiers with what was loaded, unless it was written meanwhile.
    async fn fill(&self, key: &K, ask: Ask, value: &V, lease: Lease) {
        // 7.
        let Some(mut filling) = Filling::begin(self, ask) else {
            self.counts.add(Count::Refused);
            return;
        };
        // 8.
        self.l1.remove(key);
        // 9.
        let ttl = self.settings.remote_ttl;
        let (remote, to, its) = (Arc::clone(&self.remote), key.clone(), value.clone());
        let command = Box::pin(async move { remote.fill(&to, &its, ttl, lease).await });
        match filling.carry_out(command).await {
            Some(Ok(Fill::Filled)) => {
                // 10.
                self.keep(key, filling.ask, Kept::Value(value.clone()), ttl);
                // 11.
                filling.end();
            }
            Some(Ok(Fill::Refused)) => {
                self.counts.add(Count::Refused);
                filling.end();
            }
            Some(Err(error)) => {
                if self.is_lost(&error) {
                    drop(filling);
                } else {
                    filling.end();
                }
            }
            // A write has carried it out, and ended it.
            None => {}
        }
    }
}

/// One who takes part in a flight. Dropped, it leaves.
struct Seat<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives> {
    cache: &'a TieredCache<K, V, R, P>,
    key: &'a K,
    stripe: usize,
    ticket: Option<Ticket>,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Seat<'_, K, V, R, P> {
    /// Takes the seat, and waits for its turn. A leader's token is taken under the lock: who has come before it is known.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Turn<Loaded<K, V, R::Error>>> {
        let turn = self.turn(context.waker());
        match turn {
            Turn::Wait => Poll::Pending,
            Turn::Landed(_) => {
                self.ticket = None;
                Poll::Ready(turn)
            }
            Turn::Lead(_) => Poll::Ready(turn),
        }
    }

    fn turn(&mut self, waker: &Waker) -> Turn<Loaded<K, V, R::Error>> {
        let Seat { cache, key, stripe, ticket } = self;
        let now = || cache.stripes[*stripe].token();
        cache.flights.with(*stripe, |flights| {
            let ticket = *ticket.get_or_insert_with(|| flights.enter(key, now));
            flights.turn(ticket, now, waker)
        })
    }

    /// The leader begins anew: a token of now.
    fn token_anew(&mut self) -> Token {
        match self.turn(Waker::noop()) {
            Turn::Lead(token) => token,
            Turn::Landed(_) | Turn::Wait => unreachable!("a leader leads until it lands or leaves"),
        }
    }

    /// The flight that it leads has come to this.
    fn land(mut self, outcome: &Loaded<K, V, R::Error>) {
        let Some(ticket) = self.ticket.take() else { return };
        let woken = self.cache.flights.with(self.stripe, |flights| flights.land(ticket, outcome));
        woken.into_iter().for_each(Waker::wake);
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Drop for Seat<'_, K, V, R, P> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let woken = self.cache.flights.with(self.stripe, |flights| flights.leave(ticket));
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Runs the future to its end; what it panics with is the error.
async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // Nothing of it is used after a panic.
        match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}
