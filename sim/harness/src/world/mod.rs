//! One execution of a case: the tiers, the cache, the threads with their operations, and the
//! recorded history. Runs on every engine.

mod build;
mod clocks;
mod connections;
mod faults;
mod limits;
mod network;
mod plan;
mod recorder;
mod run;
mod server;
mod store;
mod truth;

pub(crate) use build::Build;
pub(crate) use limits::Limits;
pub(crate) use plan::Plan;
pub(crate) use recorder::Recorder;
pub(crate) use run::{TTL, run};
pub(crate) use server::Beside;
pub use server::Server;
pub(crate) use truth::{Acknowledging, Conditional, Database, Publish, Truth};
