//! Reads with a source of truth behind Redis.

use std::any::Any;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::TieredCache;
use super::cache::{Answer, Loaded};
use super::read::ReadTicket;
use crate::error::{Error, Operation};
use crate::fence::FillGuard;
use crate::flights::{FlightGuard, Joined};
use crate::lookup::Lookup;
use crate::remote::{Fill, Found, Lease, Outcome, Remote};
use crate::settings::RemoteFailure;
use crate::stats::Count;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The key's value. If neither tier has it, `load` reads it from the source of truth behind the
    /// remote tier, and both tiers are filled. `None` if the source has no value.
    ///
    /// A process has at most one load of a key in progress (single-flight). Other callers wait for
    /// it, and share its value or error. A caller that comes after a write which the load may not
    /// have seen waits for the next load. If the future that loads is dropped or its loader panics,
    /// one of the waiting callers loads instead, with its own loader.
    ///
    /// The loader must not call this function with the same key: it would wait for itself. A future
    /// of this function that is neither polled nor dropped blocks other loads of its key, and
    /// nothing else.
    ///
    /// A value that was read while its key was being written is returned, but not cached. If the
    /// remote tier fails to store the value, it is returned all the same, and the error is
    /// [counted](crate::Stats::errors).
    ///
    /// # Errors
    ///
    /// An error of the loader; or of the remote tier, unless its failures are
    /// [bypassed](crate::RemoteFailure::Load).
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
        let stripe = self.fence.stripe_of(key);
        let mut flight = FlightGuard::new(&self.flights, key, self.fence.stripe(stripe), stripe);
        let mut token = match poll_fn(|context| flight.poll(context)).await {
            Joined::Completed(result) => return result,
            Joined::Lead(token) => token,
        };
        if token.has_lost() {
            self.settle().await;
            token = flight.renew_token();
        }
        let ticket = self.ticket_with(stripe, token);
        match self.lead(key, ticket, load).await {
            Ok(result) => {
                flight.complete(&result);
                result
            }
            Err(panic) => {
                // The next leader is woken before the stack unwinds.
                drop(flight);
                panic::resume_unwind(panic)
            }
        }
    }

    /// The local entry, if it is also valid for the source of truth.
    fn known(&self, key: &K) -> Option<Option<V>> {
        match self.find_local(key)? {
            Lookup::Value(value) => Some(Some(value)),
            Lookup::AbsentAtSource => Some(None),
            Lookup::AbsentRemotely => None,
        }
    }

    /// Runs the flight. The error is the payload of the loader's panic.
    async fn lead<F, E>(
        &self,
        key: &K,
        ticket: ReadTicket,
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
        let mut ticket = ticket;
        // 5. Before the load: a lease that is taken later would not see a write in between.
        let lease = match self.query(Operation::GetOrLoad, key, self.read_for_fill(key, &mut ticket)).await {
            Ok((Some(Found { value, ttl }), _)) => {
                let is_cached = self.fill_l1_if_closed(key, ticket, Lookup::Value(value.clone()), ttl);
                return Ok(Ok(self.or_known(key, ticket, is_cached, Some(value))));
            }
            Ok((None, lease)) => Some(lease),
            Err(error) => match self.settings.remote_failure {
                RemoteFailure::Fail => return Ok(Err(error)),
                RemoteFailure::Load => {
                    ticket.is_open = self.coordinator.is_some();
                    None
                }
            },
        };
        // 6.
        let loaded = caught(async { load().await }).await?;
        self.counts.add(Count::Load);
        match loaded {
            Ok(Some(value)) => {
                let is_cached = match lease {
                    Some(lease) => self.fill(key, ticket, &value, lease).await,
                    None => {
                        let ttl = self.settings.remote_ttl;
                        self.fill_l1_if_closed(key, ticket, Lookup::Value(value.clone()), ttl)
                    }
                };
                Ok(Ok(self.or_known(key, ticket, is_cached, Some(value))))
            }
            Ok(None) => {
                let is_cached = self.fill_l1_absent(key, ticket, Lookup::AbsentAtSource);
                Ok(Ok(self.or_known(key, ticket, is_cached, None)))
            }
            Err(error) => {
                self.counts.add(Count::Error);
                Ok(Err(Error::loader(key.clone(), error.into())))
            }
        }
    }

    /// Reads the key, and takes a lease if it has no value. Sets whether a write has it open.
    async fn read_for_fill(
        &self,
        key: &K,
        ticket: &mut ReadTicket,
    ) -> Result<(Option<Found<V>>, Lease), R::Error> {
        if self.coordinator.is_some() {
            // Of a write that opens the key after this command, the node is notified after the
            // token.
            let read = self.read_remote(key).await?;
            ticket.is_open = read.is_open;
            if read.found.is_some() {
                return Ok((read.found, Lease::none()));
            }
        }
        self.remote.get_for_fill(key).await
    }

    /// The result of a load that has read this value.
    fn or_known(&self, key: &K, ticket: ReadTicket, is_cached: bool, read: Option<V>) -> Option<V> {
        if is_cached { read } else { self.or_local(key, ticket, read, || self.known(key)) }
    }

    /// Fills both tiers with a loaded value, unless the key was written since the ticket. Returns
    /// whether L1 was filled.
    async fn fill(&self, key: &K, ticket: ReadTicket, value: &V, lease: Lease) -> bool {
        if self.coordinator.is_some() && lease.token().is_none() {
            // Without a lease it could replace another node's write, which others have cached.
            return false;
        }
        // 7.
        let Some(mut fill) = FillGuard::begin(&self.fence, ticket.stripe, ticket.token) else {
            self.counts.add(Count::Refused);
            return false;
        };
        let ticket = ReadTicket { token: fill.token(), ..ticket };
        // 8.
        self.l1.remove(key);
        // 9.
        let ttl = self.settings.remote_ttl;
        let (remote, to, its) = (Arc::clone(&self.remote), key.clone(), value.clone());
        let command = Box::pin(async move { remote.fill(&to, &its, ttl, lease).await });
        match fill.run(command).await {
            Some(Ok(Fill::Filled)) => {
                // 10.
                let is_cached = self.fill_l1(key, ticket, Lookup::Value(value.clone()), ttl);
                // 11.
                fill.end();
                is_cached
            }
            Some(answer) => {
                if self.is_lost(answer) {
                    drop(fill);
                } else {
                    fill.end();
                }
                false
            }
            // A write has run the command, and has ended the fill.
            None => false,
        }
    }

    /// Whether a fill with this answer may still take effect. Counts a refusal or an error.
    pub(super) fn is_lost(&self, answer: Answer<R::Error>) -> bool {
        match answer {
            Ok(Fill::Filled) => false,
            Ok(Fill::Refused) => {
                self.counts.add(Count::Refused);
                false
            }
            Err(error) => {
                self.counts.add(Count::Error);
                self.remote.outcome(&error) == Outcome::Unknown
            }
        }
    }
}

/// Runs the future to completion. The error is the payload of its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // The future is not used after a panic.
        match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}
