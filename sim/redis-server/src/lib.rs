//! A real redis-server for tests and benches: on a Unix socket in a temporary folder, and gone when it is dropped.
//!
//! ```no_run
//! use selvedge_redis_server::RedisServer;
//!
//! let Some(server) = RedisServer::start_or_skip("what this test is about") else { return };
//! println!("{}", server.url());
//! ```

mod server;

pub use server::RedisServer;
