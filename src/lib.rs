//! A two-level cache, process-local L1 in front of Redis, that is proven free of stale reads.
//!
//! [`TieredCache`] is linearizable for one process: a read never returns a value older than one whose write was
//! acknowledged before it, nor older than one that an earlier read returned. The simulator beside it, `selvedge-sim`,
//! runs this very code through every schedule of its test cases; the cache is generic over its [primitives](sync), and
//! what is proven is what ships.
//!
//! # A first cache
//!
//! A cache over [Redis](remote::Redis) (with the feature `redis`, a default), with a bound and a time to live:
//!
//! ```no_run
//! # #[cfg(feature = "redis")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use selvedge::TieredCache;
//! use selvedge::remote::Redis;
//!
//! let redis = Redis::builder("redis://127.0.0.1/").prefix("shop:v1:").build()?;
//! let cache = TieredCache::builder(redis)
//!     .local_ttl(Duration::from_secs(30)) // how long this process may miss another one's write
//!     .remote_ttl(Duration::from_secs(3_600))
//!     .max_entries(100_000) // of the local tier
//!     .build();
//!
//! let key = String::from("basket:7");
//! cache.set(&key, &vec![String::from("tea")]).await?;
//! assert_eq!(cache.get(&key).await?.unwrap(), ["tea"]); // reads Redis, and keeps the value locally
//! assert_eq!(cache.get(&key).await?.unwrap(), ["tea"]); // local
//! # Ok(())
//! # }
//! ```
//!
//! A builder has to know how long the cache may miss another process's writes: it does not build without a
//! [`local_ttl`](Builder::local_ttl), unless it is told that this is the [`single_process`](Builder::single_process).
//!
//! # A remote tier of your own
//!
//! Anything that implements [`Remote`] can take the place of Redis. This one is a map in memory.
//!
//! ```
//! use std::collections::HashMap;
//! use std::convert::Infallible;
//! use std::sync::Mutex;
//! use std::time::Duration;
//!
//! use selvedge::remote::Found;
//! use selvedge::{Remote, TieredCache};
//!
//! #[derive(Default)]
//! struct InMemory(Mutex<HashMap<String, u32>>);
//!
//! impl Remote<String, u32> for InMemory {
//!     type Error = Infallible;
//!
//!     async fn get(&self, key: &String) -> Result<Option<Found<u32>>, Infallible> {
//!         Ok(self.0.lock().unwrap().get(key).copied().map(Found::lasting))
//!     }
//!
//!     // This map does not expire anything.
//!     async fn set(&self, key: &String, value: &u32, _: Option<Duration>) -> Result<(), Infallible> {
//!         self.0.lock().unwrap().insert(key.clone(), *value);
//!         Ok(())
//!     }
//!
//!     async fn delete(&self, key: &String) -> Result<(), Infallible> {
//!         self.0.lock().unwrap().remove(key);
//!         Ok(())
//!     }
//! }
//!
//! # async fn example() -> Result<(), selvedge::Error<String, Infallible>> {
//! let cache = TieredCache::builder(InMemory::default()).single_process().max_entries(10_000).build();
//!
//! let key = String::from("user:1");
//! cache.set(&key, &7).await?;
//! assert_eq!(cache.get(&key).await?, Some(7)); // asks the remote tier, and keeps the answer
//! assert_eq!(cache.get(&key).await?, Some(7)); // local
//! cache.delete(&key).await?;
//! assert_eq!(cache.get(&key).await?, None);
//!
//! // The same without async:
//! let cache = cache.blocking();
//! cache.set(&key, &8)?;
//! assert_eq!(cache.get(&key)?, Some(8));
//! # Ok(())
//! # }
//! # use selvedge::sync::{Primitives, Std};
//! # Std::block_on(example()).unwrap();
//! ```
//!
//! # What it promises, and what not
//!
//! - One process is linearizable, as long as all its writes go through one cache. Other processes' writes are seen when
//!   the local entry expires, after the [local TTL](Builder::local_ttl) at the latest; or when they are
//!   [notified](TieredCache::invalidate).
//! - A write whose outcome is not known, since it failed or its future was dropped, makes the cache slower for its key,
//!   not wrong. See [`TieredCache`].
//! - Where a source of truth is behind the remote tier, [`get_or_load`](TieredCache::get_or_load) reads it, once for all who
//!   wait, and fills both tiers with what no write has overtaken.
//! - The local tier grows with the number of keys that are read, unless it is given a [bound](Builder::max_entries).

mod builder;
mod derived;
mod error;
mod fills;
mod flights;
mod l1;
mod lost;
mod stats;
mod stripe;
mod template;
mod tiered;
mod wakers;

#[cfg(feature = "redis")]
pub mod codec;
pub mod remote;
pub mod sync;

pub use builder::{Builder, Decided, Decision, RemoteFailure, Undecided};
pub use error::{Cause, Error, Operation};
pub use l1::RemovalCause;
pub use remote::Remote;
pub use stats::Stats;
pub use template::{Template, TemplateError};
pub use tiered::{Blocking, TieredCache};

/// What the cache is made of, for the simulator: to build caches that differ in one step, and to name what is in a map.
/// No promise is made of it.
#[doc(hidden)]
pub mod parts {
    pub use crate::l1::{Bound, Cached, L1, Listener};
    pub use crate::lost::Book as BookOfLost;
    pub use crate::stripe::{Stripe, Stripes, Token};
    pub use crate::tiered::Kept;
}
