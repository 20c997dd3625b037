//! Compares our engine with loom and shuttle, on programs with one shared source.

mod bare_switch;
mod cell;
mod contender;
mod long_run;
mod program;
mod row;
mod run;
mod sources;
mod summary;
mod weak_memory;

pub(crate) use bare_switch::measure as measure_bare_switch;
pub(crate) use cell::{Sample, measure as measure_cell};
pub(crate) use contender::Contender;
pub(crate) use long_run::measure as measure_long_run;
pub(crate) use program::Program;
pub(crate) use run::{Settings, run};
pub(crate) use weak_memory::run as run_weak_memory;
