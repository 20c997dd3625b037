//! The command line of Selvedge as a library.
//!
//! [`main`] is the binary `selvedge`. [`run`] runs one command line: it writes the results to a
//! writer and returns the exit code. The type parameter is the set of caches that a scenario can
//! name: [`Protocol`](selvedge_sim::protocols::Protocol) has the shipped ones. Implement
//! [`Caches`](selvedge_sim::protocols::Caches) to explore your own.
//!
//! ```
//! use selvedge_sim::protocols::Protocol;
//!
//! let mut results = Vec::new();
//! let code = selvedge_cli::run::<Protocol>(["selvedge", "gate", "control-article"], &mut results);
//! assert_eq!(code, 0); // the control has its stale read, as expected
//!
//! let results = String::from_utf8(results).unwrap();
//! assert!(results.starts_with("gate: 1 case in 5 schedules"));
//! ```

mod allowance;
mod args;
mod error;
mod explore;
mod fleet;
mod gate;
mod interrupt;
mod list;
mod look;
#[cfg(feature = "manual")]
mod manual;
mod matrix;
mod merge;
mod native;
mod new;
mod progress;
mod projection;
mod prove;
mod replay;
mod run;
mod serve;
mod session;
mod shard;
#[cfg(feature = "server")]
mod simulated_redis;
mod surroundings;
mod terminal;
mod trace;
mod wrap;

pub use run::{main, run};
