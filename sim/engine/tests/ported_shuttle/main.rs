//! The situations of shuttle's own tests (0.9.9, `tests/basic` and `tests/demo`), written anew.
//! shuttle's depth-first search counts interleavings; the numbers here count classes.
//!
//! | shuttle's file | covered |
//! |---|---|
//! | `basic/mutex.rs` | all |
//! | `basic/rwlock.rs` | all but `try_lock_implied_by_std` (1) |
//! | `basic/atomic.rs` | all but 128 bits, `fetch_not`, pointer arithmetic, futures |
//! | `basic/condvar.rs` | all but `producer_consumer_random` (random numbers) |
//! | `basic/barrier.rs` | all but a barrier for no task, and the larger numbers of tasks |
//! | `basic/once.rs` | initialization, poisoning; not statics (an object belongs to one run) |
//! | `basic/mpsc.rs` | all but iterators; the numbers of senders and items are smaller |
//! | `basic/panic.rs` | all but the semaphore |
//! | `basic/clocks.rs` | locks, channel, `fetch_update`, threads; others by outcomes |
//! | `basic/dfs.rs` | all |
//! | `basic/execution.rs` | the bound on steps, use outside an exploration |
//! | `basic/thread.rs` | yield point, join, name |
//! | `basic/replay.rs` | failures, deadlocks, incomplete, invalid and long schedules |
//! | `basic/uncontrolled_nondeterminism.rs` | a random number that decides what is announced |
//! | `basic/timeout.rs` | the bound on time |
//! | `demo/bounded_buffer.rs` | the deadlock, in the smallest configuration, and its repair |
//! | `demo/surw.rs` | the short task beside the long one |
//!
//! (1) In it a lock that the engine does not see affects the program. A second shared lock of the
//! same task is granted here, as std mostly does; shuttle refuses it.
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
