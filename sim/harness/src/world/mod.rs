//! One execution of a case: the tiers, the cache, the threads with their operations, and the
//! recorded history. Runs on every engine.

mod faults;
mod held;
mod limits;
mod network;
mod plan;
mod recorder;
mod run;
mod server;
mod store;
mod truth;

pub(crate) use held::Held;
pub(crate) use limits::Limits;
pub(crate) use plan::Plan;
pub(crate) use recorder::Recorder;
pub(crate) use run::{TTL, run};
pub(crate) use server::Beside;
pub use server::{Answer, Command, FailureCause, Server, ServerFailure, Transcript};
pub(crate) use truth::{Acknowledging, Conditional, Truth};
