//! Checks that any concurrent object is linearizable: a queue, a map, a lock-free stack.
//!
//! Write the sequential specification of the object as an [`Object`]: its state, its operations and
//! their answers. [`linearizable`] compares an implementation with it. Each call of a concurrent
//! execution must have the answer that the specification gives if the calls run one after another,
//! in an order in which a call that ended before another began precedes it. (Herlihy and Wing,
//! "Linearizability: a correctness condition for concurrent objects", TOPLAS 1990.)
//!
//! ```
//! use selvedge_sim::custom::engine::sync::Mutex;
//! use selvedge_sim::object::{Object, linearizable};
//!
//! #[derive(Clone, Default, PartialEq, Eq, Hash)]
//! struct Stack(Vec<u32>);
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
//! enum Call { Push(u32), Pop }
//!
//! impl Object for Stack {
//!     type Operation = Call;
//!     type Answer = Option<u32>;
//!
//!     fn apply(&mut self, call: Call) -> Option<u32> {
//!         match call {
//!             Call::Push(value) => { self.0.push(value); None }
//!             Call::Pop => self.0.pop(),
//!         }
//!     }
//! }
//!
//! // The implementation: the specification under a lock of the engine.
//! let build = || Mutex::new(Stack::default());
//! let call = |stack: &Mutex<Stack>, call| stack.lock().unwrap().apply(call);
//!
//! // One client …
//! let one = linearizable(Stack::default(), build, call);
//! one.thread([Call::Push(1), Call::Pop]).thread([Call::Pop]).check();
//! // … and every client of up to three calls by up to three threads.
//! let all = linearizable(Stack::default(), build, call).calls(3).threads(3);
//! let all = all.operations([Call::Push(1), Call::Push(2), Call::Pop]);
//! assert_eq!(all.prove().clients, 82);
//! ```
//!
//! All state that the calls share must be in the [`engine`](crate::custom::engine)'s types, which
//! have the names of std's. Every schedule is explored; a failure panics with the history, and with
//! the trace of the simplest schedule that shows it. A call that waits for ever is a deadlock, and
//! fails too.

mod client;
mod history;
mod order;
mod specification;

pub use client::{Linearizable, ObjectProof, linearizable};
pub use specification::Object;
