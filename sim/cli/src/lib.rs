//! The command line of Selvedge, as a library: [`run`] does all that the binary `selvedge` does.

mod args;
mod error;
mod explore;
mod gate;
mod list;
mod matrix;
mod progress;
mod run;
mod session;
mod trace;

pub use run::run;
