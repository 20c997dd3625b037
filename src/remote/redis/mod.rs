//! Redis as the remote tier, over [redis-rs](https://docs.rs/redis). Requires the cargo feature
//! `redis`, which is on by default.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use selvedge::remote::Redis;
//! use selvedge::TieredCache;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::builder("redis://127.0.0.1/")
//!     .prefix("shop:v1:")
//!     .command_timeout(Duration::from_millis(250))
//!     .build()?;
//! let cache = TieredCache::builder(redis).local_ttl(Duration::from_secs(60)).build();
//!
//! let key = String::from("basket:7");
//! cache.set(&key, &vec![String::from("tea")]).await?;
//! assert_eq!(cache.get(&key).await?, Some(vec![String::from("tea")]));
//! # Ok(())
//! # }
//! ```
//!
//! # Requirements of the server
//!
//! One Redis or Valkey primary, version 5 or newer, with a direct connection. A proxy hides the
//! connection that a command was sent over, a replica returns old values, and clusters are not
//! supported.
//!
//! | call | commands | round trips |
//! |---|---|---|
//! | `get` | `MULTI GET PTTL EXEC` | 1 |
//! | `get_many` | `MULTI MGET PTTL… EXEC` | 1 |
//! | `set` | `SET`, with `PX` if it has a TTL | 1 |
//! | `delete`, `delete_many` | `DEL` | 1 |
//!
//! `GET` and `PTTL` are one transaction. As two commands, a write in between could combine an old
//! value with a new time to live, and the local tier would cache it longer than Redis. A Lua script
//! would also do, but takes the server about four times as long (2 µs instead of 0.5 µs), and needs
//! the permission to run scripts.
//!
//! # Notifications
//!
//! At the level [`Notified`](crate::nodes::Notified) each connection begins with `CLIENT TRACKING
//! ON BCAST NOLOOP PREFIX …`, in RESP3, and the server sends over it the key of each write by
//! another client, of each expiry and of each eviction. This requires Redis 6 and the permission
//! `CLIENT|TRACKING`. If the server refuses it, the cache serves nothing locally, and each read
//! queries Redis. With an empty prefix the server notifies of all keys.
//!
//! The commands use the same connection. So a node is notified by the server process that it
//! queries, and a notification is applied before a later reply is received. A `PING` four times in
//! the node's [bound](crate::nodes::Notified::within) is the heartbeat.
//!
//! # Coordination
//!
//! At the level [`Strict`](crate::nodes::Strict) the connection uses RESP3 and pub/sub:
//!
//! | call | commands | round trips |
//! |---|---|---|
//! | a read that is not local | `MULTI MGET PTTL EXISTS EXEC` | 1 |
//! | a write of one key | two scripts, of 6 and 3 commands | 2 |
//! | another node's answer | `PUBLISH` | 1 |
//! | a node, four times per lease | `HSET` | 1 |
//!
//! The keys are, for a cache with the prefix `shop:`:
//!
//! | key | contents |
//! |---|---|
//! | `selvedge:open:shop:KEY` | sorted set: the writes that have the key open, with deadlines |
//! | `selvedge:nodes:shop:` | hash: for each node, its last renewal and the length of its lease |
//!
//! The first expires, and the second does not. The channels are `selvedge:opened:shop:` and
//! `selvedge:answers:shop::NODE`. The level requires Redis 6, a [prefix](Builder::prefix), the
//! permissions `@pubsub` (with these channels) and `@scripting`, and a `maxmemory-policy` that does
//! not evict the registry, which has no TTL: one of `volatile-*` or `noeviction`. If the server
//! refuses `SUBSCRIBE`, the cache serves nothing locally.
//!
//! # Commands that are lost
//!
//! A `SET` that timed out, whose future was dropped or whose connection broke may still be in a
//! socket's buffer, and Redis executes what was sent over a connection even after the peer has
//! closed it. So no timeout is long enough. But Redis executes the commands of a connection in
//! order, and only while the connection exists. Hence [`settle`](super::Remote::settle):
//!
//! - If the connection works, send `PING` over it. Its answer means that all earlier commands have
//!   completed.
//! - If not, make a new connection. It begins with `CLIENT KILL ID` for each earlier one, so that a
//!   working connection proves that no earlier one is left. This applies only if both lead to the
//!   same server process (the `run_id` of `INFO`): another process does not have the old
//!   connections, and its ids differ.
//!
//! If the address leads to another process than before, the earlier process is assumed to be out of
//! service. The user needs the permissions `CLIENT|ID`, `CLIENT|KILL` and `INFO`. Without them
//! everything else works, but after a connection has broken, `settle` returns `false`:
//!
//! - without `CLIENT|KILL`: until the user has it, or the server process has restarted;
//! - if `CLIENT|ID` or `INFO` was missing when the connection broke: until the server process has
//!   restarted. Without `INFO` only the server's age identifies the process, so it must have
//!   restarted at least 1 s after the connection broke.
//!
//! A connection to a server that requires a password, is loading or is busy is not used: such a
//! server does not report its connection id.
//!
//! # Leases: the second fence
//!
//! If Redis itself is filled from a source of truth, a fence in one process is not enough: node 1
//! misses and loads the old value; node 2 writes the source of truth and deletes the key in Redis;
//! node 1's fill arrives, and all nodes read the old value until it expires. With
//! [`Builder::leases`] a miss takes a *lease*, each `set` and `delete` ends it, and a fill whose
//! lease has ended is refused (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section
//! 3.2.1). The conditions:
//!
//! - All nodes that write these keys use the option. A `DEL` by a program without leases is not
//!   noticed.
//! - A node writes the source of truth *first*, and then deletes the key (or sets it) here.
//! - A value whose load takes longer than the lease is not stored.
//!
//! The cost: a miss writes a short-lived key and runs a script of about 3 µs, as does a fill; a
//! `SET` becomes a transaction of `SET` and `DEL`; a `DEL` has two keys. All take one round trip,
//! as before. [`get`] is unchanged.
//!
//! A lease is random, not a counter: a counter that Redis lost (by a restart or an eviction) would
//! restart, and could reach the number of an old fill. Readers that miss while a lease exists share
//! it. Each of them then reads the source of truth; the single-flight of each node limits that.
//!
//! [`get`]: super::Remote::get

mod builder;
mod command;
mod connector;
mod coordination;
mod error;
mod executor;
mod feed;
mod lease;
mod link;
mod membership;
mod store;

pub use builder::{BuildError, Builder};
pub use error::{Error, Problem};
pub use store::Redis;
