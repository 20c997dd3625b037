//! A two-level cache, process-local L1 in front of Redis, that is proven free of stale reads.
//!
//! [`TieredCache`] is linearizable for one process: a read never returns a version older than one
//! that was acknowledged before it, nor older than one that an earlier read returned. The simulator
//! `selvedge-sim` runs this code through every schedule of its test cases. The cache is generic
//! over its [primitives](sync), so that the code that is proven is the code that ships.
//!
//! # A first cache
//!
//! A cache over [Redis](remote::Redis) (with the feature `redis`, a default), with a bound and a
//! time to live:
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
//!     .local_ttl(Duration::from_secs(30)) // limit on missing another process's write
//!     .remote_ttl(Duration::from_secs(3_600))
//!     .max_entries(100_000) // of the local tier
//!     .build();
//!
//! let key = String::from("basket:7");
//! cache.set(&key, &vec![String::from("tea")]).await?;
//! assert_eq!(cache.get(&key).await?.unwrap(), ["tea"]); // reads Redis, and caches the value
//! assert_eq!(cache.get(&key).await?.unwrap(), ["tea"]); // local
//! # Ok(())
//! # }
//! ```
//!
//! A builder requires a [`local_ttl`](Builder::local_ttl), which limits how long the cache may miss
//! another process's writes, or a [`single_process`](Builder::single_process); or
//! [`notified`](Builder::notified), with which Redis notifies the cache of other processes' writes;
//! or [`strict`](Builder::strict), with which no process reads an old value: see [`nodes`].
//!
//! # A remote tier of your own
//!
//! Each type that implements [`Remote`] can replace Redis. This one is a map in memory.
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
//!     async fn set(
//!         &self,
//!         key: &String,
//!         value: &u32,
//!         _: Option<Duration>,
//!     ) -> Result<(), Self::Error> {
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
//! let remote = InMemory::default();
//! let cache = TieredCache::builder(remote).single_process().max_entries(9_000).build();
//!
//! let key = String::from("user:1");
//! cache.set(&key, &7).await?;
//! assert_eq!(cache.get(&key).await?, Some(7)); // queries the remote tier, and caches the value
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
//! # Guarantees and limits
//!
//! - One process is linearizable if all its writes go through one cache. Another process's write is
//!   seen when the local entry expires, after the [local TTL](Builder::local_ttl) at the latest; or
//!   when this process is [notified](TieredCache::invalidate).
//! - With [`nodes::Notified`], Redis notifies several processes of each other's writes. Staleness
//!   is bounded, and the reads of one process never go backwards.
//! - With [`nodes::Strict`], several processes are linearizable together. A hit still sends no
//!   request; a write waits for the other processes.
//! - A write of unknown outcome, because it failed or its future was dropped, makes the cache
//!   slower for its key, but not wrong. See [`TieredCache`].
//! - If a source of truth is behind the remote tier, [`get_or_load`](TieredCache::get_or_load)
//!   reads it, once for all waiting callers, and fills both tiers unless a newer write has begun.
//! - The local tier grows with the number of keys that are read, unless it has a
//!   [bound](Builder::max_entries).

mod builder;
mod derived;
mod error;
mod fence;
mod flights;
mod l1;
mod lookup;
mod member;
mod settings;
mod stats;
mod template;
mod tiered;

#[cfg(feature = "redis")]
pub mod codec;
pub mod nodes;
pub mod remote;
pub mod sync;

pub use builder::{Builder, Decided, Decision, Undecided};
pub use error::{Cause, Error, Operation};
pub use l1::RemovalCause;
pub use remote::Remote;
pub use settings::RemoteFailure;
pub use stats::Stats;
pub use template::{Template, TemplateError};
pub use tiered::{Blocking, TieredCache};

/// The parts of the cache, for the simulator: it builds caches that differ in one step, and
/// inspects the values of maps and locks. Not part of the public API.
#[doc(hidden)]
pub mod parts {
    pub use crate::fence::{LostStripes, Stripe, Stripes, Token};
    pub use crate::l1::{Bound, Cached, L1, Listener};
    pub use crate::lookup::Lookup;
    pub use crate::member::OpenWrites;
}
