//! A number outside of the program's memory.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::{Action, MemoryOrder, Orders};
use crate::runtime::Handle;

/// A number outside of the program's memory, such as the time that a device shows. Its operations
/// are totally ordered, and order no accesses of memory.
///
/// [`Explorer::rc11`](crate::Explorer::rc11) distinguishes it from an atomic: no memory order of an
/// atomic guarantees that a later load does not return an older value, and at the same time orders
/// nothing.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::OutsideWord, thread};
///
/// let report = Explorer::rc11().run(|| {
///     let time = Arc::new(OutsideWord::new(0));
///     let clock = Arc::clone(&time);
///     thread::spawn(move || clock.fetch_add(1));
///     let earlier = time.load();
///     assert!(time.load() >= earlier);
/// });
/// assert_eq!((report.executions, report.panics), (3, 0));
/// ```
pub struct OutsideWord {
    handle: Handle,
    value: AtomicU64,
}

impl OutsideWord {
    /// Creates a number.
    #[track_caller]
    pub fn new(value: u64) -> Self {
        let handle = Handle::of_value("a number", value, |word| word.to_string());
        OutsideWord { handle, value: AtomicU64::new(value) }
    }

    /// Returns the number.
    #[track_caller]
    pub fn load(&self) -> u64 {
        let granted = self.handle.perform_ordered(Action::Load, ORDERS, Location::caller());
        granted.map_or_else(|| self.value.load(Ordering::SeqCst), |granted| granted.before)
    }

    /// Adds, wrapping around, and returns the old number.
    #[track_caller]
    pub fn fetch_add(&self, step: u64) -> u64 {
        let action = Action::Modify(u64::wrapping_add, step);
        let granted = self.handle.perform_ordered(action, ORDERS, Location::caller());
        let before = self.value.fetch_add(step, Ordering::SeqCst);
        granted.map_or(before, |granted| granted.before)
    }
}

const ORDERS: Orders = Orders { success: MemoryOrder::Outside, failure: MemoryOrder::Outside };

impl fmt::Debug for OutsideWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
