//! Running futures on tasks, with real wakers.
//!
//! Any future works, also those of other crates: `tokio::sync`, `futures`. Such a future shares state with others that the
//! engine does not see. So [`block_on`] and [`spawn`] make each poll [opaque](crate::opaque): it conflicts with every
//! event, and every order of it with all that others do is explored. A future that shares state only through this crate's
//! objects is explored with fewer schedules by [`block_on_instrumented`] and [`spawn_instrumented`]; of one that shares other
//! state the search is [bounded](crate::Bound::Unseen).
//!
//! What a foreign object does outside a poll is not seen. A thread that uses one, or drops one that others can tell, says
//! so with [`opaque`](crate::opaque) before it does:
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
//! assert_eq!((report.executions, report.panics, report.deadlocks), (2, 0, 0)); // sent before the first poll, or after
//! ```
//!
//! A poll is one step, but for the events of this crate in it: what a foreign future does in one poll, others do not see the
//! half of. Where others may come in between, as on several OS threads, say so with [`opaque`](crate::opaque) there too.
//!
//! A wake-up is an event of the task that wakes, when it next does something: not in the midst of the foreign code that
//! calls the waker, which may hold a lock. The order of two wake-ups of one task is never explored.

mod executor;
mod spawn;
mod yield_now;

pub use executor::{block_on, block_on_instrumented};
pub use spawn::{JoinHandle, spawn, spawn_instrumented};
pub use yield_now::{YieldNow, yield_now};
