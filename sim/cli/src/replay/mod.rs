//! `selvedge replay`: replays a recorded schedule, optionally also on a real Redis.

mod real;
mod run;
mod source;

pub(crate) use run::run;
