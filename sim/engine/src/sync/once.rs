//! An initialization that is done once, as [`std::sync::Once`].
//!
//! Two words: whether a task is at it, and whether it is done. Whoever only asks whether it is done does not observe that
//! a task has begun.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync;
pub use std::sync::OnceState;

use crate::event::{Action, Mode, NOTHING, Pending, Rule};
use crate::history::Holds;
use crate::runtime::Handle;

const DONE: u64 = 1;
const POISONED: u64 = 2;

/// Beginning, or finding that it is done: the words are "a task is at it" and "done". The argument says whether a poisoned
/// one is begun anew. One that finds it done conflicts with the beginning, too: it could have been the one.
static ENTER: Rule = Rule {
    tag: 100,
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

/// Beginning and being done in one step, unless it is done.
static SET: Rule = Rule {
    tag: 101,
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

/// Waiting until it is done, or, unless told to ignore that, poisoned.
static WAIT: Rule = Rule {
    tag: 102,
    alternatives: |states, force| u16::from(states[0] == DONE || (states[0] == POISONED && force == 0)),
    outcome: |states, _, _| [(Mode::Read, states[0]), NOTHING, NOTHING],
    may_be_disabled_by: Rule::ANY,
    what: "see the end of",
};

/// How far an initialization is, as the engine sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    begun: Handle,
    done: Handle,
}

/// What a task finds that comes to an initialization.
pub(super) enum Entered<'a> {
    /// It is this task's to do.
    Begun(Attempt<'a>),
    /// It is done, or cannot be done, or is outside an exploration: std's own type knows.
    Over,
}

/// An initialization that a task is at. If it is dropped before it is finished, the initialization has failed.
pub(super) struct Attempt<'a> {
    progress: &'a Progress,
    source: &'static Location<'static>,
    /// A failure leaves it poisoned.
    poisons: bool,
}

impl Progress {
    /// Not begun.
    pub(super) fn new(name: &'static str) -> Self {
        Progress::at(name, 0)
    }

    /// Done from the start.
    pub(super) fn new_done(name: &'static str) -> Self {
        Progress::at(name, DONE)
    }

    fn at(name: &'static str, done: u64) -> Self {
        Progress { begun: Handle::new(name, Holds::Marks, 0), done: Handle::new(name, Holds::Value, done) }
    }

    fn words(&self) -> [u32; 2] {
        [self.begun.location(), self.done.location()]
    }

    /// Waits while another task is at it, and begins if it is not done. A poisoned one is begun only if `force`.
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

    /// Begins and is done in one step. False if it was done. True outside an exploration.
    pub(super) fn set(&self, source: &'static Location<'static>) -> bool {
        let pending = Pending::ruled(&self.words(), &SET, 0, source);
        self.begun.perform_all(&pending).is_none_or(|granted| granted.second != DONE)
    }

    /// The task looks at what was done, which is nobody else's.
    pub(super) fn look(&self) {
        self.done.look();
    }

    /// The task can change what was done, which is nobody else's.
    #[track_caller]
    pub(super) fn take_over(&self) {
        self.done.take_over();
    }

    /// Takes back that it is done.
    pub(super) fn reset(&self, source: &'static Location<'static>) {
        self.done.perform(Action::Store(0), source);
    }

    /// Whether it is done. `None` outside an exploration.
    pub(super) fn is_done(&self, source: &'static Location<'static>) -> Option<bool> {
        self.done.perform(Action::Read, source).map(|granted| granted.before == DONE)
    }

    /// Waits until it is done, or, unless `force`, poisoned.
    pub(super) fn wait(&self, force: bool, source: &'static Location<'static>) {
        let pending = Pending::ruled(&[self.done.location()], &WAIT, force.into(), source);
        self.done.perform_all(&pending);
    }
}

impl Attempt<'_> {
    /// It is done.
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

/// Something that is done once, by the first task that comes. The others wait for it; which one is first is a choice of
/// the schedule.
///
/// Outside an exploration it is std's. It cannot be a static: each run makes its own.
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
    /// Nothing has been done.
    #[expect(clippy::new_without_default, reason = "as std's")]
    pub fn new() -> Self {
        Once { progress: Progress::new("a once"), inner: sync::Once::new() }
    }

    /// Runs `init` if no task has, and waits if a task is at it.
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

    /// Whether it has been done.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        self.progress.is_done(Location::caller()).unwrap_or_else(|| self.inner.is_completed())
    }

    /// Waits until it has been done.
    ///
    /// # Panics
    ///
    /// If an `init` panicked.
    #[track_caller]
    pub fn wait(&self) {
        self.progress.wait(false, Location::caller());
        self.inner.wait();
    }

    /// Waits until it has been done, also if an `init` panicked.
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
