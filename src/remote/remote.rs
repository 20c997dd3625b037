//! The remote tier, as the cache sees it.

use std::time::Duration;

/// The remote tier: a store that all processes share, such as Redis.
///
/// It must be linearizable for each key, as one Redis primary is: an answer is not older than any write that was
/// acknowledged before the question was sent. A read from a replica breaks this, and the cache can then be no better
/// than the replica.
///
/// Three methods make a remote tier. The others have defaults that are right and slow: [`get_many`](Remote::get_many)
/// asks for one key after the other, every failure may still take effect, and no lease is given.
///
/// # Commands that are lost
///
/// A command is *lost* if its future was dropped before it ended, or ended in an error whose
/// [`outcome`](Remote::outcome) is [`Outcome::Unknown`]. A lost write may take effect later: at any time, as far as the
/// caller can tell. [`settle`](Remote::settle) waits until none can.
pub trait Remote<K: Sync, V: Send + Sync>: Send + Sync + 'static {
    /// Why a command failed. All who wait for a value share the error.
    type Error: Send + Sync + 'static;

    /// The key's value, and how long it still has to live; `None` if it has none.
    fn get(&self, key: &K) -> impl Future<Output = Result<Option<Found<V>>, Self::Error>> + Send;

    /// Gives the key a value, which lives for `ttl`; for ever, if that is `None`. Answers `Ok` only when every later
    /// [`get`](Remote::get) sees it. A lease of the key ends.
    fn set(
        &self,
        key: &K,
        value: &V,
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Deletes the key. Answers `Ok` only when every later [`get`](Remote::get) sees it. A lease of the key ends.
    fn delete(&self, key: &K) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The values of several keys, in their order. Each is read as [`get`](Remote::get) reads it; together they are a
    /// snapshot only if the store says so.
    fn get_many(
        &self,
        keys: &[K],
    ) -> impl Future<Output = Result<Vec<Option<Found<V>>>, Self::Error>> + Send {
        async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.push(self.get(key).await?);
            }
            Ok(found)
        }
    }

    /// Deletes several keys, and ends their leases. After an error some may have been deleted.
    fn delete_many(&self, keys: &[K]) -> impl Future<Output = Result<(), Self::Error>> + Send {
        async move {
            for key in keys {
                self.delete(key).await?;
            }
            Ok(())
        }
    }

    /// [`get`](Remote::get) for a caller who will load the value from a source of truth if there is none, and then
    /// [`fill`](Remote::fill) it: with the lease to do so. Take it *before* the load begins. It is
    /// [`Lease::none`] if there is a value, or if the store gives none.
    fn get_for_fill(
        &self,
        key: &K,
    ) -> impl Future<Output = Result<(Option<Found<V>>, Lease), Self::Error>> + Send {
        async move { Ok((self.get(key).await?, Lease::none())) }
    }

    /// Gives the key a value that was loaded under this lease, unless the lease has ended: because somebody, on whatever
    /// node, has written, deleted or filled the key since, or because the lease was too old. Without leases it is
    /// [`set`](Remote::set), and nothing keeps an old value away.
    fn fill(
        &self,
        key: &K,
        value: &V,
        ttl: Option<Duration>,
        lease: Lease,
    ) -> impl Future<Output = Result<Fill, Self::Error>> + Send {
        let _ = lease;
        async move { self.set(key, value, ttl).await.map(|()| Fill::Filled) }
    }

    /// What became of a write that failed with this error. The default knows nothing.
    fn outcome(&self, error: &Self::Error) -> Outcome {
        let _ = error;
        Outcome::Unknown
    }

    /// Waits until no write that was lost *before this call* can take effect any more: each has, or never will. Answers
    /// whether that is certain now; if not, ask again later. Writes whose futures are alive are not waited for.
    ///
    /// It may be dropped at any time, and called by several tasks at once. With nothing lost it answers at once. The
    /// default is never certain.
    fn settle(&self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Runs `wait`, which parks the calling thread until commands of this tier are answered: for a cache's
    /// [blocking face](crate::Blocking). The default runs it.
    ///
    /// # Errors
    ///
    /// A message for people, if the answers need the calling thread, so that it would wait forever. `wait` has not run then.
    fn park<T>(&self, wait: impl FnOnce() -> T) -> Result<T, &'static str>
    where
        Self: Sized,
    {
        Ok(wait())
    }
}

/// A value that the remote tier holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<V> {
    /// The value.
    pub value: V,
    /// How long it had to live when it was read; `None` is "for ever". The value and this are of one moment. So who counts
    /// it from a time *before* the read began never keeps the value longer than the remote tier does.
    pub ttl: Option<Duration>,
}

impl<V> Found<V> {
    /// A value that does not expire.
    pub fn lasting(value: V) -> Self {
        Found { value, ttl: None }
    }
}

/// What became of a write that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not carried out and never will be: it was not sent, or the store refused it.
    NotApplied,
    /// It may have been carried out, or part of it; nothing is still to come of it.
    Over,
    /// It may have been carried out, and if not, it may still be, until [`Remote::settle`] says otherwise.
    Unknown,
}

/// The right to fill a key with what was read from the source of truth after it was given: a token that is never given
/// twice. Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), section 3.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(Option<u64>);

impl Lease {
    /// The lease with this token.
    pub fn new(token: u64) -> Self {
        Lease(Some(token))
    }

    /// No lease.
    pub fn none() -> Self {
        Lease(None)
    }

    /// Its token, if it is one.
    pub fn token(self) -> Option<u64> {
        self.0
    }
}

/// What came of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The key has the value.
    Filled,
    /// The lease had ended: the value may be old, and was not kept.
    Refused,
}
