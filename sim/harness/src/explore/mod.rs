//! Exploring a case: every schedule that the engine comes up with, judged; and the simplest run that shows what was found.

mod case;
mod each_run;
mod ours;
mod peers;
mod record;
mod tally;

use case::Searched;
pub(crate) use case::explore_on;
pub use case::{explore, explore_among, explore_while};
pub use each_run::each_run;
pub(crate) use tally::Tally;
