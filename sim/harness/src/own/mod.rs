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
//! - or, with the feature `redis`, a connection of `Setup::server`: for a cache that is written for redis-rs, and is
//!   explored as it is. See [below](#a-cache-over-redis-rs).
//!
//! What it awaits has to be theirs too: state that another crate's futures share is not seen. A search that found nothing wrong
//! compares some schedules for such state, and is *bounded* if there is any. Run that part with
//! [`block_on`](engine::future::block_on), which explores each poll in every order.
//!
//! # What a scenario can have
//!
//! All that a scenario in a file has, under the same names: see [`ScenarioBuilder`]. A database as the source of truth, from which
//! a `get` loads; commands and loads that fail, and futures that are dropped; keys that expire in either tier, or leave it; other
//! nodes that write; axes, of which [`check_all`] explores every combination; and the search by states.
//!
//! ```
//! use selvedge_sim::own::{Cache, Engine, Key, Redis, RemoteStart, Rule, Setup, Source, Value, check, scenario};
//!
//! /// Redis in front of a database, and no local tier.
//! struct Plain(Redis);
//!
//! impl Cache for Plain {
//!     async fn get(&self, key: Key) -> Option<Value> { self.0.get(key).await }
//!     async fn set(&self, key: Key, value: Value) { self.0.set(key, value).await }
//!     async fn delete(&self, key: Key) { self.0.delete(key).await }
//! }
//!
//! // get, load, set: the fill comes after the writer's deletion.
//! let late_fill = || {
//!     scenario("plain", |setup: Setup| Plain(setup.redis))
//!         .remote(RemoteStart::Absent)
//!         .source(Source::Database)
//!         .thread("reader", ["get user:1"])
//!         .thread("writer", ["set user:1"])
//!         .violations([Rule::Stale, Rule::Lasting])
//! };
//! check(late_fill());
//! check(late_fill().engine(Engine::Stateful));
//! ```
//!
//! A cache with other types of keys and values is wrapped: [`Key::name`] is a string, and a [`Value`] is told by its key
//! and its version. One without async is quicker said as [`closures`].
//!
//! # A cache over redis-rs
//!
//! A cache that takes a connection of redis-rs, by its traits, is handed one of `Setup::server`. It need not know: its own
//! code, moka and all, stays as it is. The workspace has such a cache, `sim/team-cache`, and its test; `docs/your-cache.md` tells
//! of it.
//!
//! Between two commands the engine does not see what the cache does. It takes all of it for one block: from the beginning of
//! the operation, or from the arrival of a reply, to the next command or the end. Blocks go in every order, one at a time,
//! and in every order with what the server executes. So what is found is how *commands* and the code between them come out of
//! order: a backfill after an invalidation, a lost update, a local entry that outlives its key. What is not:
//!
//! - two threads within one block: a check and an act on the local tier with no command between them, a lock that is given up
//!   too early, weak memory. For that, the block has to be cut: build the local tier of [`LocalTier`] or of the [`engine`]'s
//!   types, where the cache is generic, or call `begin_local_code` of the server between the two;
//! - code that waits within a block for another thread, such as moka's `get_with` around a command: the OS thread would wait for
//!   itself. Load first, then insert;
//! - several futures in one thread (`join!`, `select!`): a command is done when its future is first polled. Give each its thread;
//! - time within the local tier: its clock is the real one, and does not move.
//!
//! Steps of such code are shown as `local code` and `v0 arrives`. What it kept where, no step tells.
//!
//! A cache that is generic over [`Primitives`](selvedge::sync::Primitives) can do more: as one of some
//! [`Caches`](crate::protocols::Caches) it is named by scenarios in files, runs on loom and on shuttle, and has the
//! command line to itself.

mod axes;
mod builder;
mod cache;
mod check;
mod chosen;
mod closures;
mod local_tier;
mod remote;
#[cfg(feature = "redis")]
mod server;
mod setup;
#[cfg(feature = "redis")]
mod text;
mod under_test;

pub use builder::{Draft, ScenarioBuilder, scenario};
pub use cache::Cache;
pub use check::{check, check_all};
use chosen::Chosen;
pub use closures::{Closures, closures};
pub use local_tier::LocalTier;
pub use remote::Redis;
pub use selvedge_engine as engine;
#[cfg(feature = "redis")]
use server::Server;
pub use setup::Setup;
use under_test::Own;
pub use under_test::{Fallible, UnderTest};

pub use crate::history::{Key, Value};
pub use crate::oracle::Rule;
pub use crate::protocols::{CacheUnderTest as FallibleCache, Failure, Settings, WarmEntry};
pub use crate::scenario::{Level, Local, RemoteStart, Source, Special};
pub use crate::verdict::Engine;
