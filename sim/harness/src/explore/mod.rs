//! Explores a case: runs and judges every schedule of the engine, and records the simplest
//! violating run.

mod auto;
#[cfg(feature = "shuttle")]
mod draw;
mod each_run;
mod fleet;
mod follow;
mod ours;
mod own_order;
#[cfg(any(feature = "loom", feature = "shuttle"))]
mod peers;
mod reached;
mod record;
mod replay;
mod request;
mod rerun;
mod search;
mod searched;
mod stateful;
mod tally;
mod team;
mod unfinished;

#[cfg(feature = "shuttle")]
pub use draw::draw;
pub use each_run::each_run;
pub use fleet::{Fleet, Server as FleetServer};
pub use follow::follow;
pub use own_order::own_order;
pub use reached::Reached;
pub use replay::{Replay, replay};
pub use request::Exploration;
pub use search::Watch;
use searched::Searched;
pub use selvedge_engine::{Schedule, ScheduleError};
pub(crate) use tally::Tally;
pub use unfinished::{Kept, Unfinished};

pub use crate::world::Server;
