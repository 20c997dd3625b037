//! A value: reads commute, and a write conflicts with every operation.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::event::Action;
use crate::history::Holds;
use crate::runtime::Handle;

/// A shared value. Each read and each write is one event.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Cell, thread};
///
/// // Each reader comes before or after the writer. The readers commute.
/// let report = Explorer::optimal().run(|| {
///     let cell = Arc::new(Cell::new(0));
///     for _ in 0..2 {
///         let cell = Arc::clone(&cell);
///         thread::spawn(move || cell.get());
///     }
///     cell.set(1);
/// });
/// assert_eq!(report.executions, 4);
/// ```
pub struct Cell<T> {
    handle: Handle,
    value: Mutex<T>,
}

impl<T> Cell<T> {
    /// Creates a cell with this value.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Cell::named("a cell", value)
    }

    /// Creates a cell with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        Cell { handle: Handle::new(name, Holds::Value, 0), value: Mutex::new(value) }
    }

    /// Returns the value.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.handle.perform(Action::Read, Location::caller());
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.replace(value);
    }

    /// Replaces the value and returns the old one.
    #[track_caller]
    pub fn replace(&self, value: T) -> T {
        self.handle.perform(Action::Write, Location::caller());
        std::mem::replace(&mut *self.value.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}

impl<T: Default> Default for Cell<T> {
    #[track_caller]
    fn default() -> Self {
        Cell::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
