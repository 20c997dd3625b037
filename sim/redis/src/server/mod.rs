//! The server: a state machine without threads, sockets or a clock.
//!
//! [`Server::execute`] is told who sends which command, and what time it is. It gives back the replies, and what other
//! connections are to be told. Whoever drives it decides when those arrive: that is how one core serves a socket, a unit
//! test, and a simulation in which a command is two events (the server executes it; the reply arrives).
//!
//! Before a command is executed, [`Server::footprint`] says which keys and channels it will touch. Two commands that do
//! not touch the same can be executed in either order.
//!
//! What a command does is in `command/`. Here is what commands need of the server as a whole: keys with their side
//! effects (`keys.rs`: expiry, notifications, watchers), publishing, tracking, transactions.

mod core;
mod execute;
mod expiry;
mod footprint;
mod keys;
mod output;
mod publish;
mod settings;
mod tracking;
mod watch;

pub use core::Server;
pub use footprint::{Footprint, Place, Places};
pub use output::{Delivery, Kind, Output};

pub(crate) use tracking::TrackingTable;
