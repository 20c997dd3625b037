//! A number: additions commute, and conflict with reads.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::event::Action;
use crate::runtime::Handle;

/// A shared number that tasks add to without reading it. Two additions commute, unlike two
/// `fetch_add`s of an atomic, which return the old value.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Counter, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let hits = Arc::new(Counter::new(0));
///     let tasks: Vec<_> = (0..4)
///         .map(|_| {
///             let hits = Arc::clone(&hits);
///             thread::spawn(move || hits.add(1))
///         })
///         .collect();
///     tasks.into_iter().for_each(|task| task.join().unwrap());
///     assert_eq!(hits.get(), 4);
/// });
/// assert_eq!(report.executions, 1);
/// ```
pub struct Counter {
    handle: Handle,
    value: AtomicI64,
}

impl Counter {
    /// Creates a counter with this value.
    #[track_caller]
    pub fn new(value: i64) -> Self {
        Counter::named("a counter", value)
    }

    /// Creates a counter with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str, value: i64) -> Self {
        let show = |word| (word as i64).to_string();
        Counter { handle: Handle::of_value(name, value as u64, show), value: AtomicI64::new(value) }
    }

    /// Adds, wrapping around.
    #[track_caller]
    pub fn add(&self, step: i64) {
        self.handle.perform(Action::Update(step as u64), Location::caller());
        self.value.fetch_add(step, Ordering::Relaxed);
    }

    /// Returns the value.
    #[track_caller]
    pub fn get(&self) -> i64 {
        self.handle.perform(Action::Read, Location::caller());
        self.value.load(Ordering::Relaxed)
    }
}

impl Default for Counter {
    #[track_caller]
    fn default() -> Self {
        Counter::new(0)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
