//! A value that is set once, as [`std::sync::OnceLock`].

use std::fmt;
use std::panic::Location;
use std::sync;

use super::once::{Entered, Progress};

/// A cell that is written once. Checking for a value commutes with the begin of its initialization.
///
/// The value is stored in a [`std::sync::OnceLock`] that at most one task initializes at a time.
/// Outside an exploration it is std's. It cannot be a static, because each run creates its own.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, OnceLock};
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let first = Arc::new(OnceLock::new());
///     for task in 0..3 {
///         let first = Arc::clone(&first);
///         thread::spawn(move || *first.get_or_init(|| task));
///     }
/// });
/// assert_eq!(report.executions, 3); // one for each task that can be first
/// ```
pub struct OnceLock<T> {
    progress: Progress,
    inner: sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// Creates an empty cell.
    #[track_caller]
    pub fn new() -> Self {
        OnceLock { progress: Progress::new("a once-lock"), inner: sync::OnceLock::new() }
    }

    /// Returns the value, if there is one.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        match self.progress.is_done(Location::caller()) {
            // A task may have been suspended right after it initialized the value.
            Some(false) => None,
            _ => self.inner.get(),
        }
    }

    /// Returns the value. No event, because the access is exclusive.
    #[track_caller]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.progress.note_exclusive_access();
        self.inner.get_mut()
    }

    /// Waits until there is a value.
    #[track_caller]
    pub fn wait(&self) -> &T {
        self.progress.wait(false, Location::caller());
        self.inner.wait()
    }

    /// Sets the value if there is none. Waits if another task initializes it.
    ///
    /// # Errors
    ///
    /// The value, if there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.progress.set(Location::caller()) { self.inner.set(value) } else { Err(value) }
    }

    /// Returns the value; `init` creates it if there is none. Waits if another task initializes it.
    /// If `init` panics the cell stays empty.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, init: F) -> &T {
        match self.progress.enter(false, false, Location::caller()) {
            Entered::Begun(attempt) => {
                let value = self.inner.get_or_init(init);
                attempt.finish();
                value
            }
            Entered::Over => self.inner.get_or_init(init),
        }
    }

    /// Returns the value. No event.
    pub fn into_inner(self) -> Option<T> {
        self.progress.read_contents();
        self.inner.into_inner()
    }

    /// Removes and returns the value.
    #[track_caller]
    pub fn take(&mut self) -> Option<T> {
        self.progress.reset(Location::caller());
        self.inner.take()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        OnceLock::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        OnceLock { progress: Progress::new_done("a once-lock"), inner: value.into() }
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.get().cloned().map_or_else(OnceLock::new, OnceLock::from)
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
