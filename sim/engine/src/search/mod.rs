//! Searches: run after run, until there is no next run or a bound is reached.

mod expand;
mod runs;
mod settings;
mod simplest;
mod source;
mod team;
mod unseen;
mod workers;

pub(crate) use runs::Search;
pub(crate) use settings::{OnProgress, Settings};
pub(crate) use source::{NewStrategy, SharedStates, StrategySource, WorkerStrategies};
