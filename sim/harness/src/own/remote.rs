//! The remote tier for caches of one's own.

use std::convert::Infallible;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::Found;

use crate::backends::made_for;
use crate::history::{Key, Value};
use crate::protocols::Failure;

/// The remote tier, and the source of truth: each write makes a version. Clones are the same store.
///
/// It is a [`Remote`] too, for caches that take one, such as [`selvedge::TieredCache`].
#[derive(Clone)]
pub struct Redis {
    commands: Arc<dyn Commands>,
}

impl Redis {
    pub(super) fn new(remote: impl Remote<Key, Value, Error = Failure> + 'static) -> Self {
        Redis { commands: Arc::new(Over(remote)) }
    }

    /// The key's value.
    #[track_caller]
    pub fn get(&self, key: Key) -> impl Future<Output = Option<Value>> + Send {
        let found = self.made_for(Location::caller(), self.commands.get(key));
        async { found.await.map(|found| found.value) }
    }

    /// Gives the key a value.
    #[track_caller]
    pub fn set(&self, key: Key, value: Value) -> impl Future<Output = ()> + Send {
        self.made_for(Location::caller(), self.commands.set(key, value, None))
    }

    /// Deletes the key.
    #[track_caller]
    pub fn delete(&self, key: Key) -> impl Future<Output = ()> + Send {
        self.made_for(Location::caller(), self.commands.delete(key))
    }

    /// The answer, whose step is shown at the line that sent the command.
    async fn made_for<T>(&self, source: &'static Location<'static>, answer: Answer<'_, T>) -> T {
        let answer = answer.await;
        made_for(source);
        answer
    }
}

impl Remote<Key, Value> for Redis {
    type Error = Infallible;

    #[track_caller]
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Found<Value>>, Infallible>> + Send {
        let found = self.made_for(Location::caller(), self.commands.get(*key));
        async { Ok(found.await) }
    }

    #[track_caller]
    fn set(
        &self,
        key: &Key,
        value: &Value,
        ttl: Option<Duration>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send {
        let done = self.made_for(Location::caller(), self.commands.set(*key, *value, ttl));
        async {
            done.await;
            Ok(())
        }
    }

    #[track_caller]
    fn delete(&self, key: &Key) -> impl Future<Output = Result<(), Infallible>> + Send {
        let done = self.made_for(Location::caller(), self.commands.delete(*key));
        async {
            done.await;
            Ok(())
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A remote tier whose type is forgotten, so that a cache over it need not be generic.
trait Commands: Send + Sync {
    fn get(&self, key: Key) -> Answer<'_, Option<Found<Value>>>;
    fn set(&self, key: Key, value: Value, ttl: Option<Duration>) -> Answer<'_, ()>;
    fn delete(&self, key: Key) -> Answer<'_, ()>;
}

struct Over<R>(R);

const NOTHING_FAILS: &str = "a scenario in code has no faults";

impl<R: Remote<Key, Value, Error = Failure>> Commands for Over<R> {
    fn get(&self, key: Key) -> Answer<'_, Option<Found<Value>>> {
        Box::pin(async move { self.0.get(&key).await.expect(NOTHING_FAILS) })
    }

    fn set(&self, key: Key, value: Value, ttl: Option<Duration>) -> Answer<'_, ()> {
        Box::pin(async move {
            self.0.set(&key, &value, ttl).await.expect(NOTHING_FAILS);
        })
    }

    fn delete(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            self.0.delete(&key).await.expect(NOTHING_FAILS);
        })
    }
}
