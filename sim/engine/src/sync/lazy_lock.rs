//! A value that is made when it is first wanted, as [`std::sync::LazyLock`].

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync;

use super::once::{Entered, Progress};

/// A value that the first task to look at it makes; others that come meanwhile wait.
///
/// The value lives in a [`std::sync::LazyLock`]: if the closure panics, every later look panics. It cannot be a static:
/// each run makes its own. Outside an exploration it is std's.
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
    /// A value that `init` will make.
    pub fn new(init: F) -> Self {
        LazyLock { progress: Progress::new("a lazy lock"), inner: sync::LazyLock::new(init) }
    }

    /// The value, which is made if this is the first look.
    ///
    /// # Panics
    ///
    /// If `init` panics, now or earlier.
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
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
