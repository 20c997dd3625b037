//! A condition variable, as [`std::sync::Condvar`].
//!
//! Its word is the set of waiting tasks, one bit per task. A wait has three events: the task enters
//! the set and unlocks the mutex (one event), wakes up, and locks the mutex. Each waiting task has
//! a flag at a location of its own, so notifications of different tasks do not conflict.

use std::fmt;
use std::panic::Location;
use std::sync::{self, LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use crate::event::{Action, Mode, NOTHING, Pending, Rule, RuleTag, TaskId};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// Flag of a waiting task: bit 0 is set if it has been notified; the other bits count its spurious
/// wakeups.
const NOTIFIED: u64 = 1;
const SPURIOUS: u64 = 2;

/// Removes one task from the set; the choice selects it. With an empty set it only reads the set.
pub(crate) static NOTIFY_ONE: Rule = Rule {
    tag: RuleTag::NotifyOne,
    alternatives: |states, _| waiting(states[0]).count().max(1) as u16,
    outcome: |states, _, choice| match waiting(states[0]).nth(choice.into()) {
        None => [(Mode::Read, 0), NOTHING, NOTHING],
        Some(task) => [(Mode::Write, states[0] & !bit(task)), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "notify",
};

pub(crate) static NOTIFY_ALL: Rule = Rule {
    tag: RuleTag::NotifyAll,
    alternatives: |_, _| 1,
    outcome: |states, _, _| {
        let mode = if states[0] == 0 { Mode::Read } else { Mode::Write };
        [(mode, 0), NOTHING, NOTHING]
    },
    may_be_disabled_by: Rule::ANY,
    what: "notify",
};

/// A wakeup: the task's flag and the set. A task that was not notified removes itself from the set.
pub(crate) static WAKE: Rule = Rule {
    tag: RuleTag::CondvarWake,
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
pub(crate) enum Woken {
    Notified,
    TimedOut,
    Spuriously,
}

/// The events other than a notification that can end a wait.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) task: TaskId,
    /// Whether the wait has a deadline.
    pub(crate) ends: bool,
    /// The maximum number of spurious wakeups.
    pub(crate) spurious: u16,
}

impl Patience {
    pub(crate) fn pack(self) -> u64 {
        u64::from(self.task) | u64::from(self.ends) << 8 | u64::from(self.spurious) << 16
    }

    fn unpack(word: u64) -> Self {
        Patience { task: word as u8, ends: word >> 8 & 1 != 0, spurious: (word >> 16) as u16 }
    }

    fn has_spurious(self, flag: u64) -> bool {
        flag / SPURIOUS < self.spurious.into()
    }

    /// The cause that a choice stands for. A disabled task is treated as notified.
    pub(crate) fn woken(self, flag: u64, choice: u16) -> Woken {
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

/// A condition variable. The schedule chooses the task that [`notify_one`](Condvar::notify_one)
/// wakes. As in std, a notification without a waiting task is lost.
///
/// A deadline may pass at any point of a schedule, so a wait with a deadline can always time out;
/// its duration is ignored. There are no spurious wakeups unless
/// [`Explorer::spurious_wakeups`](crate::Explorer::spurious_wakeups) allows them. Outside an
/// exploration it is std's condvar.
///
/// # Examples
///
/// A task that checks a condition and then waits can miss its notification if it does not hold the
/// lock in between.
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

/// Whether a wait timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the wait timed out.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Creates a condvar without waiting tasks.
    #[track_caller]
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

    /// Waits until `condition`, which is checked under the lock, is false.
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

    /// Like [`wait`](Condvar::wait), with a timeout.
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
        let result = |(guard, woken)| (guard, WaitTimeoutResult(woken == Woken::TimedOut));
        waited.map(result).map_err(|poisoned| PoisonError::new(result(poisoned.into_inner())))
    }

    /// Waits until `condition` is false, or until the timeout.
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
        // Real time does not advance inside an exploration.
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

    /// Wakes one waiting task, if there is one.
    #[track_caller]
    pub fn notify_one(&self) {
        let source = Location::caller();
        let pending = Pending::ruled(&[self.handle.location()], &NOTIFY_ONE, 0, source);
        match self.handle.perform_all(&pending) {
            Some(granted) => self.wake(granted.before & !granted.after, source),
            None => self.inner.notify_one(),
        }
    }

    /// Wakes all waiting tasks.
    #[track_caller]
    pub fn notify_all(&self) {
        let source = Location::caller();
        let pending = Pending::ruled(&[self.handle.location()], &NOTIFY_ALL, 0, source);
        match self.handle.perform_all(&pending) {
            Some(granted) => self.wake(granted.before & !granted.after, source),
            None => self.inner.notify_all(),
        }
    }

    /// Sets the flags of the tasks that were removed from the set, atomically with the removal.
    fn wake(&self, tasks: u64, source: &'static Location<'static>) {
        for flag in waiting(tasks).filter_map(|task| self.flag(task)) {
            self.handle.perform_with_previous(
                flag,
                Action::Modify(|flag, notified| flag | notified, NOTIFIED),
                source,
            );
        }
    }

    /// The location of the task's flag.
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
        // At a timeout the virtual clock has reached the deadline.
        let woken = patience.woken(granted.before, granted.choice);
        match mutex.lock_at(source) {
            Ok(guard) => Ok((guard, woken)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), woken))),
        }
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Condvar::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
