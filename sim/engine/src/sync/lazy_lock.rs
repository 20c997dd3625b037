//! A value that is initialized on first access, as [`std::sync::LazyLock`].

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync;

use super::once::{Entered, Progress};

/// A value that the first task to access it initializes; other tasks wait meanwhile.
///
/// The value is stored in a [`std::sync::LazyLock`]: if the closure panics, later accesses panic.
/// It cannot be a static, because each run creates its own. Outside an exploration it is std's.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, LazyLock};
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let answer = Arc::new(LazyLock::new(|| 6 * 7));
///     let other = Arc::clone(&answer);
///     thread::spawn(move || assert_eq!(**other, 42));
///     assert_eq!(**answer, 42);
/// });
/// assert_eq!((report.executions, report.panics), (2, 0));
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    progress: Progress,
    inner: sync::LazyLock<T, F>,
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// Creates a value that `init` will initialize.
    #[track_caller]
    pub fn new(init: F) -> Self {
        LazyLock { progress: Progress::new("a lazy lock"), inner: sync::LazyLock::new(init) }
    }

    /// Returns the value, and initializes it on the first access.
    ///
    /// # Panics
    ///
    /// If `init` panics, in this call or an earlier one.
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        match this.progress.enter(false, true, Location::caller()) {
            Entered::Begun(attempt) => {
                let value = sync::LazyLock::force(&this.inner);
                attempt.finish();
                value
            }
            Entered::Over => sync::LazyLock::force(&this.inner),
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
