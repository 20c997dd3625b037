//! How one gets at the server: typed, as redis-rs, or over a socket.
//!
//! All three share a [`Redis`]: one server, one clock, one list of faults that are to come. A connection of one kind sees
//! what a connection of another kind has done.

mod api;
mod client;
mod clock;
#[cfg(feature = "engine")]
mod explored;
mod fault;
mod listen;
mod outbox;
mod shared;

pub use api::{Redis, Sent};
pub use client::{AsyncConnection, Connection};
pub use clock::{Clock, TestClock, WallClock};
#[cfg(feature = "engine")]
pub use explored::Seen;
pub use fault::Fault;
pub use listen::{Address, Listener};
