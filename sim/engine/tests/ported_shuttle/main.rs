//! The situations of shuttle's own tests (0.9.9, `tests/basic` and `tests/demo`), written anew. Where shuttle's depth-first
//! search counts interleavings, the numbers here are of classes.
//!
//! | shuttle's file | covered |
//! |---|---|
//! | `basic/mutex.rs` | all |
//! | `basic/rwlock.rs` | all but `try_lock_implied_by_std`, in which a lock that the engine does not see decides what is done; a second shared lock of the same task is granted here, as std mostly does, and refused there |
//! | `basic/atomic.rs` | reorderings, compare-exchange, read-modify-writes, `fetch_update`, `AtomicPtr`; not 128 bits, `fetch_not`, arithmetic of pointers, futures |
//! | `basic/condvar.rs` | all but `producer_consumer_random` (random numbers) |
//! | `basic/barrier.rs` | all but a barrier for nobody, and the larger numbers of tasks |
//! | `basic/once.rs` | one and several initialisers, poisoning; not statics (an object belongs to one run) |
//! | `basic/mpsc.rs` | all but iterators; the numbers of senders and items are smaller |
//! | `basic/panic.rs` | all but the semaphore |
//! | `basic/clocks.rs` | mutex, reader-writer lock, channel, `fetch_update`, threads; the others are covered by outcomes |
//! | `basic/dfs.rs` | all |
//! | `basic/execution.rs` | the bound on steps, use outside an exploration; context switches are not counted here |
//! | `basic/thread.rs` | yield point, join, name |
//! | `basic/replay.rs` | a failing schedule, deadlocks, a schedule that ends early or asks for what cannot go on, a long one |
//! | `basic/uncontrolled_nondeterminism.rs` | a random number that decides what is announced |
//! | `basic/timeout.rs` | the bound on time |
//! | `demo/bounded_buffer.rs` | the deadlock, in the smallest configuration, and its repair |
//! | `demo/surw.rs` | the short task beside the long one |
//!
//! Not covered, because the primitive did not exist yet: scope, park, thread locals and
//! `thread::current` of `basic/thread.rs`, `basic/lazy_static.rs`, `future/*`,
//! `demo/async_match_deadlock.rs`. Not applicable: `pct`, `portfolio`, `shrink` (shuttle's
//! schedulers), `annotation`, `labels`, `tag`, `tracing`, `metrics`, `config`, `task`,
//! `resource_signatures` (shuttle's interfaces), `teardown` (how shuttle unwinds its tasks).

mod atomic;
mod barrier;
mod clocks;
mod condvar;
mod demo;
mod mpsc;
mod mutex;
mod once;
#[path = "../outcomes/mod.rs"]
mod outcomes;
mod panic;
mod replay;
mod runs;
mod rwlock;
mod threads;
