//! `selvedge replay`: a recorded schedule, run again; on a real Redis, if one is given.

mod error;
mod real;
mod run;
mod what;

pub(crate) use error::ReplayError;
pub(crate) use run::run;
