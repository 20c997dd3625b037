//! The kinds of caches that `check` accepts: one that cannot fail, one that can, or the one that
//! ships.

use std::any;

use selvedge::{Remote, TieredCache};

use super::Cache;
use crate::backends::Engine;
use crate::history::{Key, Value};
use crate::protocols::{self, Failure};

/// A cache that a scenario in code can test: a [`Cache`], a [`Fallible`] cache, or a
/// [`TieredCache`].
pub trait UnderTest: Sized + Send + Sync + 'static {
    /// The cache in the simulator's interface.
    #[doc(hidden)]
    type Tested: protocols::CacheUnderTest;

    /// Converts the cache to the simulator's interface.
    #[doc(hidden)]
    fn under_test(self) -> Self::Tested;

    /// The cache's type name, for reports.
    #[doc(hidden)]
    fn name() -> &'static str {
        any::type_name::<Self>()
    }
}

/// A cache whose operations can fail, such as one that returns its tiers' errors to its caller. A
/// failed operation has an unknown outcome: a later read may or may not see it.
///
/// For scenarios with [`faults`](super::ScenarioBuilder::faults).
#[derive(Clone, Copy, Debug)]
pub struct Fallible<C>(
    /// The cache.
    pub C,
);

/// A cache whose operations always succeed.
#[derive(Debug)]
pub struct Infallible<C>(C);

impl<C: Cache> UnderTest for C {
    type Tested = Infallible<C>;

    fn under_test(self) -> Infallible<C> {
        Infallible(self)
    }
}

impl<C: protocols::CacheUnderTest> UnderTest for Fallible<C> {
    type Tested = C;

    fn under_test(self) -> C {
        self.0
    }

    fn name() -> &'static str {
        any::type_name::<C>()
    }
}

impl<R: Remote<Key, Value, Error = Failure> + 'static> UnderTest for TieredCache<Key, Value, R, Engine> {
    type Tested = Self;

    fn under_test(self) -> Self {
        self
    }
}

impl<C: Cache> protocols::CacheUnderTest for Infallible<C> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        Ok(self.0.get(key).await)
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.0.set(key, value).await;
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.0.delete(key).await;
        Ok(())
    }

    async fn load<F>(&self, key: Key, source: impl FnOnce() -> F + Send) -> Result<Option<Value>, Failure>
    where
        F: Future<Output = Result<Option<Value>, Failure>> + Send,
    {
        self.0.load(key, source).await
    }

    async fn update(
        &self,
        key: Key,
        compute: impl Fn(Option<Value>) -> Value + Send + Sync,
    ) -> Result<(), Failure> {
        self.0.update(key, compute).await;
        Ok(())
    }

    async fn compare_and_set<F>(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
        _: impl FnOnce() -> F + Send,
    ) -> Result<bool, Failure>
    where
        F: Future<Output = Result<bool, Failure>> + Send,
    {
        Ok(self.0.compare_and_set(key, expected, value).await)
    }

    fn evict(&self, key: Key) {
        self.0.evict(key);
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn invalidate(&self, key: Key) {
        self.0.invalidate(key);
    }

    fn invalidate_all(&self) {
        self.0.invalidate_all();
    }
}

/// A custom cache, which may use the [server](super::Setup::server) of its setup.
pub(super) struct Custom<C> {
    pub(super) cache: C,
    #[cfg(feature = "redis")]
    pub(super) server: super::Server,
}

impl<C> Custom<C> {
    /// Begins an operation.
    fn begin(&self) -> &C {
        #[cfg(feature = "redis")]
        self.server.begin_operation();
        &self.cache
    }
}

impl<C: protocols::CacheUnderTest> protocols::CacheUnderTest for Custom<C> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.begin().get(key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.begin().set(key, value).await
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.begin().delete(key).await
    }

    async fn load<F>(&self, key: Key, source: impl FnOnce() -> F + Send) -> Result<Option<Value>, Failure>
    where
        F: Future<Output = Result<Option<Value>, Failure>> + Send,
    {
        self.begin().load(key, source).await
    }

    async fn update(
        &self,
        key: Key,
        compute: impl Fn(Option<Value>) -> Value + Send + Sync,
    ) -> Result<(), Failure> {
        self.begin().update(key, compute).await
    }

    async fn compare_and_set<F>(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
        at_source: impl FnOnce() -> F + Send,
    ) -> Result<bool, Failure>
    where
        F: Future<Output = Result<bool, Failure>> + Send,
    {
        let at_source = || {
            #[cfg(feature = "redis")]
            self.server.assert_unused(key);
            at_source()
        };
        self.begin().compare_and_set(key, expected, value, at_source).await
    }

    fn evict(&self, key: Key) {
        self.begin().evict(key);
    }

    fn clear(&self) {
        self.begin().clear();
    }

    fn expire(&self, key: Key) {
        #[cfg(feature = "redis")]
        self.server.expire(key);
        #[cfg(not(feature = "redis"))]
        let _ = key;
    }

    fn invalidate(&self, key: Key) {
        self.begin().invalidate(key);
    }

    fn invalidate_all(&self) {
        self.begin().invalidate_all();
    }
}
