//! Reads, and what they keep.

use std::future::Future;
use std::time::Duration;

use super::{Kept, TieredCache};
use crate::error::{Error, Operation};
use crate::remote::{Found, Remote};
use crate::stats::Count;
use crate::stripe::Token;
use crate::sync::{Entry, Key, Primitives};

/// What a read notes before it asks further.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) stripe: usize,
    /// The stripe at that moment.
    pub(super) token: Token,
    /// The time at that moment: what is kept has that age.
    pub(super) at: Duration,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// The key's value; `None` if neither tier has one.
    ///
    /// # Errors
    ///
    /// The remote tier's, if it had to be asked and could not answer.
    pub async fn get(&self, key: &K) -> Result<Option<V>, Error<K, R::Error>> {
        // 1. No stripe is asked: a write takes the entry away before it changes anything.
        if let Some(kept) = self.l1.get(key) {
            self.counts.add(Count::Hit);
            return Ok(kept.into_value());
        }
        self.counts.add(Count::Miss);
        let ask = self.ask(key).await;
        // 3.
        let found = self.answer(Operation::Get, key, self.remote.get(key)).await?;
        // 4.
        Ok(self.keep_found(key, ask, found))
    }

    /// The values of several keys, in their order, with at most one question to the remote tier. Each is read as
    /// [`get`](TieredCache::get) reads it; together they are no snapshot.
    ///
    /// # Errors
    ///
    /// The remote tier's, if it had to be asked and could not answer.
    pub async fn get_many(&self, keys: &[K]) -> Result<Vec<Option<V>>, Error<K, R::Error>> {
        let mut values = Vec::with_capacity(keys.len());
        let (mut places, mut missing, mut asks) = (Vec::new(), Vec::new(), Vec::new());
        for key in keys {
            let kept = self.l1.get(key);
            if kept.is_none() {
                self.counts.add(Count::Miss);
                places.push(values.len());
                missing.push(key.clone());
                asks.push(self.ask(key).await);
            } else {
                self.counts.add(Count::Hit);
            }
            values.push(kept.and_then(Kept::into_value));
        }
        if missing.is_empty() {
            return Ok(values);
        }
        let found = match self.remote.get_many(&missing).await {
            Ok(found) => found,
            Err(error) => {
                self.counts.add(Count::Error);
                return Err(Error::remote(Operation::Get, missing.into(), error));
            }
        };
        for (((place, key), ask), found) in places.into_iter().zip(&missing).zip(asks).zip(found) {
            values[place] = self.keep_found(key, ask, found);
        }
        Ok(values)
    }

    /// Whether the local tier has a value of the key, which a [`get`](TieredCache::get) would return now without asking
    /// further.
    pub fn contains_local(&self, key: &K) -> bool {
        matches!(self.l1.get(key), Some(Kept::Value(_)))
    }

    /// Before Redis is asked.
    pub(super) async fn ask(&self, key: &K) -> Ask {
        let stripe = self.stripes.of(key);
        // 2. Before Redis is asked: a token taken later would not see a write that came in between.
        let mut token = self.stripes[stripe].token();
        if token.has_lost() {
            self.settle().await;
            token = self.stripes[stripe].token();
        }
        self.ask_under(stripe, token)
    }

    /// The question under this token.
    pub(super) fn ask_under(&self, stripe: usize, token: Token) -> Ask {
        // Also before: the entry's age counts from a moment when its value was not yet read.
        Ask { stripe, token, at: self.l1.now() }
    }

    /// What the remote tier answers, with its error in the cache's words.
    pub(super) async fn answer<T>(
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

    fn keep_found(&self, key: &K, ask: Ask, found: Option<Found<V>>) -> Option<V> {
        match found {
            Some(Found { value, ttl }) => {
                self.keep_if_closed(key, ask, Kept::Value(value.clone()), ttl);
                Some(value)
            }
            None => {
                self.keep_absent(key, ask, Kept::AbsentRemotely);
                None
            }
        }
    }

    /// Keeps that the key has no value, if such things are kept.
    pub(super) fn keep_absent(&self, key: &K, ask: Ask, absent: Kept<V>) {
        if self.settings.absent_ttl.is_some() {
            self.keep_if_closed(key, ask, absent, None);
        }
    }

    /// As [`keep`](Self::keep), if the stripe was closed.
    pub(super) fn keep_if_closed(&self, key: &K, ask: Ask, kept: Kept<V>, ttl: Option<Duration>) {
        if ask.token.is_closed() {
            self.keep(key, ask, kept, ttl);
        } else {
            self.counts.add(Count::Refused);
        }
    }

    /// Fills L1 with what was read under this token, which was closed or that of a fill, unless the stripe has changed.
    /// `ttl` is how long it may be kept besides.
    pub(super) fn keep(&self, key: &K, ask: Ask, kept: Kept<V>, ttl: Option<Duration>) {
        let absent_ttl = if matches!(kept, Kept::Value(_)) { None } else { self.settings.absent_ttl };
        let ttl = [self.settings.local_ttl, absent_ttl, ttl].into_iter().flatten().min();
        // A time past the end of `Duration` never comes.
        let expires_at = ttl.and_then(|ttl| ask.at.checked_add(ttl));
        // 4. Under the lock: a write that opens after the check finds the entry and removes it.
        let stripe = &self.stripes[ask.stripe];
        let filled = self.l1.insert_if(key.clone(), kept, expires_at, || stripe.is_at(ask.token));
        self.counts.add(if filled { Count::Fill } else { Count::Refused });
    }
}
