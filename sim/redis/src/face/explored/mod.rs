//! The server under `selvedge-engine`: what clients do as events of an exploration.
//!
//! A command is two events. The first is that the server executes it. It touches the keys that its
//! [footprint](crate::Server::footprint) names, so that the engine does not try both orders of commands on different keys.
//! The second is that the reply arrives, and the task goes on. What the task then does up to its next command the engine
//! does not see, and takes for one block that any other block of the same process may depend on.
//!
//! `world.rs` has the events, `touch.rs` what the first of them touches, `pushes.rs` what the server sends unasked: each
//! message and invalidation arrives as an event of its own. `expiry.rs` lets deadlines pass, each at any
//! point. `faults.rs` is what goes wrong. `seen.rs` is what a test may look at meanwhile.

mod api;
mod expiry;
mod faults;
mod pushes;
mod seen;
mod touch;
mod world;

pub(super) use pushes::Stream;
pub use seen::Seen;
pub(super) use world::{Explored, Local, Sender};
