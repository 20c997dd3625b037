//! The monitor of a run: see [`Monitor`].

use std::rc::Rc;

use crate::runtime;
use crate::stateful::Monitor;

/// Installs a monitor from here to the end of the run. A run has at most one.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use std::hash::Hasher;
/// use std::rc::Rc;
/// use selvedge_engine::{Explorer, Monitor, monitor, thread};
/// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
///
/// /// Finds that one task does something right after another.
/// #[derive(Debug, Default)]
/// struct Turns {
///     last: Cell<u32>,
///     found: Cell<u64>,
/// }
///
/// impl Monitor for Turns {
///     fn step(&self, task: u32) {
///         let last = self.last.replace(task);
///         self.found.set(u64::from(last == 2 && task == 1));
///     }
///
///     fn hash(&self, state: &mut dyn Hasher) {
///         state.write_u32(self.last.get());
///         state.write_u64(self.found.get());
///     }
///
///     fn found(&self) -> u64 {
///         self.found.get()
///     }
/// }
///
/// let report = Explorer::stateful().run(|| {
///     monitor(Rc::new(Turns::default()));
///     let flag = Arc::new(AtomicU32::new(0));
///     for _ in 0..2 {
///         let flag = Arc::clone(&flag);
///         thread::spawn(move || flag.store(1, SeqCst));
///     }
/// });
/// let found = &report.states.unwrap().found;
/// assert_eq!((found[0].kind, found[0].states), (0, 1));
/// ```
pub fn monitor(monitor: Rc<dyn Monitor>) {
    runtime::set_monitor(monitor);
}
