//! Conditions that should hold in some schedule.

use crate::runtime;

/// Declares that `holds` should be true at some point of some schedule: that the cache is hit, that
/// a retry happens. A complete search in which it was never true is
/// [vacuous](crate::Verdict::Vacuous): the program did not do what the test checks.
///
/// A condition that is never evaluated is unknown. If this can happen, call `sometimes(name,
/// false)` at the start. Outside an exploration it has no effect.
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
