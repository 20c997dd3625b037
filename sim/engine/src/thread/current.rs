//! The running task, and the operations on itself.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, thread};

use crate::event::{
    Action, Pending, TOKEN_OR_DEADLINE, TOKEN_OR_DEADLINE_OR_SPURIOUS, TOKEN_OR_SPURIOUS, TaskId,
};
use crate::runtime::{self, Handle};
use crate::{hint, time};

/// A handle to a task.
#[derive(Clone)]
pub struct Thread {
    pub(super) task: TaskId,
    pub(super) run: u64,
    pub(super) name: Option<Arc<str>>,
}

/// A task's number. It is the same in every schedule in which the same task spawns it as its n-th
/// child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(TaskId);

impl Thread {
    pub(crate) fn task(&self) -> TaskId {
        self.task
    }

    /// Returns the task's number.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.task)
    }

    /// Returns the task's name, if it has one. The main task is `main`.
    pub fn name(&self) -> Option<&str> {
        match (&self.name, self.task) {
            (None, 0) => Some("main"),
            (name, _) => name.as_deref(),
        }
    }

    /// Makes the task's token available, so that its [`park`] returns. There is one token: several
    /// calls before the task parks have the effect of one. The order of two calls is never
    /// explored.
    #[track_caller]
    pub fn unpark(&self) {
        if let Some(token) = Handle::token(self.task, self.run) {
            token.perform(Action::Update(1), Location::caller());
        }
    }

    #[track_caller]
    pub(super) fn is_finished(&self) -> bool {
        runtime::opaque();
        runtime::has_ended(self.task)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("id", &self.id()).field("name", &self.name()).finish()
    }
}

/// Returns a handle to the running task.
///
/// # Panics
///
/// Outside an exploration.
pub fn current() -> Thread {
    let (task, run) = runtime::current().expect("thread::current works only inside an exploration");
    Thread { task, run, name: runtime::current_name().map(Arc::from) }
}

/// Waits until the task is [unparked](Thread::unpark). Returns at once if its token is available.
///
/// Like std's, it may return spuriously where
/// [`Explorer::spurious_wakeups`](crate::Explorer::spurious_wakeups) allows it. This finds a `park`
/// whose condition is not checked again.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let main = thread::current();
///     thread::spawn(move || main.unpark());
///     thread::park();
/// });
/// assert_eq!((report.executions, report.deadlocks), (1, 0));
///
/// let report = Explorer::optimal().run(thread::park);
/// assert_eq!(report.deadlocks, 1);
/// ```
#[track_caller]
pub fn park() {
    match own_token() {
        Some(token) if runtime::may_park_spuriously() => {
            let source = Location::caller();
            let pending = Pending::ruled(&[token.location()], &TOKEN_OR_SPURIOUS, 0, source);
            if token.perform_all(&pending).is_some_and(|granted| granted.before == 0) {
                runtime::note_spurious_park();
            }
        }
        Some(token) => drop(token.perform(Action::Consume, Location::caller())),
        None => thread::park(),
    }
}

/// Like [`park`], with a timeout on the [virtual clock](time). The deadline may pass before any
/// next event of another task.
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    match (own_token(), time::deadline(timeout)) {
        (Some(token), Some((clock, deadline))) => {
            let may_be_spurious = runtime::may_park_spuriously();
            let rule = if may_be_spurious { &TOKEN_OR_DEADLINE_OR_SPURIOUS } else { &TOKEN_OR_DEADLINE };
            let granted = token.perform_rule_with(&clock, rule, deadline, Location::caller());
            if granted.is_some_and(|granted| granted.before == 0 && granted.choice == 1) {
                runtime::note_spurious_park();
            }
        }
        _ => thread::park_timeout(timeout),
    }
}

fn own_token() -> Option<Handle> {
    runtime::current().and_then(|(task, run)| Handle::token(task, run))
}

/// Waits for `duration` on the [virtual clock](time). Takes no real time.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use selvedge_engine::{Explorer, thread, time::Instant};
///
/// let report = Explorer::optimal().run(|| {
///     let start = Instant::now();
///     thread::sleep(Duration::from_secs(3_600));
///     assert_eq!(start.elapsed(), Duration::from_secs(3_600));
/// });
/// assert!(report.is_complete());
/// ```
#[track_caller]
pub fn sleep(duration: Duration) {
    match time::deadline(duration) {
        Some(_) if duration.is_zero() => {}
        Some((clock, deadline)) => drop(clock.perform(Action::Raise(deadline), Location::caller())),
        None => thread::sleep(duration),
    }
}

/// Counts as an iteration of a loop, like [`hint::spin_loop`]. Every schedule is explored anyway,
/// so it has no other effect.
#[track_caller]
pub fn yield_now() {
    hint::spin_loop();
}
