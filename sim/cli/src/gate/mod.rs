//! `selvedge gate`: what did not come out as expected, with its trace, and a summary; reports for others to read; and
//! baselines.

mod baseline;
mod diff;
mod outputs;
mod run;

pub(crate) use run::run;
