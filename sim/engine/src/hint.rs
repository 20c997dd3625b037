//! Hints, as in [`std::hint`].

use std::panic::Location;

use crate::runtime;

/// Marks an iteration of a loop that waits for a change by another task. No event.
///
/// Each number of iterations gives another schedule, so such a loop has infinitely many. After 100
/// iterations without a change by another task the run is aborted with
/// [`Ending::TooLong`](crate::Ending::TooLong), and the exploration is bounded. Write the loop as
/// [`wait_until`](crate::sync::atomic::AtomicU32::wait_until) on the atomic, or as
/// [`await_until`](crate::await_until) on several: then no iteration is explored, and a wait that
/// never ends is a deadlock.
///
/// The engine also detects such a loop without a hint, if it repeats one operation more than 100
/// times with the same outcome while no state changes: the run is aborted too.
///
/// [`thread::yield_now`](crate::thread::yield_now) counts as an iteration too.
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
