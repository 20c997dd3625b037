//! A deterministic scheduler that explores each class of schedules once.
//!
//! A test passes a closure to an [`Explorer`]. The closure is the main task of a small concurrent
//! program, written with this crate's [`thread`]s, [`sync`] and [`object`]s, which have the names
//! and signatures of std's. The explorer runs the program repeatedly on one OS thread, each time
//! with another order of its operations, until every distinguishable order has been run.
//!
//! # A first program
//!
//! Two tasks add one to a counter, each in two steps. An update can be lost.
//!
//! ```
//! use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
//! use selvedge_engine::{Explorer, thread};
//!
//! fn program() {
//!     let counter = Arc::new(AtomicU32::new(0));
//!     let tasks: Vec<_> = (0..2)
//!         .map(|_| {
//!             let counter = Arc::clone(&counter);
//!             thread::spawn(move || {
//!                 let seen = counter.load(SeqCst);
//!                 counter.store(seen + 1, SeqCst);
//!             })
//!         })
//!         .collect();
//!     for task in tasks {
//!         task.join().unwrap();
//!     }
//!     assert_eq!(counter.load(SeqCst), 2, "an update was lost");
//! }
//!
//! let report = Explorer::optimal().run(program);
//! assert!(report.is_complete());
//! assert_eq!((report.executions, report.panics), (4, 2));
//! ```
//!
//! The four operations have six interleavings. The two loads commute, so that some of the six
//! cannot be distinguished; four classes remain, and two of them lose an update. A panic that no
//! task joins is an outcome of its schedule, like a deadlock, and the search continues.
//!
//! # From a failure to its trace
//!
//! In a test, call [`check`](Explorer::check) instead of `run`. It panics if anything is wrong,
//! with the trace of the simplest failing schedule:
//!
//! ```text
//! panic: main panicked at src/lib.rs:31: assertion `left == right` failed: an update was lost
//!   left: 1
//!  right: 2
//!
//! step  task    object     what         at
//!    1  task 1  AtomicU32  read → 0     src/lib.rs:22
//!       ── the schedule preempts task 1 here
//!    2  task 2  AtomicU32  read → 0     src/lib.rs:22
//!    3  task 2  AtomicU32  store 0 → 1  src/lib.rs:23
//!       ── task 2 has ended
//!    4  task 1  AtomicU32  store 1 → 1  src/lib.rs:23
//!       ── task 1 has ended
//!    5  main    AtomicU32  read → 1     src/lib.rs:31
//!
//! 2 of 4 executions panicked; the search is complete.
//! To run this schedule again: Explorer::replay("s1:bc2ba".parse().unwrap())
//! ```
//!
//! An object is named after the field or variable that it initializes, or explicitly:
//! `AtomicU32::named("counter", 0)`.
//!
//! The [`Schedule`] is printed in a form that can be replayed on any machine:
//!
//! ```
//! # use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
//! # use selvedge_engine::thread;
//! # fn program() {
//! #     let counter = Arc::new(AtomicU32::new(0));
//! #     let tasks: Vec<_> = (0..2)
//! #         .map(|_| {
//! #             let counter = Arc::clone(&counter);
//! #             thread::spawn(move || {
//! #                 let seen = counter.load(SeqCst);
//! #                 counter.store(seen + 1, SeqCst);
//! #             })
//! #         })
//! #         .collect();
//! #     for task in tasks {
//! #         task.join().unwrap();
//! #     }
//! #     assert_eq!(counter.load(SeqCst), 2, "an update was lost");
//! # }
//! use selvedge_engine::{Explorer, Verdict};
//!
//! let report = Explorer::replay("s1:bc2ba".parse().unwrap()).run(program);
//! assert!(matches!(report.verdict(), Verdict::Panic { .. }));
//! ```
//!
//! [`Explorer::run_each`] passes each execution to a closure when it ends.
//!
//! ```
//! # use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
//! # use selvedge_engine::thread;
//! # fn program() {
//! #     let counter = Arc::new(AtomicU32::new(0));
//! #     let tasks: Vec<_> = (0..2)
//! #         .map(|_| {
//! #             let counter = Arc::clone(&counter);
//! #             thread::spawn(move || {
//! #                 let seen = counter.load(SeqCst);
//! #                 counter.store(seen + 1, SeqCst);
//! #             })
//! #         })
//! #         .collect();
//! #     for task in tasks {
//! #         task.join().unwrap();
//! #     }
//! #     assert_eq!(counter.load(SeqCst), 2, "an update was lost");
//! # }
//! use selvedge_engine::{Ending, Explorer};
//! use std::ops::ControlFlow;
//!
//! let mut lost = Vec::new();
//! Explorer::optimal().run_each(program, |run| {
//!     if let Ending::Panic { .. } = run.ending() {
//!         lost.push(run.schedule().to_string());
//!     }
//!     ControlFlow::Continue(())
//! });
//! assert_eq!(lost.len(), 2); // each of the two last stores
//! ```
//!
//! A program with too many schedules is explored at random, by [`Explorer::random`] or
//! [`Explorer::pct`], or within a [bound](Explorer::max_preemptions). The [`Verdict`] is then
//! *bounded*, with the progress; it is never *complete*.
//!
//! # Guarantees and limits
//!
//! - [`Explorer::optimal`] runs exactly one execution for each Mazurkiewicz class: schedules that
//!   differ only in the order of operations that do not conflict are one class. [`Explorer::naive`]
//!   runs every interleaving; the tests compare the other strategies with it.
//! - [`Explorer::rc11`] explores weak memory: the behaviours that the orderings of atomics allow,
//!   and data races on plain data in a [`cell`]. In all other modes memory is sequentially
//!   consistent, and orderings are accepted and ignored.
//! - A report is [complete](Report::is_complete), or names the [`Bound`] that left schedules out. A
//!   [`Verdict`] is the most severe that applies: nondeterministic, panic, deadlock, bounded,
//!   vacuous, complete.
//! - The program must behave the same in each run with the same schedule. A program that announces
//!   other operations is aborted, and the report names the step.
//! - The engine sees only this crate's objects. It misses orders of tasks that communicate through
//!   a std atomic, unless they declare it with [`opaque`]. A task that waits at a std lock for
//!   another task blocks the OS thread, and with it the exploration: the
//!   [watchdog](Explorer::watchdog) reports it.
//! - [`sync::Arc`] is std's: the order of drops is not explored. Use [`sync::counted::Arc`] for
//!   programs in which it matters.
//! - Express an external decision (a random number, the failure of a call) as a [`choose`]: each
//!   alternative is explored.
//! - Between two operations a task runs alone: code without operations is one step.
//! - Destructors that run while their task unwinds are explored like all other code. (On Windows,
//!   `std::thread::panicking` then returns `true` in all tasks while one is suspended in a
//!   destructor.)
//! - Write spins as [`wait_until`](sync::atomic::AtomicU32::wait_until) or [`await_until`]; a loop
//!   that polls has infinitely many schedules, which a bound ends: see [`hint::spin_loop`].
//! - Time is virtual, and only sleeping advances it: see [`time`].
#![deny(unsafe_code)]

mod binding_name;
mod bound;
mod capability;
pub mod cell;
mod check;
mod choice;
mod coroutine;
mod determinism;
mod dpor;
mod event;
mod explorer;
pub mod future;
mod graph;
pub mod hint;
mod history;
pub mod mode;
mod monitor;
#[doc(hidden)]
pub mod native;
#[doc(hidden)]
pub mod number;
pub mod object;
mod observer;
mod progress;
mod report;
mod run;
mod runtime;
mod schedule;
mod script;
mod search;
mod sometimes;
mod stateful;
mod strategy;
pub mod sync;
mod text;
pub mod thread;
pub mod time;
mod trace;
mod verdict;
mod wait;
mod watchdog;
mod witness;
mod work_queue;

pub use bound::Bound;
pub use choice::{choose, opaque};
pub use event::{MAX_TASKS, Mode};
pub use explorer::Explorer;
pub use monitor::monitor;
pub use observer::{Fold, Observer, fold};
pub use progress::Progress;
pub use report::{Failure, Report};
pub use run::{Class, EventName, Run, Step};
#[doc(hidden)]
pub use runtime::observed;
pub use runtime::{Ending, PanicReport, causal_clock, next_event, recording, step};
pub use schedule::{Schedule, ScheduleError};
pub use script::{Script, forget, scripted, symmetric};
pub use sometimes::sometimes;
#[doc(hidden)]
pub use stateful::Part;
pub use stateful::{
    Alike, Checkpoint, Expanded, Found, Frontier, Monitor, Name, OpenState, States, Symbol, TaskNumbers,
    Unsupported, hash_unordered,
};
pub use trace::{Trace, TraceStep, Turnover};
pub use verdict::Verdict;
pub use wait::{await_until, quiesce};
pub use witness::Effort;

/// The README's program, run as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
