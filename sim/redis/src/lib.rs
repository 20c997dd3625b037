//! A Redis for tests: in process, deterministic, driven by the test's clock, and held to a real redis-server.
//!
//! [`Server`] is all of it: a state machine that is told who sends which command and when, and gives back what comes of
//! it.

mod command;
mod face;
mod glob;
mod keyspace;
mod notify;
mod pubsub;
pub mod resp;
mod script;
mod server;
mod session;
mod time;

pub use command::{Command, Keys, names};
pub use face::{
    Address, AsyncConnection, Clock, Connection, Fault, Listener, Redis, Sent, TestClock, WallClock,
};
pub use resp::{Protocol, Reply};
pub use server::{Delivery, Footprint, Kind, Output, Place, Places, Server};
pub use session::ConnectionId;
pub use time::Time;
