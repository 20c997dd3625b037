#![doc = include_str!("../README.md")]

mod command;
mod dump;
mod error;
mod execution;
mod face;
mod glob;
mod keyspace;
mod notify;
mod pubsub;
mod request;
pub mod resp;
mod script;
mod server;
mod session;
mod time;
mod users;

#[doc = include_str!("../COMMANDS.md")]
pub mod commands {}

pub use command::{Keys, names};
pub use execution::{Footprint, Resource, Resources};
pub use face::{
    Address, AsyncConnection, Clock, Connection, Fault, Listener, Redis, Sent, TestClock, WallClock,
};
#[cfg(feature = "engine")]
pub use face::{Seen, Wire, WireClient};
pub use request::Command;
pub use resp::{Protocol, Reply};
pub use server::{Delivery, DeliveryKind, Output, Server};
pub use session::ConnectionId;
pub use time::Time;
