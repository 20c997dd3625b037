//! A deterministic scheduler and schedule explorer: each class of schedules once.
//!
//! A test passes a closure to an [`Explorer`]. The closure is the main task of a small concurrent program, written with
//! this crate's [`thread`]s, [`sync`] and [`object`]s, whose names and signatures are std's. The explorer runs it again
//! and again on one OS thread, each time with another order of its operations, until every order that can be told from
//! the others has been run.
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
//! The four operations have six interleavings. The two loads commute, so that some of the six are the same to everybody;
//! four classes are left, and two of them lose an update. A panic that nobody joins is an outcome of its schedule, like
//! a deadlock, and the search goes on.
//!
//! [`Explorer::run_each`] shows each execution as it ends, with its schedule: of each event the task, and which of
//! its alternatives it took. The main task is 0.
//! A schedule can be run again.
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
//! let mut lost = None;
//! Explorer::optimal().run_each(program, |run| match run.ending() {
//!     Ending::Panic { .. } => {
//!         lost = Some(run.schedule());
//!         ControlFlow::Break(())
//!     }
//!     _ => ControlFlow::Continue(()),
//! });
//! let lost = lost.expect("there is such a schedule");
//! let tasks: Vec<u32> = lost.iter().map(|(task, _)| *task).collect();
//! assert_eq!(tasks, [1, 2, 2, 1, 0]); // both load before either stores; main looks last
//!
//! let report = Explorer::replay(lost).run(program);
//! assert_eq!(report.panics, 1);
//! ```
//!
//! # What it promises, and what not
//!
//! - [`Explorer::optimal`] runs exactly one execution for each Mazurkiewicz class: schedules that differ only in the order
//!   of operations that do not conflict are one. [`Explorer::naive`] runs every interleaving, and is what the other is
//!   held to.
//! - The memory is sequentially consistent. Orderings of atomics are accepted and not looked at: what weak memory adds is
//!   for loom to find.
//! - A report is [complete](Report::is_complete), or says which [`Bound`] ended it.
//! - The program must do the same whenever it is run with the same schedule. One that announces other operations is
//!   stopped, and told at which step.
//! - Only this crate's objects are seen. Tasks that meet at a std atomic do so unnoticed, and orders are missed, unless
//!   they say that it is [`opaque`]. A task that waits at a std lock for another task blocks the OS thread.
//! - What the program does not decide (a random number, whether a call fails) is to be a [`choose`]: each alternative is
//!   explored.
//! - Between two operations a task runs alone: code without any is one step.
//! - Spins are to be written as [`wait_until`](sync::atomic::AtomicU32::wait_until); a loop that polls has schedules
//!   without end, which the [bound on steps](Explorer::max_steps) ends.
#![deny(unsafe_code)]

mod choice;
mod coroutine;
mod event;
mod explorer;
pub mod future;
pub mod object;
mod runtime;
mod strategy;
pub mod sync;
pub mod thread;

pub use choice::{choose, opaque};
pub use event::Mode;
pub use explorer::{Bound, Class, Explorer, Report, Run, Step};
pub use runtime::{Ending, PanicReport, causal_clock, next_event, recording, step};

/// How many tasks the schedules of one exploration may have in all.
pub const MAX_TASKS: usize = 64;
