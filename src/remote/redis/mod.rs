//! Redis as the remote tier, over [redis-rs](https://docs.rs/redis). With the cargo feature `redis`, which is on by
//! default.
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
//! let cache = TieredCache::builder(redis).local_ttl(Duration::from_secs(60)).max_entries(10_000).build();
//!
//! let key = String::from("basket:7");
//! cache.set(&key, &vec![String::from("tea")]).await?;
//! assert_eq!(cache.get(&key).await?, Some(vec![String::from("tea")]));
//! # Ok(())
//! # }
//! ```
//!
//! # What is asked of the server
//!
//! One Redis or Valkey primary, version 5 or newer, reached directly. A proxy in between hides which connection a
//! command came over, a replica answers with the past, and a cluster is not spoken to.
//!
//! | call | commands | round trips |
//! |---|---|---|
//! | `get` | `MULTI GET PTTL EXEC` | 1 |
//! | `get_many` | `MULTI MGET PTTL… EXEC` | 1 |
//! | `set` | `SET`, with `PX` if it has a TTL | 1 |
//! | `delete`, `delete_many` | `DEL` | 1 |
//!
//! `GET` and `PTTL` are one transaction. If they were two commands, a write in between could pair an old value with a
//! new life, and the local tier would keep it for longer than Redis did. A Lua script would do as well; the server
//! spends about four times as long on it (2 µs, 0.5 µs for the transaction), and has to be let run scripts.
//!
//! # Commands that are lost
//!
//! A `SET` that timed out, or whose future was dropped, or whose connection broke, may still lie in a socket's buffer,
//! and Redis reads what was sent over a connection even after the other side has closed it. So no time is long enough
//! to wait. But Redis carries out a connection's commands in their order, and only while it has the connection. Hence
//! [`settle`](super::Remote::settle):
//!
//! - If the connection still works, `PING` over it. Its answer means that all that was sent before is done with.
//! - If not, a new connection is made. It begins with `CLIENT KILL ID` for each one before it, so that a connection that
//!   works is proof that no earlier one is left. That is done only if both lead to the same server process (the `run_id`
//!   of `INFO`): another process does not have the old connections, and its ids are others.
//!
//! If the address leads to another process than before, the earlier one is taken to be out of service. The user needs
//! the permissions `CLIENT|ID`, `CLIENT|KILL` and `INFO`. Without them everything else works, but once a connection has
//! broken, `settle` is not certain until the user has them, or the server process has been started again. A connection to a
//! server that wants a password, is loading or is busy is not used: such a server would not tell its number.
//!
//! # Leases: the second fence
//!
//! Where Redis itself is filled from a source of truth, a fence in one process is not enough: node 1 misses and loads the
//! old value; node 2 writes the source of truth and deletes the key in Redis; node 1's fill arrives, and the old value is
//! back, for all nodes, until it expires. With [`Builder::leases`] a miss takes a *lease*, each `set` and `delete` ends
//! it, and a fill whose lease has ended is refused (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section
//! 3.2.1). For that:
//!
//! - All nodes that write these keys use the option. A `DEL` by a program that does not know of leases is not noticed.
//! - A node writes the source of truth *first*, and then deletes the key (or sets it) here.
//! - A load that takes longer than the lease is not kept.
//!
//! What it costs: a miss writes a short-lived key of its own and is a script of about 3 µs, and so is a fill; a `SET`
//! becomes a transaction of `SET` and `DEL`; a `DEL` names two keys. All are one round trip as before. [`get`] is the
//! same with and without.
//!
//! A lease is random, and not a counter: a counter that Redis lost (a restart, an eviction) would begin anew, and an old
//! fill could hold its number by chance. Readers who miss while a lease is out share it. That the source of truth is then
//! read by each of them is for the single flight of each node to limit.
//!
//! [`get`]: super::Remote::get

mod builder;
mod command;
mod connector;
mod error;
mod executor;
mod lease;
mod link;
mod store;

pub use builder::{BuildError, Builder};
pub use error::{Error, Problem};
pub use store::Redis;
