//! The command line of Selvedge, as a library: [`run`] does all that the binary `selvedge` does.
//!
//! [`main`] is the binary. A test can call [`run`] as the shell does. Results go to the writer; the return value is the exit
//! code. The type says which caches a scenario may name: [`Protocol`](selvedge_sim::protocols::Protocol) has those that
//! ship. Bring your own [`Caches`](selvedge_sim::protocols::Caches), and the same command explores them.
//!
//! ```
//! use selvedge_sim::protocols::Protocol;
//!
//! let mut results = Vec::new();
//! let code = selvedge_cli::run::<Protocol>(["selvedge", "gate", "control-article"], &mut results);
//! assert_eq!(code, 0); // the control shows its stale read, as it must
//!
//! let results = String::from_utf8(results).unwrap();
//! assert!(results.starts_with("gate: 1 case in 5 schedules"));
//! ```

mod allowance;
mod args;
mod error;
mod explore;
mod fold;
mod gate;
mod interrupt;
mod list;
mod look;
mod matrix;
mod progress;
mod replay;
mod run;
mod session;
mod simulated_redis;
mod surroundings;
mod terminal;
mod trace;

pub use run::{main, run};
