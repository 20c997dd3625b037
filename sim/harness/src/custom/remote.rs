//! The remote tier for custom caches.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::{Fill, Found, Lease, Outcome};

use crate::backends::made_for;
use crate::history::{Key, Value};
use crate::protocols::Failure;
use crate::world::Conditional;

/// The remote tier. If it is the source of truth, each write creates a version. Clones share one
/// store.
///
/// Its commands fail in scenarios with [`faults`](super::ScenarioBuilder::faults): `try_get`,
/// `try_set` and so on return the error. It implements [`Remote`], for caches that take one, such
/// as [`selvedge::TieredCache`].
#[derive(Clone)]
pub struct Redis {
    commands: Arc<dyn Commands>,
    conditional: Conditional,
}

const MAY_FAIL: &str = "a command failed because of a fault of the scenario: use `try_get`, `try_set` and `try_delete` of \
    `custom::Redis`, and implement `custom::Fallible` if the cache returns the error to its caller";

impl Redis {
    pub(super) fn new(
        remote: impl Remote<Key, Value, Error = Failure> + 'static,
        conditional: Conditional,
    ) -> Self {
        Redis { commands: Arc::new(Over(remote)), conditional }
    }

    /// Returns the key's value.
    ///
    /// # Panics
    ///
    /// If the command fails, which needs a fault of the scenario. The same holds for the methods
    /// below.
    #[track_caller]
    pub fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send {
        let found = self.try_get(key);
        async { found.await.expect(MAY_FAIL) }
    }

    /// Sets the key's value.
    #[track_caller]
    pub fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send {
        let done = self.try_set(key, value);
        async { done.await.expect(MAY_FAIL) }
    }

    /// Sets the key's value with a time to live. With [`RemoteStart::Expiring`], the value expires
    /// at any point of a schedule; otherwise it never expires, and the search is bounded.
    ///
    /// [`RemoteStart::Expiring`]: super::RemoteStart::Expiring
    #[track_caller]
    pub fn set_for(&self, key: Key, value: Value, ttl: Duration) -> impl Future<Output = ()> + Send {
        let done = self.made_for(Location::caller(), self.commands.set(key, value, Some(ttl)));
        async { done.await.expect(MAY_FAIL) }
    }

    /// Deletes the key.
    #[track_caller]
    pub fn delete(&self, key: Key) -> impl Future<Output = ()> + Send {
        let done = self.try_delete(key);
        async { done.await.expect(MAY_FAIL) }
    }

    /// Sets the key's value if the key has the content `expected`, in one step. Returns whether it
    /// was set. In Redis, this is a script, a transaction with `WATCH`, or `SET` with `IFEQ`.
    #[track_caller]
    pub fn compare_and_set(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
    ) -> impl Future<Output = bool> + Send {
        let is_set = self.try_compare_and_set(key, expected, value);
        async { is_set.await.expect(MAY_FAIL) }
    }

    /// Returns the key's value.
    ///
    /// # Errors
    ///
    /// If the command fails. It may have been executed, or be executed later. The same holds for
    /// the methods below.
    #[track_caller]
    pub fn try_get(&self, key: Key) -> impl Future<Output = Result<Option<Value>, Failure>> + Send {
        let found = self.made_for(Location::caller(), self.commands.get(key));
        async { Ok(found.await?.map(|found| found.value)) }
    }

    /// Sets the key's value.
    ///
    /// # Errors
    ///
    /// Like [`try_get`](Redis::try_get).
    #[track_caller]
    pub fn try_set(&self, key: Key, value: Value) -> impl Future<Output = Result<(), Failure>> + Send {
        self.made_for(Location::caller(), self.commands.set(key, value, None))
    }

    /// Deletes the key.
    ///
    /// # Errors
    ///
    /// Like [`try_get`](Redis::try_get).
    #[track_caller]
    pub fn try_delete(&self, key: Key) -> impl Future<Output = Result<(), Failure>> + Send {
        self.made_for(Location::caller(), self.commands.delete(key))
    }

    /// Sets the key's value if the key has the content `expected`. Returns whether it was set.
    ///
    /// # Errors
    ///
    /// Like [`try_get`](Redis::try_get).
    #[track_caller]
    pub fn try_compare_and_set(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
    ) -> impl Future<Output = Result<bool, Failure>> + Send {
        self.made_for(Location::caller(), self.conditional.compare_and_set(key, expected, value))
    }

    /// Awaits the reply. The trace shows the step at the line that sent the command.
    async fn made_for<T>(
        &self,
        source: &'static Location<'static>,
        answer: Answer<'_, T>,
    ) -> Result<T, Failure> {
        let answer = answer.await;
        made_for(source);
        answer
    }
}

impl Remote<Key, Value> for Redis {
    type Error = Failure;

    #[track_caller]
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Found<Value>>, Failure>> + Send {
        self.made_for(Location::caller(), self.commands.get(*key))
    }

    #[track_caller]
    fn set(
        &self,
        key: &Key,
        value: &Value,
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        self.made_for(Location::caller(), self.commands.set(*key, *value, ttl))
    }

    #[track_caller]
    fn delete(&self, key: &Key) -> impl Future<Output = Result<(), Failure>> + Send {
        self.made_for(Location::caller(), self.commands.delete(*key))
    }

    #[track_caller]
    fn get_for_fill(
        &self,
        key: &Key,
    ) -> impl Future<Output = Result<(Option<Found<Value>>, Lease), Failure>> + Send {
        self.made_for(Location::caller(), self.commands.get_for_fill(*key))
    }

    #[track_caller]
    fn fill(
        &self,
        key: &Key,
        value: &Value,
        ttl: Option<Duration>,
        lease: Lease,
    ) -> impl Future<Output = Result<Fill, Failure>> + Send {
        self.made_for(Location::caller(), self.commands.fill(*key, *value, ttl, lease))
    }

    fn outcome(&self, error: &Failure) -> Outcome {
        error.outcome
    }

    async fn settle(&self) -> bool {
        self.commands.settle().await.unwrap_or(false)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A type-erased remote tier, so that a cache over it need not be generic.
trait Commands: Send + Sync {
    fn get(&self, key: Key) -> Answer<'_, Option<Found<Value>>>;
    fn set(&self, key: Key, value: Value, ttl: Option<Duration>) -> Answer<'_, ()>;
    fn delete(&self, key: Key) -> Answer<'_, ()>;
    fn get_for_fill(&self, key: Key) -> Answer<'_, (Option<Found<Value>>, Lease)>;
    fn fill(&self, key: Key, value: Value, ttl: Option<Duration>, lease: Lease) -> Answer<'_, Fill>;
    fn settle(&self) -> Answer<'_, bool>;
}

struct Over<R>(R);

impl<R: Remote<Key, Value, Error = Failure>> Commands for Over<R> {
    fn get(&self, key: Key) -> Answer<'_, Option<Found<Value>>> {
        Box::pin(async move { self.0.get(&key).await })
    }

    fn set(&self, key: Key, value: Value, ttl: Option<Duration>) -> Answer<'_, ()> {
        Box::pin(async move { self.0.set(&key, &value, ttl).await })
    }

    fn delete(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move { self.0.delete(&key).await })
    }

    fn get_for_fill(&self, key: Key) -> Answer<'_, (Option<Found<Value>>, Lease)> {
        Box::pin(async move { self.0.get_for_fill(&key).await })
    }

    fn fill(&self, key: Key, value: Value, ttl: Option<Duration>, lease: Lease) -> Answer<'_, Fill> {
        Box::pin(async move { self.0.fill(&key, &value, ttl, lease).await })
    }

    fn settle(&self) -> Answer<'_, bool> {
        Box::pin(async move { Ok(self.0.settle().await) })
    }
}
