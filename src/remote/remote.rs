//! The trait of the remote tier.

use std::time::Duration;

/// The remote tier: a store that all processes share, such as Redis.
///
/// It must be linearizable for each key, like one Redis primary: a read is not older than any write
/// that was acknowledged before the read was sent. Reads from a replica violate this, and the cache
/// can then be no better than the replica.
///
/// Three methods are required. The others have defaults that are correct but slow:
/// [`get_many`](Remote::get_many) reads one key after the other, every failed write may still take
/// effect, and there are no leases.
///
/// # Commands that are lost
///
/// A command is *lost* if its future was dropped before it completed, or failed with an error whose
/// [`outcome`](Remote::outcome) is [`Outcome::Unknown`]. A lost write may take effect later, at any
/// time. [`settle`](Remote::settle) waits until none can.
pub trait Remote<K: Sync, V: Send + Sync>: Send + Sync + 'static {
    /// Error of a command. All callers that wait for a value share it.
    type Error: Send + Sync + 'static;

    /// The key's value and its remaining time to live; `None` if it has none.
    fn get(&self, key: &K) -> impl Future<Output = Result<Option<Found<V>>, Self::Error>> + Send;

    /// Sets the key's value, which expires after `ttl`, or never if that is `None`. Returns `Ok`
    /// only when every later [`get`](Remote::get) sees it. Ends a lease of the key.
    fn set(
        &self,
        key: &K,
        value: &V,
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Deletes the key. Returns `Ok` only when every later [`get`](Remote::get) sees it. Ends a
    /// lease of the key.
    fn delete(&self, key: &K) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The values of several keys, in their order. Each is read as by [`get`](Remote::get); they
    /// are a snapshot only if the store guarantees it.
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

    /// [`get`](Remote::get) for a caller that will load a missing value from a source of truth and
    /// then [`fill`](Remote::fill) it. Also returns the lease for that, which must be taken
    /// *before* the load begins. It is [`Lease::none`] if there is a value, or if the store has no
    /// leases.
    fn get_for_fill(
        &self,
        key: &K,
    ) -> impl Future<Output = Result<(Option<Found<V>>, Lease), Self::Error>> + Send {
        async move { Ok((self.get(key).await?, Lease::none())) }
    }

    /// Sets the key to a value that was loaded under this lease, unless the lease has ended:
    /// because a process has written, deleted or filled the key since, or because the lease has
    /// expired. Without leases this is [`set`](Remote::set), and may store an old value.
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

    /// The outcome of a write that failed with this error. The default is [`Outcome::Unknown`].
    fn outcome(&self, error: &Self::Error) -> Outcome {
        let _ = error;
        Outcome::Unknown
    }

    /// Waits until no write that was lost *before this call* can take effect any more: each has, or
    /// never will. Returns whether that is certain; if not, call it again later. It does not wait
    /// for writes whose futures are alive.
    ///
    /// The future may be dropped at any time, and several tasks may call this concurrently. It
    /// returns at once if no write is lost. The default returns `false`.
    fn settle(&self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Runs `wait`, which blocks the calling thread until commands of this tier complete: for a
    /// cache's [blocking interface](crate::Blocking). The default calls it.
    ///
    /// # Errors
    ///
    /// A message if the commands need the calling thread to complete, so that it would wait
    /// forever. `wait` has not run then.
    fn park<T>(&self, wait: impl FnOnce() -> T) -> Result<T, &'static str>
    where
        Self: Sized,
    {
        Ok(wait())
    }
}

/// A value in the remote tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<V> {
    /// The value.
    pub value: V,
    /// Its remaining time to live at the read; `None` if it does not expire. The value and this
    /// were read atomically. So counted from a time *before* the read, it never ends later than in
    /// the remote tier.
    pub ttl: Option<Duration>,
}

impl<V> Found<V> {
    /// A value that does not expire.
    pub fn lasting(value: V) -> Self {
        Found { value, ttl: None }
    }
}

/// The outcome of a failed write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did not take effect and never will: it was not sent, or the store refused it.
    NotApplied,
    /// It may have taken effect, fully or in part, but will not do so later.
    Over,
    /// It may have taken effect. If not, it still may, until [`Remote::settle`] excludes that.
    Unknown,
}

/// The right to fill a key with a value that was read from the source of truth after the lease was
/// taken: a unique token. Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), section
/// 3.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(Option<u64>);

impl Lease {
    /// Creates a lease with this token.
    pub fn new(token: u64) -> Self {
        Lease(Some(token))
    }

    /// No lease.
    pub fn none() -> Self {
        Lease(None)
    }

    /// The token, if there is one.
    pub fn token(self) -> Option<u64> {
        self.0
    }
}

/// The result of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The key has the value.
    Filled,
    /// The lease had ended: the value may be old, and was not stored.
    Refused,
}
