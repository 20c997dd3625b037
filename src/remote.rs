//! The remote tier, as the cache sees it.

/// The remote tier: a store that all processes share, such as Redis.
///
/// It must be linearizable for each key, as one Redis primary is: an answer is not older than any write that was
/// acknowledged before the question was sent. A read from a replica breaks this, and the cache can then be no better
/// than the replica.
pub trait Remote<K, V>: Send + Sync {
    /// Why a command failed. After an error, a write may have happened, may still happen, or may never do so.
    type Error;

    /// The key's value; `None` if it has none.
    fn get(&self, key: &K) -> impl Future<Output = Result<Option<V>, Self::Error>> + Send;

    /// Gives the key a value. Answers `Ok` only when every later [`get`](Remote::get) sees it.
    fn set(&self, key: &K, value: &V) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Deletes the key. Answers `Ok` only when every later [`get`](Remote::get) sees it.
    fn delete(&self, key: &K) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
