//! Tests a custom cache from Rust, in ten lines of `tests/cache.rs`.
//!
//! Implement [`Cache`], describe the threads that call it in a [`scenario`], and [`check`] it.
//! Every schedule is explored. If one breaks the required consistency, the test fails with the
//! trace of the simplest such schedule, and the reason in words, as `selvedge trace` shows them.
//!
//! ```
//! use selvedge_sim::custom::{Cache, Key, LocalTier, Redis, Rule, Setup, Value, check, scenario};
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
//! # let counts = "aside: stale in 1, lasting in 1 of 5 schedules: not linearizable\n";
//! # assert!(failure.starts_with(counts), "{failure}");
//! # let reason = "Stale: observer's get user:1 returned v0 after v1 had been acknowledged.";
//! # assert!(failure.contains(reason), "{failure}");
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
//! The report suits insta snapshots: `insta::assert_snapshot!(check(…))` records the counts and the
//! witness, but no time and no line.
//!
//! # What the cache may use
//!
//! Tasks switch only at accesses to the simulator's objects. So all state that the cache shares
//! must be in such objects:
//!
//! - [`LocalTier`] and [`Redis`], of the [`Setup`]: the trace shows their steps in terms of caches;
//! - or the [`engine`]'s mutexes, atomics, maps and channels, with the names and signatures of
//!   std's. The trace shows their steps in the engine's terms. A local tier that is built of them
//!   starts with the entries in [`Setup::warm`];
//! - or [`selvedge::TieredCache`], on [`backends::Engine`](crate::backends::Engine) and this
//!   [`Redis`];
//! - or, with the feature `redis`, a connection of `Setup::server`, for a cache over redis-rs
//!   without changes. See [below](#a-cache-over-redis-rs).
//!
//! The futures that the cache awaits must use these objects too: the engine does not see state that
//! another crate's futures share. A search without a finding compares some schedules to detect such
//! state, and is *bounded* if it exists. Run that part with [`block_on`](engine::future::block_on),
//! which explores each poll in every order.
//!
//! # What a scenario can have
//!
//! [`ScenarioBuilder`] has all fields of a scenario file, with the same names: a database as the
//! source of truth, from which a `get` loads; commands and loads that fail, and futures that are
//! dropped; keys that expire or are evicted in either tier; writes of other nodes; axes, whose
//! combinations [`check_all`] explores; and the stateful search.
//!
//! ```
//! use selvedge_sim::custom::{Cache, Engine, Key, Redis, RemoteStart, Rule};
//! use selvedge_sim::custom::{Setup, Source, Value, check, scenario};
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
//! [`prove()`] explores every client up to a bound, instead of the threads of one scenario.
//!
//! Wrap a cache with other types of keys and values: [`Key::name`] is a string, and a key and a
//! version identify a [`Value`]. A cache without async is easier to write with [`closures`].
//!
//! # A cache over redis-rs
//!
//! A cache that takes a redis-rs connection by its traits receives one of `Setup::server`. Its own
//! code, moka included, does not change. The workspace has such a cache, `sim/team-cache`, with its
//! test; `docs/your-cache.md` describes it.
//!
//! Between two commands, the engine does not see the cache's accesses. It treats them as one block:
//! from the start of the operation, or the arrival of a reply, to the next command or the end. It
//! explores blocks in every order with each other and with the server's commands, one block at a
//! time. So it finds reorderings of *commands* and of the code between them: a backfill after an
//! invalidation, a lost update, a local entry that outlives its key. It does not find:
//!
//! - races of two threads within one block: a check and an act on the local tier with no command
//!   between them, a lock that is released too early, weak memory. To find them, divide the block:
//!   build the local tier of [`LocalTier`] or of the [`engine`]'s types, if the cache is generic,
//!   or call `begin_local_code` of the server between the two accesses;
//! - code that waits within a block for another thread, such as moka's `get_with` around a command:
//!   the OS thread would wait for itself. Load first, then insert;
//! - several futures in one thread (`join!`, `select!`): a command completes when its future is
//!   first polled. Use one thread for each future;
//! - time within the local tier: it uses the real clock, which does not advance.
//!
//! The trace shows steps of such code as `local code` and `v0 arrives`. It does not show where the
//! code stores values.
//!
//! A cache that is generic over [`Primitives`](selvedge::sync::Primitives) supports more: as one of
//! several [`Caches`](crate::protocols::Caches), scenario files can name it, it runs on loom and on
//! shuttle, and it has the command line.

mod axes;
mod builder;
mod cache;
mod check;
mod chosen;
mod closures;
mod local_tier;
mod prove;
mod remote;
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
pub use prove::{AllClients, clients, prove};
pub use remote::Redis;
pub use selvedge_engine as engine;
pub use setup::Setup;
use under_test::Custom;
pub use under_test::{Fallible, UnderTest};

pub use crate::history::{Key, Value};
pub use crate::oracle::Rule;
pub use crate::protocols::{CacheUnderTest as FallibleCache, Failure, Settings, WarmEntry};
pub use crate::scenario::{Level, Local, RemoteStart, Source, Special};
#[cfg(feature = "redis")]
use crate::scripted::Server;
pub use crate::verdict::Engine;
