//! The server under `selvedge-engine`: the operations of clients as events of an exploration.
//!
//! A command is two events. In the first, the server executes it. This event touches the keys of
//! the command's [footprint](crate::Server::footprint), so commands on different keys are not
//! explored in both orders. In the second, the reply arrives and the task resumes. The engine does
//! not see the code of the task up to its next command, and treats it as one block that conflicts
//! with every other block of the same process.
//!
//! `world.rs` defines the events, `touch.rs` the resources of the first event, and `pushes.rs` the
//! delivery of messages and invalidations, each as its own event. `expiry.rs` lets each deadline
//! pass at any point. `faults.rs` injects faults. `seen.rs` defines the steps that a test can
//! watch.

mod api;
mod expiry;
mod faults;
mod pushes;
mod seen;
mod touch;
mod waits;
mod wire;
mod world;

pub(super) use pushes::Stream;
pub use seen::Seen;
pub use wire::{Wire, WireClient};
pub(super) use world::{Explored, Local, Sender};
