//! `selvedge gate`: shows the failed cases with their traces and a summary, writes reports for
//! other tools, and compares with baselines.

mod baseline;
mod diff;
mod outputs;
mod run;

pub(crate) use baseline::recorded_cost;
pub(crate) use run::run;
