//! The remote tier: its trait, and [`Redis`].

// The trait of this module.
#[expect(
    clippy::module_inception,
    reason = "a file is named after its idea, and this one is the remote tier"
)]
mod remote;

mod coordinator;
#[cfg(feature = "redis")]
mod key;
#[cfg(feature = "redis")]
pub mod redis;

pub use coordinator::{Change, CommandFuture, Coordinator, Leaseholder, Reading, Registry};
#[cfg(feature = "redis")]
pub use key::{KeyBytes, KeyFromBytes};
#[cfg(feature = "redis")]
pub use redis::Redis;
pub use remote::{Fill, Found, Lease, Outcome, Remote};
