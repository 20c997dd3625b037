//! The interfaces to the server: typed, redis-rs' traits, and sockets.
//!
//! All three share a [`Redis`]: one server, one clock, one list of injected faults. Each connection
//! sees the effects of every other connection, whatever its interface.

mod api;
mod client;
mod clock;
#[cfg(feature = "engine")]
mod explored;
mod fault;
mod inbox;
mod listen;
mod outbox;
mod shared;
mod turn;

pub use api::{Redis, Sent};
pub use client::{AsyncConnection, Connection};
pub use clock::{Clock, TestClock, WallClock};
#[cfg(feature = "engine")]
pub use explored::{Seen, Wire, WireClient};
pub use fault::Fault;
pub use listen::{Address, Listener};
