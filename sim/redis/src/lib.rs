#![doc = include_str!("../README.md")]

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

#[doc = include_str!("../COMMANDS.md")]
pub mod commands {}

pub use command::{Command, Keys, names};
#[cfg(feature = "engine")]
pub use face::Seen;
pub use face::{
    Address, AsyncConnection, Clock, Connection, Fault, Listener, Redis, Sent, TestClock, WallClock,
};
pub use resp::{Protocol, Reply};
pub use server::{Delivery, DeliveryKind, Footprint, Output, Resource, Resources, Server};
pub use session::ConnectionId;
pub use time::Time;
