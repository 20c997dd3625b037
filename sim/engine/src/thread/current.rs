//! The task that is running, and what it can do to itself.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, thread};

use crate::event::{
    Action, Pending, TOKEN_OR_DEADLINE, TOKEN_OR_DEADLINE_OR_SPURIOUS, TOKEN_OR_SPURIOUS, TaskId,
};
use crate::runtime::{self, Handle};
use crate::{hint, time};

/// A task.
#[derive(Clone)]
pub struct Thread {
    pub(super) task: TaskId,
    pub(super) run: u64,
    pub(super) name: Option<Arc<str>>,
}

/// A task's number: the same in every schedule in which the same task spawns it as its n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(TaskId);

impl Thread {
    pub(crate) fn task(&self) -> TaskId {
        self.task
    }

    /// The task's number.
    pub fn id(&self) -> ThreadId {
        ThreadId(self.task)
    }

    /// The name that it was given. The main task's is `main`.
    pub fn name(&self) -> Option<&str> {
        match (&self.name, self.task) {
            (None, 0) => Some("main"),
            (name, _) => name.as_deref(),
        }
    }

    /// Lets the task go on from its [`park`], or from the next one: there is one token, and who has unparked the task more
    /// than once before it parks has unparked it once. The order of two that unpark is never explored.
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

/// The task that is running.
///
/// # Panics
///
/// Outside an exploration.
pub fn current() -> Thread {
    let (task, run) = runtime::current().expect("thread::current works only inside an exploration");
    Thread { task, run, name: runtime::current_name().map(Arc::from) }
}

/// Waits until the task is [unparked](Thread::unpark), or goes on at once if it has been.
///
/// std's may also return spuriously, with no unpark. Here it does so where
/// [`Explorer::spurious_wakeups`](crate::Explorer::spurious_wakeups) allows it: a `park` whose condition is not checked again
/// is found by that.
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

/// As [`park`], for as long as `timeout` on the [virtual clock](time): the deadline may pass before whatever another task
/// does next.
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

/// Waits for so long on the [virtual clock](time). Takes no time outside of it.
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

/// Gives other tasks a chance to run. Every schedule is explored anyway: this does nothing but count as a turn of a loop,
/// as [`hint::spin_loop`] does.
#[track_caller]
pub fn yield_now() {
    hint::spin_loop();
}
