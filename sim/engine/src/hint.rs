//! Hints, as [`std::hint`] has them.

use std::panic::Location;

use crate::runtime;

/// Says that the task goes round in a loop until another task has changed something. No event.
///
/// Each number of turns is another schedule, so that such a loop has no end of them. After 100 turns in which no other task
/// has changed anything the run is given up, with [`Ending::TooLong`](crate::Ending::TooLong), and the exploration is
/// bounded. Write the loop as [`wait_until`](crate::sync::atomic::AtomicU32::wait_until) on the atomic, or as
/// [`await_until`](crate::await_until) on several: then no turn is explored, and a wait that nobody ends is a deadlock.
///
/// A loop that says so nowhere is found out when one operation has been repeated in it some hundred times with the same
/// outcome, and nothing has changed: then its run is given up, too.
///
/// [`thread::yield_now`](crate::thread::yield_now) counts as a turn too.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, atomic::{AtomicBool, Ordering::SeqCst}};
/// use selvedge_engine::{Bound, Explorer, hint, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let ready = Arc::new(AtomicBool::new(false));
///     let setter = Arc::clone(&ready);
///     thread::spawn(move || setter.store(true, SeqCst));
///     while !ready.load(SeqCst) {
///         hint::spin_loop();
///     }
/// });
/// assert!(matches!(report.bound, Some(Bound::Spins { .. })));
/// assert!(report.bound.unwrap().to_string().contains("wait_until"));
///
/// let report = Explorer::optimal().run(|| {
///     let ready = Arc::new(AtomicBool::new(false));
///     let setter = Arc::clone(&ready);
///     thread::spawn(move || setter.store(true, SeqCst));
///     ready.wait_until(|ready| ready);
/// });
/// assert!(report.is_complete());
/// assert_eq!(report.executions, 1);
/// ```
#[track_caller]
pub fn spin_loop() {
    if runtime::exploring() {
        runtime::spin(Location::caller());
    } else {
        std::hint::spin_loop();
    }
}
