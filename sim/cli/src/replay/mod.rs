//! `selvedge replay`: replays a recorded schedule, optionally also on a real Redis.

#[cfg(feature = "redis")]
mod real;
mod run;
mod server;
mod source;

pub(crate) use run::run;
