//! Writes.

use std::future::Future;
use std::iter;
use std::time::Duration;

use super::TieredCache;
use crate::error::{Error, Operation};
use crate::remote::{Outcome, Remote};
use crate::stats::Count;
use crate::stripe::Token;
use crate::sync::{Entry, Key, Primitives};

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    /// Gives the key a value, and deletes what is [derived](crate::Builder::derive) from it.
    ///
    /// # Errors
    ///
    /// The remote tier's. The value may or may not be written then, or be written later.
    pub async fn set(&self, key: &K, value: &V) -> Result<(), Error<K, R::Error>> {
        let ttl = self.settings.remote_ttl;
        self.write(Operation::Set, key, || self.remote.set(key, value, ttl)).await
    }

    /// As [`set`](TieredCache::set), with a time to live in the remote tier, and so in both.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn set_with_ttl(&self, key: &K, value: &V, ttl: Duration) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Set, key, || self.remote.set(key, value, Some(ttl))).await
    }

    /// Deletes the key, and what is [derived](crate::Builder::derive) from it.
    ///
    /// # Errors
    ///
    /// The remote tier's. The key may or may not be deleted then, or be deleted later.
    pub async fn delete(&self, key: &K) -> Result<(), Error<K, R::Error>> {
        self.write(Operation::Delete, key, || self.remote.delete(key)).await
    }

    /// `command` is called in step 3 and not before: it need not be lazy.
    async fn write<F>(
        &self,
        operation: Operation,
        key: &K,
        command: impl FnOnce() -> F,
    ) -> Result<(), Error<K, R::Error>>
    where
        F: Future<Output = Result<(), R::Error>>,
    {
        let derived = self.derived.of(key);
        // 1. Before the removal: a fill that comes after it must find the stripe changed.
        let stripes = self.stripes_of(iter::once(key).chain(&derived));
        let (mut write, may_go_on) = Write::open(self, stripes);
        // 2. Before Redis has the new version: who has seen that must not find the old one here.
        for key in iter::once(key).chain(&derived) {
            self.l1.remove(key);
        }
        if !may_go_on {
            write.goes_on().await;
        }
        // 3.
        write.is_sent = true;
        let mut result = command().await;
        if result.is_ok() && !derived.is_empty() {
            result = self.remote.delete_many(&derived).await;
        }
        // 4.
        let Err(error) = result else {
            write.close();
            return Ok(());
        };
        match self.remote.outcome(&error) {
            Outcome::NotApplied | Outcome::Over => write.close(),
            Outcome::Unknown => drop(write),
        }
        self.counts.add(Count::Error);
        Err(Error::remote(operation, iter::once(key.clone()).chain(derived).collect(), error))
    }
}

/// A write that has opened its stripes. Dropped without being closed, it is lost if its command was sent, and otherwise
/// closes them.
struct Write<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives> {
    cache: &'a TieredCache<K, V, R, P>,
    stripes: Vec<usize>,
    is_sent: bool,
}

impl<'a, K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Write<'a, K, V, R, P> {
    /// Opens the stripes. Also says whether its command may be sent at once: no fill of Redis is under way on any, and nothing
    /// has been lost. Other writes do not matter.
    fn open(cache: &'a TieredCache<K, V, R, P>, stripes: Vec<usize>) -> (Self, bool) {
        let mut may_go_on = true;
        for &stripe in &stripes {
            let before = cache.stripes[stripe].open();
            may_go_on &= !before.is_filling() && !before.has_lost();
        }
        (Write { cache, stripes, is_sent: false }, may_go_on)
    }

    /// Waits until no fill of Redis is under way on its stripes, and settles what was lost there. No fill begins any more,
    /// since they are open.
    async fn goes_on(&self) {
        let Write { cache, stripes, .. } = self;
        cache.fills_ended(stripes).await;
        let any = |is: fn(Token) -> bool| stripes.iter().any(|&stripe| is(cache.stripes[stripe].token()));
        if any(Token::has_lost) {
            cache.settle().await;
        }
    }

    /// Nothing is still to come of the write.
    fn close(mut self) {
        for stripe in std::mem::take(&mut self.stripes) {
            self.cache.stripes[stripe].close();
        }
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Drop for Write<'_, K, V, R, P> {
    fn drop(&mut self) {
        for &stripe in &self.stripes {
            let its = &self.cache.stripes[stripe];
            if self.is_sent {
                self.cache.lost.add(stripe, |is_first| if is_first { its.lose() } else { its.close() });
            } else {
                its.close();
            }
        }
    }
}
