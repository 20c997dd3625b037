//! Conditions that should hold at some time.

use crate::runtime;

/// Says that `holds` should be true at some time, in some schedule: that the cache is hit, that a retry happens. A
/// complete search in which it never was is [vacuous](crate::Verdict::Vacuous): the program did not do what the test is
/// about, and that nothing went wrong means little.
///
/// A condition that no schedule comes by is not known. Where that can be, say `sometimes(name, false)` at the start.
/// Outside an exploration it does nothing.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, Mutex};
/// use selvedge_engine::{Explorer, Verdict, sometimes, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let lock = Arc::new(Mutex::new(()));
///     let held = lock.lock().unwrap();
///     let other = Arc::clone(&lock);
///     let task = thread::spawn(move || sometimes("the lock is free", other.try_lock().is_ok()));
///     task.join().unwrap();
///     drop(held); // too late
/// });
/// assert!(matches!(report.verdict(), Verdict::Vacuous { .. }));
/// ```
pub fn sometimes(name: &'static str, holds: bool) {
    runtime::sometimes(name, holds);
}
