//! Starts a real redis-server for tests and benchmarks, on a Unix socket in a temporary folder. The
//! server is stopped when the handle is dropped.
//!
//! ```no_run
//! use selvedge_redis_server::RedisServer;
//!
//! let Some(server) = RedisServer::start_or_skip("a test against a real server") else { return };
//! println!("{}", server.url());
//! ```

mod server;

pub use server::RedisServer;
