//! Running futures on tasks, with real wakers.
//!
//! Any future works, including those of other crates such as `tokio::sync` and `futures`. Such a
//! future may share state that the engine cannot see. So [`block_on`] and [`spawn`] make each poll
//! [opaque](crate::opaque): it conflicts with every event, and all orders are explored. For a
//! future that shares state only through this crate's objects, [`block_on_instrumented`] and
//! [`spawn_instrumented`] need fewer schedules; if the future shares other state, the search is
//! [bounded](crate::Bound::Unseen).
//!
//! The engine cannot see operations on foreign objects outside a poll. A thread that uses such an
//! object, or drops one with observable effects, must call [`opaque`](crate::opaque) first:
//!
//! ```
//! use selvedge_engine::{Explorer, future, opaque, thread};
//! use tokio::sync::oneshot;
//!
//! let report = Explorer::optimal().run(|| {
//!     let (sender, receiver) = oneshot::channel();
//!     thread::spawn(move || {
//!         opaque();
//!         sender.send(42).unwrap();
//!     });
//!     assert_eq!(future::block_on(receiver), Ok(42));
//! });
//! assert!(report.is_complete());
//! // The message is sent before the first poll, or after it.
//! assert_eq!((report.executions, report.panics, report.deadlocks), (2, 0, 0));
//! ```
//!
//! Apart from this crate's events in it, a poll is atomic: other tasks do not observe an
//! intermediate state of a foreign future. Where other OS threads could interleave, call
//! [`opaque`](crate::opaque) there too.
//!
//! A wakeup is an event of the task that calls the waker, before that task's next operation. It is
//! not executed inside the foreign code that calls the waker, which may hold a lock. The order of
//! two wakeups of one task is never explored.

mod executor;
mod spawn;
mod yield_now;

pub use executor::{block_on, block_on_instrumented};
pub use spawn::{JoinHandle, spawn, spawn_instrumented};
pub use yield_now::{YieldNow, yield_now};
