//! Reads, and the fills of L1 with their results.

use std::future::Future;
use std::time::Duration;

use super::TieredCache;
use super::cache::OwnMember;
use crate::error::{Error, Operation};
use crate::fence::Token;
use crate::lookup::Lookup;
use crate::remote::{Found, Reading, Remote};
use crate::stats::Count;
use crate::sync::{Entry, Key, Primitives};

/// The state of a stripe and of the clock before a read queries the remote tier.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadTicket {
    /// The index of the key's stripe.
    pub(super) stripe: usize,
    /// The stripe's state.
    pub(super) token: Token,
    /// The time on L1's clock, from which the age of the entry counts.
    pub(super) at: Duration,
    /// Whether a write on any node has the key open, or may have. Known after the query, at the
    /// level `Strict`.
    pub(super) is_open: bool,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The key's value; `None` if neither tier has one.
    ///
    /// # Errors
    ///
    /// An error of the remote tier, if the local tier has no entry.
    pub async fn get(&self, key: &K) -> Result<Option<V>, Error<K, R::Error>> {
        // 1. Without its stripe: a write removes the entry before it changes anything else.
        if let Some(found) = self.find_local(key) {
            self.counts.add(Count::Hit);
            return Ok(found.into_value());
        }
        self.counts.add(Count::Miss);
        let ticket = self.ticket(key).await;
        // 3.
        let read = self.query(Operation::Get, key, self.read_remote(key)).await?;
        // 4.
        Ok(self.fill_l1_found(key, ticket, read))
    }

    /// The values of several keys, in their order, with at most one call of the remote tier. Each
    /// key is read as by [`get`](TieredCache::get); the values are not a snapshot.
    ///
    /// # Errors
    ///
    /// An error of the remote tier, if the local tier lacks one of the entries.
    pub async fn get_many(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error<K, R::Error>> {
        let mut values = Vec::with_capacity(keys.len());
        let (mut indices, mut missing, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            let found = self.find_local(key);
            if found.is_none() {
                self.counts.add(Count::Miss);
                indices.push(values.len());
                missing.push(key.clone());
                tickets.push(self.ticket(key).await);
            } else {
                self.counts.add(Count::Hit);
            }
            values.push(found.and_then(Lookup::into_value));
        }
        if missing.is_empty() {
            return Ok(values);
        }
        let read = match self.read_many(&missing).await {
            Ok(read) => read,
            Err(error) => {
                self.counts.add(Count::Error);
                return Err(Error::remote(Operation::Get, missing.into(), error));
            }
        };
        for (((index, key), ticket), read) in indices.into_iter().zip(&missing).zip(tickets).zip(read) {
            values[index] = self.fill_l1_found(key, ticket, read);
        }
        Ok(values)
    }

    /// Whether the local tier has a value that a [`get`](TieredCache::get) of the key would return
    /// now.
    pub fn contains_local(&self, key: &K) -> bool {
        matches!(self.find_local(key), Some(Lookup::Value(_)))
    }

    /// The local entry, if it may be served.
    #[inline]
    pub(super) fn find_local(&self, key: &K) -> Option<Lookup<V>> {
        match &self.member {
            None => self.l1.get(key),
            Some(member) => member.find(key),
        }
    }

    /// The node, at the level `Notified`. At the level `Strict` an entry that may be served is as
    /// new as the remote tier, so that a read need not be compared with it.
    fn notified(&self) -> Option<&OwnMember<K, V, R::Error, P>> {
        self.member.as_ref().filter(|_| self.coordinator.is_none())
    }

    /// Takes a ticket before a query of Redis.
    pub(super) async fn ticket(&self, key: &K) -> ReadTicket {
        let stripe = self.fence.stripe_of(key);
        // 2. Before the query: a later token would not see a write in between.
        let mut token = self.fence.stripe(stripe).token();
        if token.has_lost() {
            self.settle().await;
            token = self.fence.stripe(stripe).token();
        }
        self.ticket_with(stripe, token)
    }

    /// A ticket with this token.
    pub(super) fn ticket_with(&self, stripe: usize, token: Token) -> ReadTicket {
        // The time, too, is taken before the query: the entry is at least as old as its value.
        ReadTicket { stripe, token, at: self.l1.now(), is_open: false }
    }

    /// Queries the remote tier, and adds the operation and the key to its error.
    pub(super) async fn query<T>(
        &self,
        operation: Operation,
        key: &K,
        command: impl Future<Output = Result<T, R::Error>>,
    ) -> Result<T, Error<K, R::Error>> {
        command.await.map_err(|error| {
            self.counts.add(Count::Error);
            Error::remote(operation, [key.clone()].into(), error)
        })
    }

    fn fill_l1_found(&self, key: &K, ticket: ReadTicket, read: Reading<V>) -> Option<V> {
        let ticket = ReadTicket { is_open: read.is_open, ..ticket };
        let (is_cached, value) = match read.found {
            Some(Found { value, ttl }) => {
                (self.fill_l1_if_closed(key, ticket, Lookup::Value(value.clone()), ttl), Some(value))
            }
            None => (self.fill_l1_absent(key, ticket, Lookup::AbsentRemotely), None),
        };
        if is_cached {
            return value;
        }
        self.or_local(key, ticket, value, || self.find_local(key).map(Lookup::into_value))
    }

    /// The result of a read whose own result `read` is not cached: see [`nodes`](crate::nodes).
    pub(super) fn or_local<T>(
        &self,
        key: &K,
        ticket: ReadTicket,
        read: T,
        local: impl FnOnce() -> Option<T>,
    ) -> T {
        let Some(member) = self.notified() else { return read };
        local().unwrap_or_else(|| {
            member.drop_older(key, ticket.stripe);
            read
        })
    }

    /// Stores in L1 that the key has no value, if the settings enable that. Returns whether it did.
    pub(super) fn fill_l1_absent(&self, key: &K, ticket: ReadTicket, absent: Lookup<V>) -> bool {
        // A notified node learns of the key's next value. At the level `Strict` it does not learn
        // of a value that a load on another node stores.
        if self.coordinator.is_none() && (self.settings.absent_ttl.is_some() || self.member.is_some()) {
            self.fill_l1_if_closed(key, ticket, absent, None)
        } else {
            false
        }
    }

    /// [`fill_l1`](Self::fill_l1), if the stripe was closed in the ticket. Returns whether it was
    /// filled.
    pub(super) fn fill_l1_if_closed(
        &self,
        key: &K,
        ticket: ReadTicket,
        found: Lookup<V>,
        ttl: Option<Duration>,
    ) -> bool {
        if ticket.token.is_closed() && !ticket.is_open {
            self.fill_l1(key, ticket, found, ttl)
        } else {
            self.counts.add(Count::Refused);
            false
        }
    }

    /// Fills L1 with the result of a read, unless the stripe has changed since the ticket. The
    /// ticket's token must be that of a closed stripe or of a fill. `ttl` limits the entry's time
    /// to live. Returns whether it was filled.
    pub(super) fn fill_l1(
        &self,
        key: &K,
        ticket: ReadTicket,
        found: Lookup<V>,
        ttl: Option<Duration>,
    ) -> bool {
        let absent_ttl = if matches!(found, Lookup::Value(_)) { None } else { self.settings.absent_ttl };
        let ttl = [self.settings.local_ttl, absent_ttl, ttl].into_iter().flatten().min();
        // A time beyond the range of `Duration` means "never".
        let expires_at = ttl.and_then(|ttl| ticket.at.checked_add(ttl));
        // 4. Under the lock: a write that opens after the check removes the entry after the fill.
        let stripe = self.fence.stripe(ticket.stripe);
        let filled = match self.notified() {
            _ if ticket.is_open => false,
            None => self.l1.insert_if(key.clone(), found, expires_at, || stripe.is_at(ticket.token)),
            // Other fills under this token must not follow with an older version.
            Some(_) => {
                self.l1.insert_if(key.clone(), found, expires_at, || stripe.advance_from(ticket.token))
            }
        };
        self.counts.add(if filled { Count::Fill } else { Count::Refused });
        filled
    }
}
