//! Compares the simulated Redis, as a fake for unit tests, with a real redis-server and with
//! Python's fakeredis; and measures it under the engine.

mod contender;
mod explored;
mod memory;
mod python;
mod row;
mod run;

pub(crate) use run::{Settings, run};
