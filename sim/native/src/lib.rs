//! Explores ordinary compiled Rust: unchanged code, with its real dependencies, at every atomic
//! operation.
//!
//! A test calls [`explore`] with a closure that uses `std::thread`, `std::sync` and the code under
//! test. `selvedge test` builds the test with instrumented atomics and runs the
//! closure in every distinguishable order of its operations; it fails the test with a trace if one
//! of them panics or deadlocks.
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
//!
//! let report = selvedge_native::explore(|| {
//!     let hits = AtomicU32::new(0);
//!     std::thread::scope(|scope| {
//!         for _ in 0..2 {
//!             scope.spawn(|| hits.fetch_add(1, SeqCst));
//!         }
//!     });
//!     assert_eq!(hits.load(SeqCst), 2);
//! });
//! // Complete under `selvedge test`; under `cargo test` the closure runs on real threads.
//! assert!(report.is_complete() || !report.is_explored());
//! ```
//!
//! Under plain `cargo test` the closure runs on real threads a few hundred times, and a line on
//! stderr says that schedules were not explored.
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod explorer;
mod plain;
mod report;
mod runtime;

pub use explorer::{Explorer, explore};
pub use report::{Report, Verdict};
