//! The remote tier: what the cache asks of it, and [`Redis`].

// The one trait that this module is about.
#[expect(
    clippy::module_inception,
    reason = "a file is named after its idea, and this one is the remote tier"
)]
mod remote;

#[cfg(feature = "redis")]
mod key;
#[cfg(feature = "redis")]
pub mod redis;

#[cfg(feature = "redis")]
pub use key::KeyBytes;
#[cfg(feature = "redis")]
pub use redis::Redis;
pub use remote::{Fill, Found, Lease, Outcome, Remote};
