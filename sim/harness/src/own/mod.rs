//! A cache of one's own under test, from Rust: ten lines in `tests/cache.rs`.
//!
//! Implement [`Cache`] for it, say in a [`scenario`] which threads call it, and [`check`] it. Every schedule is run. If
//! one breaks the consistency that is asked for, the test fails with the trace of the simplest, and the reason in words:
//! what `selvedge trace` shows.
//!
//! ```
//! use selvedge_sim::own::{Cache, Key, LocalTier, Redis, Rule, Setup, Value, check, scenario};
//!
//! /// Cache-aside, as in the article: write Redis, then drop the local entry.
//! struct Aside { local: LocalTier, redis: Redis }
//!
//! impl Cache for Aside {
//!     async fn get(&self, key: Key) -> Option<Value> {
//!         if let Some(value) = self.local.get(key) { return Some(value) }
//!         let value = self.redis.get(key).await?;
//!         self.local.insert(key, value);
//!         Some(value)
//!     }
//!     async fn set(&self, key: Key, value: Value) {
//!         self.redis.set(key, value).await;
//!         self.local.remove(key);
//!     }
//!     async fn delete(&self, key: Key) {
//!         self.redis.delete(key).await;
//!         self.local.remove(key);
//!     }
//! }
//!
//! # /*
//! #[test]
//! # */
//! fn a_read_that_follows_a_write_sees_it() {
//!     check(
//!         scenario("aside", |Setup { local, redis, .. }| Aside { local, redis })
//!             .thread("reader", ["get user:1"])
//!             .thread("writer", ["set user:1"]),
//!     );
//! }
//! # let failure = std::panic::catch_unwind(a_read_that_follows_a_write_sees_it).unwrap_err();
//! # let failure = failure.downcast_ref::<String>().unwrap();
//! # assert!(failure.starts_with("aside: stale in 1, lasting in 1 of 5 schedules: not linearizable\n"), "{failure}");
//! # assert!(failure.contains("Stale: observer's get user:1 returned v0 after v1 had been acknowledged."));
//!
//! // It fails: stale in 1 of 5 schedules. As a control, which must fail, it passes:
//! let report = check(
//!     scenario("aside", |Setup { local, redis, .. }| Aside { local, redis })
//!         .thread("reader", ["get user:1"])
//!         .thread("writer", ["set user:1"])
//!         .violations([Rule::Stale, Rule::Lasting]),
//! );
//! assert_eq!(report.schedules, 5);
//! ```
//!
//! The report is what insta can hold to a snapshot: `insta::assert_snapshot!(check(…))` records the counts and the
//! witness, and never a time or a line.
//!
//! # What the cache may use
//!
//! Each task of a schedule stops where it touches something that others can touch, and only there. So what the cache
//! shares has to be the simulator's:
//!
//! - [`LocalTier`] and [`Redis`], of the [`Setup`]: their steps are shown in the words of caches;
//! - or the [`engine`]'s mutexes, atomics, maps and channels, whose names and signatures are std's. Their steps are
//!   shown too, as what they are. A local tier that is built of them starts with what [`Setup::warm`] says;
//! - or [`selvedge::TieredCache`], on [`backends::Engine`](crate::backends::Engine) and this [`Redis`].
//!
//! What it awaits has to be theirs too: state that another crate's futures share is not seen.
//!
//! A cache with other types of keys and values is wrapped: [`Key::name`] is a string, and a [`Value`] is told by its key
//! and its version. One without async is quicker said as [`closures`].
//!
//! A cache that is generic over [`Primitives`](selvedge::sync::Primitives) can do more: as one of some
//! [`Caches`](crate::protocols::Caches) it is named by scenarios in files, runs on loom and on shuttle, and has the
//! command line to itself.

mod builder;
mod cache;
mod check;
mod chosen;
mod closures;
mod local_tier;
mod remote;
mod setup;

pub use builder::{ScenarioBuilder, scenario};
pub use cache::Cache;
use cache::Own;
pub use check::check;
use chosen::Chosen;
pub use closures::{Closures, closures};
pub use local_tier::LocalTier;
pub use remote::Redis;
pub use selvedge_engine as engine;
pub use setup::Setup;

pub use crate::history::{Key, Value};
pub use crate::oracle::Rule;
pub use crate::protocols::WarmEntry;
pub use crate::scenario::{Level, Local, RemoteStart};
