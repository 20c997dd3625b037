//! The simulated Redis as a fake for unit tests, beside a real redis-server and beside Python's fakeredis; and under the
//! engine.

mod contender;
mod explored;
mod python;
mod row;
mod run;

pub(crate) use run::{Settings, run};
