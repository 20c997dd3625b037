//! A one-time initialization, as [`std::sync::Once`].
//!
//! Two words: whether a task runs the initialization, and whether it has completed. A task that
//! only checks for completion does not observe that another has begun.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync;
pub use std::sync::OnceState;

use crate::event::{Action, Mode, NOTHING, Pending, Rule, RuleTag};
use crate::history::Holds;
use crate::runtime::Handle;

const DONE: u64 = 1;
const POISONED: u64 = 2;

/// Begins the initialization, or finds it completed: the words are "running" and "completed". The
/// argument says whether a poisoned initialization begins again. A task that finds it completed
/// also conflicts with its begin: it could have been the first.
static ENTER: Rule = Rule {
    tag: RuleTag::OnceEnter,
    alternatives: |states, _| u16::from(states[1] == DONE || states[0] == 0),
    outcome: |states, force, _| {
        if states[1] == DONE || (states[0] == 0 && states[1] == POISONED && force == 0) {
            [(Mode::Read, states[0]), (Mode::Read, states[1]), NOTHING]
        } else {
            [(Mode::Write, 1), (Mode::Read, states[1]), NOTHING]
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "enter",
};

/// Begins and completes in one event, unless completed.
static SET: Rule = Rule {
    tag: RuleTag::OnceSet,
    alternatives: |states, _| u16::from(states[1] == DONE || states[0] == 0),
    outcome: |states, _, _| {
        if states[1] == DONE {
            [(Mode::Read, states[0]), (Mode::Read, DONE), NOTHING]
        } else {
            [(Mode::Write, states[0]), (Mode::Write, DONE), NOTHING]
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "set",
};

/// Waits until it is completed or poisoned. The argument says whether to ignore poisoning.
static WAIT: Rule = Rule {
    tag: RuleTag::OnceWait,
    alternatives: |states, force| u16::from(states[0] == DONE || (states[0] == POISONED && force == 0)),
    outcome: |states, _, _| [(Mode::Read, states[0]), NOTHING, NOTHING],
    may_be_disabled_by: Rule::ANY,
    what: "see the end of",
};

/// The engine's record of an initialization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    begun: Handle,
    done: Handle,
}

/// The result of [`Progress::enter`].
pub(super) enum Entered<'a> {
    /// The caller must run the initialization.
    Begun(Attempt<'a>),
    /// Completed, poisoned, or outside an exploration: std's type handles it.
    Over,
}

/// An initialization in progress. Dropping it before [`finish`](Attempt::finish) marks it as
/// failed.
pub(super) struct Attempt<'a> {
    progress: &'a Progress,
    source: &'static Location<'static>,
    /// Whether a failure poisons it.
    poisons: bool,
}

impl Progress {
    /// Not begun.
    #[track_caller]
    pub(super) fn new(name: &'static str) -> Self {
        Progress::at(name, 0)
    }

    /// Completed from the start.
    #[track_caller]
    pub(super) fn new_done(name: &'static str) -> Self {
        Progress::at(name, DONE)
    }

    #[track_caller]
    fn at(name: &'static str, done: u64) -> Self {
        Progress { begun: Handle::new(name, Holds::Marks, 0), done: Handle::new(name, Holds::Value, done) }
    }

    fn words(&self) -> [u32; 2] {
        [self.begun.location(), self.done.location()]
    }

    /// Waits while another task runs the initialization, and begins it if it is not completed. A
    /// poisoned one begins only if `force`.
    pub(super) fn enter(
        &self,
        force: bool,
        poisons: bool,
        source: &'static Location<'static>,
    ) -> Entered<'_> {
        let pending = Pending::ruled(&self.words(), &ENTER, force.into(), source);
        match self.begun.perform_all(&pending) {
            Some(granted) if granted.before != granted.after => {
                Entered::Begun(Attempt { progress: self, source, poisons })
            }
            _ => Entered::Over,
        }
    }

    /// Begins and completes in one event. `false` if it was completed. `true` outside an
    /// exploration.
    pub(super) fn set(&self, source: &'static Location<'static>) -> bool {
        let pending = Pending::ruled(&self.words(), &SET, 0, source);
        self.begun.perform_all(&pending).is_none_or(|granted| granted.second != DONE)
    }

    /// The current task accesses the result, to which it has exclusive access.
    pub(super) fn read_contents(&self) {
        self.done.read_contents();
    }

    /// The current task may change the result, to which it has exclusive access.
    #[track_caller]
    pub(super) fn note_exclusive_access(&self) {
        self.done.note_exclusive_access();
    }

    /// Resets it to not begun.
    pub(super) fn reset(&self, source: &'static Location<'static>) {
        self.done.perform(Action::Store(0), source);
    }

    /// Whether it is completed. `None` outside an exploration.
    pub(super) fn is_done(&self, source: &'static Location<'static>) -> Option<bool> {
        self.done.perform(Action::Read, source).map(|granted| granted.before == DONE)
    }

    /// Waits until it is completed or, unless `force`, poisoned.
    pub(super) fn wait(&self, force: bool, source: &'static Location<'static>) {
        let pending = Pending::ruled(&[self.done.location()], &WAIT, force.into(), source);
        self.done.perform_all(&pending);
    }
}

impl Attempt<'_> {
    /// Marks it as completed.
    pub(super) fn finish(self) {
        self.end(Action::Store(DONE));
        mem::forget(self);
    }

    fn end(&self, done: Action) {
        let [begun, is_done] = self.progress.words();
        let actions = [(begun, Action::Store(0)), (is_done, done)];
        self.progress.begun.perform_all(&Pending::several(actions, self.source));
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.poisons {
            self.end(Action::Store(POISONED));
        } else {
            self.progress.begun.perform(Action::Store(0), self.source);
        }
    }
}

/// An initialization that the first task to arrive runs. The other tasks wait; the schedule chooses
/// the first.
///
/// Outside an exploration it is std's. It cannot be a static, because each run creates its own.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, Once, atomic::{AtomicU32, Ordering::SeqCst}};
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let shared = Arc::new((Once::new(), AtomicU32::new(0)));
///     let other = Arc::clone(&shared);
///     let task = thread::spawn(move || other.0.call_once(|| { other.1.fetch_add(1, SeqCst); }));
///     shared.0.call_once(|| { shared.1.fetch_add(1, SeqCst); });
///     assert_eq!(shared.1.load(SeqCst), 1);
///     task.join().unwrap();
/// });
/// assert_eq!((report.executions, report.panics), (2, 0));
/// ```
pub struct Once {
    progress: Progress,
    inner: sync::Once,
}

impl Once {
    /// Creates an initialization that has not begun.
    #[expect(clippy::new_without_default, reason = "as std's")]
    #[track_caller]
    pub fn new() -> Self {
        Once { progress: Progress::new("a once"), inner: sync::Once::new() }
    }

    /// Runs `init` if no task has, and waits if another task runs it.
    ///
    /// # Panics
    ///
    /// If an earlier `init` panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, init: F) {
        match self.progress.enter(false, true, Location::caller()) {
            Entered::Begun(attempt) => {
                self.inner.call_once(init);
                attempt.finish();
            }
            Entered::Over => self.inner.call_once(init),
        }
    }

    /// Like [`call_once`](Once::call_once), also if an earlier `init` panicked.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, init: F) {
        match self.progress.enter(true, true, Location::caller()) {
            Entered::Begun(attempt) => {
                self.inner.call_once_force(init);
                attempt.finish();
            }
            Entered::Over => self.inner.call_once_force(init),
        }
    }

    /// Whether it has completed.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        self.progress.is_done(Location::caller()).unwrap_or_else(|| self.inner.is_completed())
    }

    /// Waits until it has completed.
    ///
    /// # Panics
    ///
    /// If an `init` panicked.
    #[track_caller]
    pub fn wait(&self) {
        self.progress.wait(false, Location::caller());
        self.inner.wait();
    }

    /// Waits until it has completed, also if an `init` panicked.
    #[track_caller]
    pub fn wait_force(&self) {
        self.progress.wait(true, Location::caller());
        self.inner.wait_force();
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
