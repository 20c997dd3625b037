//! Explores a case: runs and judges every schedule of the engine, and records the simplest
//! violating run.

mod auto;
mod case;
mod each_run;
mod follow;
mod ours;
mod own_order;
#[cfg(any(feature = "loom", feature = "shuttle"))]
mod peers;
mod reached;
mod record;
mod replay;
mod rerun;
mod stateful;
mod tally;
mod unfinished;

use case::Searched;
#[cfg(feature = "shuttle")]
pub use case::draw;
pub(crate) use case::explore_on;
pub use case::{explore, explore_among, explore_resumable, explore_while};
pub use each_run::{each_run, each_run_among};
pub use follow::follow;
pub use own_order::own_order;
pub use reached::Reached;
pub use replay::{Replay, replay};
pub use selvedge_engine::{Schedule, ScheduleError};
pub(crate) use tally::Tally;
pub use unfinished::{Kept, Unfinished};

pub use crate::world::{Answer, Command, FailureCause, Server, ServerFailure, Transcript};
