//! The server's state: a state machine without threads, sockets or a clock.
//!
//! `execution/` executes the commands of connections on it: it takes a connection, its command and
//! the current time, and returns the reply and the pushes to other connections. The caller decides
//! when those arrive. So one core serves a socket, a unit test, and a simulation in which a command
//! is two events (the server executes it; the reply arrives).
//!
//! The functions of the commands are in `command/`. This module has what they share: keys with
//! their side effects (`keys.rs`: expiry, notifications, watched keys), publishing, tracking,
//! sessions.

mod blocked;
mod core;
mod eviction;
mod expiry;
mod keys;
mod output;
mod publish;
mod settings;
mod tracking;
mod watch;

pub use core::Server;
pub use output::{Delivery, DeliveryKind, Output};

pub(crate) use blocked::{Waiting, blocked_on};
pub(crate) use eviction::{Policy, parse_memory};
pub(crate) use settings::Settings;
pub(crate) use tracking::TrackingTable;
