//! A condition variable, as [`std::sync::Condvar`].
//!
//! Its word is the set of the tasks that wait, a bit for each. To wait is three events: to enter the set and unlock the
//! mutex, in one step; to be woken; to lock the mutex. Each waiting task has a flag, a location of its own, so that waking
//! one has nothing to do with the others.

use std::fmt;
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use crate::event::{Action, Mode, NOTHING, Pending, Rule, TaskId};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// The flag's first bit: the task has been notified. Above it, how often it has woken up for no reason.
const NOTIFIED: u64 = 1;
const SPURIOUS: u64 = 2;

/// Taking one task out of the set: which one is a choice. If there is none, nothing but the set is observed.
static NOTIFY_ONE: Rule = Rule {
    tag: 96,
    alternatives: |states, _| waiting(states[0]).count().max(1) as u16,
    outcome: |states, _, choice| match waiting(states[0]).nth(choice.into()) {
        None => [(Mode::Read, 0), NOTHING, NOTHING],
        Some(task) => [(Mode::Write, states[0] & !bit(task)), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "notify",
};

static NOTIFY_ALL: Rule = Rule {
    tag: 97,
    alternatives: |_, _| 1,
    outcome: |states, _, _| {
        let mode = if states[0] == 0 { Mode::Read } else { Mode::Write };
        [(mode, 0), NOTHING, NOTHING]
    },
    may_be_disabled_by: Rule::ANY,
    what: "notify",
};

/// Waking up: the task's flag and the set. A task that has not been notified takes itself out of the set.
static WAKE: Rule = Rule {
    tag: 98,
    alternatives: |states, patience| {
        let patience = Patience::unpack(patience);
        if states[0] & NOTIFIED != 0 {
            1
        } else {
            u16::from(patience.ends) + u16::from(patience.has_spurious(states[0]))
        }
    },
    outcome: |states, patience, choice| {
        let patience = Patience::unpack(patience);
        let gone = (Mode::Update, states[1].wrapping_sub(bit(patience.task)));
        match patience.woken(states[0], choice) {
            Woken::Notified => [(Mode::Write, states[0] & !NOTIFIED), NOTHING, NOTHING],
            Woken::TimedOut => [(Mode::Read, states[0]), gone, NOTHING],
            Woken::Spuriously => [(Mode::Write, states[0] + SPURIOUS), gone, NOTHING],
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "be notified by",
};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    Notified,
    TimedOut,
    Spuriously,
}

/// What a waiting task waits for besides a notification.
#[derive(Clone, Copy)]
struct Patience {
    task: TaskId,
    /// It waits with a deadline.
    ends: bool,
    /// How often it may wake up for no reason.
    spurious: u16,
}

impl Patience {
    fn pack(self) -> u64 {
        u64::from(self.task) | u64::from(self.ends) << 8 | u64::from(self.spurious) << 16
    }

    fn unpack(word: u64) -> Self {
        Patience { task: word as u8, ends: word >> 8 & 1 != 0, spurious: (word >> 16) as u16 }
    }

    fn has_spurious(self, flag: u64) -> bool {
        flag / SPURIOUS < self.spurious.into()
    }

    /// What a choice of the wake-up means. A task that cannot go on is as one that is notified.
    fn woken(self, flag: u64, choice: u16) -> Woken {
        if flag & NOTIFIED != 0 || !(self.ends || self.has_spurious(flag)) {
            Woken::Notified
        } else if self.ends && choice == 0 {
            Woken::TimedOut
        } else {
            Woken::Spuriously
        }
    }
}

fn bit(task: TaskId) -> u64 {
    1 << task
}

/// The tasks of a set.
fn waiting(set: u64) -> impl Iterator<Item = TaskId> {
    (0..crate::MAX_TASKS as TaskId).filter(move |&task| set & bit(task) != 0)
}

/// A condition variable. Which of the waiting tasks a [`notify_one`](Condvar::notify_one) wakes is a choice of the
/// schedule. A notification that nobody waits for is lost, as it is with std's.
///
/// A deadline may come at any point of a schedule, so that a wait that has one can always time out; the duration is not
/// looked at. Nobody wakes up for no reason, unless
/// [`Explorer::spurious_wakeups`](crate::Explorer::spurious_wakeups) says so. Outside an exploration it is std's condvar.
///
/// # Examples
///
/// A task that looks and then waits, without holding the lock in between, can miss its notification.
///
/// ```
/// use selvedge_engine::sync::{Arc, Condvar, Mutex};
/// use selvedge_engine::{Ending, Explorer, thread};
/// use std::ops::ControlFlow;
///
/// let mut waits = Vec::new();
/// Explorer::optimal().run_each(
///     || {
///         let pair = Arc::new((Mutex::new(false), Condvar::new()));
///         let other = Arc::clone(&pair);
///         thread::spawn(move || {
///             *other.0.lock().unwrap() = true;
///             other.1.notify_one();
///         });
///         let ready = *pair.0.lock().unwrap();
///         if !ready {
///             let guard = pair.0.lock().unwrap();
///             drop(pair.1.wait(guard));
///         }
///     },
///     |run| match run.ending() {
///         Ending::Deadlock(tasks) => {
///             waits = tasks.clone();
///             ControlFlow::Break(())
///         }
///         _ => ControlFlow::Continue(()),
///     },
/// );
/// assert!(waits[0].starts_with("main waits to be notified by a condvar, at"));
/// ```
pub struct Condvar {
    handle: Handle,
    inner: sync::Condvar,
}

/// Whether a wait ended because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether it did.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condvar that nobody waits for.
    pub fn new() -> Self {
        Condvar { handle: Handle::new("a condvar", Holds::Tasks, 0), inner: sync::Condvar::new() }
    }

    /// Unlocks the mutex, waits for a notification, and locks the mutex again.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock; the error has the guard.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let source = Location::caller();
        let waited = match runtime::current_task() {
            Some(task) => self.wait_as(task, guard, false, source),
            None => guard.with_std(|guard| match self.inner.wait(guard) {
                Ok(guard) => Ok((guard, Woken::Notified)),
                Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), Woken::Notified))),
            }),
        };
        match waited {
            Ok((guard, _)) => Ok(guard),
            Err(poisoned) => Err(PoisonError::new(poisoned.into_inner().0)),
        }
    }

    /// Waits until `condition` is false, which is looked at under the lock.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock; the error has the guard.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Like [`wait`](Condvar::wait), and may also end because the time is over.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock; the error has the guard.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let source = Location::caller();
        let waited = match runtime::current_task() {
            Some(task) => self.wait_as(task, guard, true, source),
            None => guard.with_std(|guard| {
                let woken = |timed_out| if timed_out { Woken::TimedOut } else { Woken::Notified };
                match self.inner.wait_timeout(guard, timeout) {
                    Ok((guard, result)) => Ok((guard, woken(result.timed_out()))),
                    Err(poisoned) => {
                        let (guard, result) = poisoned.into_inner();
                        Err(PoisonError::new((guard, woken(result.timed_out()))))
                    }
                }
            }),
        };
        let told = |(guard, woken)| (guard, WaitTimeoutResult(woken == Woken::TimedOut));
        waited.map(told).map_err(|poisoned| PoisonError::new(told(poisoned.into_inner())))
    }

    /// Waits until `condition` is false, or the time is over.
    ///
    /// # Errors
    ///
    /// If a task panicked while it held the lock; the error has the guard.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        // Inside an exploration no time passes that could be measured.
        let start = (!runtime::exploring()).then(Instant::now);
        let mut left = timeout;
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let result;
            (guard, result) = self.wait_timeout(guard, left)?;
            if result.timed_out() {
                let still = condition(&mut guard);
                return Ok((guard, WaitTimeoutResult(still)));
            }
            if let Some(start) = start {
                left = timeout.saturating_sub(start.elapsed());
            }
        }
    }

    /// Wakes one of the tasks that wait, if there is one.
    #[track_caller]
    pub fn notify_one(&self) {
        let source = Location::caller();
        let pending = Pending::ruled(&[self.handle.location()], &NOTIFY_ONE, 0, source);
        match self.handle.perform_all(&pending) {
            Some(granted) => self.wake(granted.before & !granted.after, source),
            None => self.inner.notify_one(),
        }
    }

    /// Wakes all tasks that wait.
    #[track_caller]
    pub fn notify_all(&self) {
        let source = Location::caller();
        let pending = Pending::ruled(&[self.handle.location()], &NOTIFY_ALL, 0, source);
        match self.handle.perform_all(&pending) {
            Some(granted) => self.wake(granted.before & !granted.after, source),
            None => self.inner.notify_all(),
        }
    }

    /// Sets the flags of the tasks that were taken out of the set, in the same step.
    fn wake(&self, tasks: u64, source: &'static Location<'static>) {
        for flag in waiting(tasks).filter_map(|task| self.flag(task)) {
            self.handle.glue(flag, Action::Modify(|flag, notified| flag | notified, NOTIFIED), source);
        }
    }

    /// The task's own location.
    fn flag(&self, task: TaskId) -> Option<u32> {
        self.handle.key(task.into())
    }

    fn wait_as<'a, T>(
        &self,
        task: TaskId,
        guard: MutexGuard<'a, T>,
        ends: bool,
        source: &'static Location<'static>,
    ) -> LockResult<(MutexGuard<'a, T>, Woken)> {
        let flag = self.flag(task).expect("a task that waits is of an exploration");
        let mutex = guard.unlock_and(&self.handle, Action::Update(bit(task)), source);
        let patience = Patience { task, ends, spurious: runtime::spurious_wakeups() };
        let locations = [flag, self.handle.location()];
        let pending = Pending::ruled(&locations, &WAKE, patience.pack(), source);
        let granted = self.handle.perform_all(&pending).expect("a task that waits is of an exploration");
        // Where the time is over, the virtual clock has come to the deadline, at the least.
        let woken = patience.woken(granted.before, granted.choice);
        match mutex.lock_at(source) {
            Ok(guard) => Ok((guard, woken)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), woken))),
        }
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
