//! Conditions on several atomics, and the wait for everything else.

use std::panic::Location;

use crate::runtime;

/// Waits until `condition` holds. The task is not enabled before: use this instead of a loop that
/// spins on several atomics, so that its iterations are not explored. For one atomic there is
/// [`wait_until`](crate::sync::atomic::AtomicU32::wait_until).
///
/// The condition may load up to four atomics, the same ones for all values, and do nothing else. It
/// is evaluated any number of times, also in hypothetical states; its loads are not events of their
/// own.
///
/// # Panics
///
/// If the condition does anything else; or outside an exploration, if it does not hold, because no
/// other task could change it.
///
/// # Examples
///
/// Peterson's lock. Both loads come first, so that they are executed for all values.
///
/// ```
/// use selvedge_engine::sync::{Arc, atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst}};
/// use selvedge_engine::{Explorer, await_until, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let wants = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
///     let turn = Arc::new(AtomicUsize::new(0));
///     let inside = Arc::new(AtomicUsize::new(0));
///     for me in 0..2 {
///         let (wants, turn) = (Arc::clone(&wants), Arc::clone(&turn));
///         let inside = Arc::clone(&inside);
///         thread::spawn(move || {
///             wants[me].store(true, SeqCst);
///             turn.store(1 - me, SeqCst);
///             let (others, whose) = (Arc::clone(&wants), Arc::clone(&turn));
///             await_until(move || {
///                 let (other, whose) = (others[1 - me].load(SeqCst), whose.load(SeqCst));
///                 !other || whose == me
///             });
///             assert_eq!(inside.fetch_add(1, SeqCst), 0, "both are inside");
///             inside.fetch_sub(1, SeqCst);
///             wants[me].store(false, SeqCst);
///         });
///     }
/// });
/// assert!(report.is_complete());
/// assert_eq!((report.panics, report.deadlocks), (0, 0));
/// ```
#[track_caller]
pub fn await_until(condition: impl Fn() -> bool + 'static) {
    runtime::await_until(condition);
}

/// Waits until no other task can continue: each has ended or is blocked. Returns a line for each
/// blocked task: the operation that it waits for, and where. All earlier events of the other tasks
/// happen before the caller's next event. This is not an event.
///
/// Use it to check the final result of a program that does not join its tasks. The caller's next
/// operations may wake blocked tasks.
///
/// # Panics
///
/// Outside an exploration, or if another task waits like this.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}, mpsc};
/// use selvedge_engine::{Explorer, quiesce, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let done = Arc::new(AtomicU32::new(0));
///     let (queue, jobs) = mpsc::channel::<u32>();
///     let its = Arc::clone(&done);
///     thread::spawn(move || {
///         for job in jobs.iter() {
///             its.fetch_add(job, SeqCst);
///         }
///     });
///     queue.send(2).unwrap();
///     queue.send(3).unwrap();
///     let blocked = quiesce();
///     assert_eq!(done.load(SeqCst), 5);
///     assert!(blocked[0].starts_with("task 1 waits to receive from"), "{blocked:?}");
/// });
/// assert_eq!(report.panics, 0);
/// ```
#[track_caller]
pub fn quiesce() -> Vec<String> {
    runtime::quiesce(Location::caller())
}
