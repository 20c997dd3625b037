//! What an exploration came to, in numbers.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::dpor::MAX_REMOVALS;
use crate::number::counted;
use crate::run::Run;
use crate::runtime::{Ending, Sometimes};
use crate::schedule::Schedule;
use crate::stateful::{Checkpoint, Found, States, Unfit, Visited};
use crate::strategy::Way;

/// What an exploration may spend, and what it ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many executions.
    Executions(u64),
    /// So much time.
    Time(Duration),
    /// So many steps in one execution.
    Steps(usize),
    /// So many turns of a loop, in which nothing changed that the task waits for: see
    /// [`spin_loop`](crate::hint::spin_loop).
    Spins {
        /// How many.
        turns: usize,
        /// Where the task spins.
        source: &'static Location<'static>,
    },
    /// So many sets of events that were removed on trial, to find those that keep one operation waiting.
    Removals {
        /// How many.
        sets: usize,
        /// Where the task waits.
        source: &'static Location<'static>,
    },
    /// So many states.
    States(u64),
    /// So many preemptions in one execution.
    Preemptions(usize),
    /// A future that is run as [instrumented](crate::future::block_on_instrumented) here shares state that the engine does
    /// not see, so that schedules are missing.
    Unseen(&'static Location<'static>),
    /// One schedule, which was run again.
    Schedule,
    /// So many tasks of aborted executions that could not be unwound: their destructors wait for each other's locks, or they
    /// catch every panic. What they hold is not freed.
    LeftBehind {
        /// How many.
        tasks: usize,
        /// The last operation of the first of them.
        source: Option<&'static Location<'static>>,
    },
    /// The caller said that it is enough.
    Stopped,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Bound::Executions(count) => write!(f, "the bound of {}", counted(count, "execution")),
            Bound::Time(time) => write!(f, "the bound of {time:?}"),
            Bound::Steps(steps) => {
                write!(f, "the bound of {} in one execution", counted(steps as u64, "step"))
            }
            Bound::Spins { turns, source } => write!(
                f,
                "the bound of {turns} turns of a loop without progress, at {}:{}. Each number of turns is another schedule: \
                 write the loop as wait_until on the atomic, as await_until on several, or as a wait on a lock",
                source.file(),
                source.line()
            ),
            Bound::Removals { sets, source } => write!(
                f,
                "the bound of {} that may keep the task waiting at {}:{}. Wait for one condition after the other, or for \
                 fewer tasks at once",
                counted(sets as u64, "set of events"),
                source.file(),
                source.line()
            ),
            Bound::States(count) => write!(f, "the bound of {}", counted(count, "state")),
            Bound::Preemptions(most) => {
                write!(f, "the bound of {} in one execution", counted(most as u64, "preemption"))
            }
            Bound::LeftBehind { tasks, source } => {
                write!(f, "the bound of {} that cannot be unwound", counted(tasks as u64, "task"))?;
                if let Some(source) = source {
                    write!(f, ", the first of them at {}:{}", source.file(), source.line())?;
                }
                f.write_str(
                    ": destructors wait for each other's locks, or a loop catches every panic. Use try_lock in destructors",
                )
            }
            Bound::Unseen(source) => write!(
                f,
                "what the engine sees of the future that is run at {}:{}: it shares state by other means than this crate's \
                 objects (a lock, channel or cell of another crate, an atomic of std). Run it with block_on or spawn, which \
                 explore each poll in every order, or build what it shares of this crate's objects",
                source.file(),
                source.line()
            ),
            Bound::Schedule => f.write_str("the one schedule that was to be run"),
            Bound::Stopped => f.write_str("a stop by the caller"),
        }
    }
}

/// An execution that went wrong, and the schedule that runs it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How it ended: a deadlock or a panic.
    pub ending: Ending,
    /// Its schedule.
    pub schedule: Schedule,
}

impl Failure {
    /// Whether it is the one to be kept of the two: a panic, with the fewest switches, then the fewest events, then the
    /// first in the order of the tasks.
    fn is_before(&self, other: &Failure) -> bool {
        let key = |its: &Failure| {
            (!matches!(its.ending, Ending::Panic { .. }), its.schedule.switches(), its.schedule.len())
        };
        (key(self), &self.schedule) < (key(other), &other.schedule)
    }
}

/// Of several bounds the one that is told: what ended the search, before what left something out of it.
fn rank(bound: Bound) -> (u8, Option<(&'static str, u32, u32)>) {
    match bound {
        Bound::Steps(_) | Bound::Preemptions(_) | Bound::Schedule => (0, None),
        Bound::Unseen(source) | Bound::Spins { source, .. } | Bound::Removals { source, .. } => {
            (1, Some((source.file(), source.line(), source.column())))
        }
        Bound::States(_) => (2, None),
        Bound::Executions(_) => (3, None),
        Bound::Time(_) => (4, None),
        Bound::LeftBehind { .. } => (5, None),
        Bound::Stopped => (6, None),
    }
}

/// What an exploration came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Executions that were run to their end, deadlocks and panics included.
    pub executions: u64,
    /// Of these, those that ended in a deadlock.
    pub deadlocks: u64,
    /// Of these, those that ended in a panic that nobody took.
    pub panics: u64,
    /// Of these, those that were given up at the bound on steps or on spins.
    pub too_long: u64,
    /// Executions that were cut short because all that could go on had been explored already: none, for an optimal
    /// strategy. Most, for a search of [states](crate::Explorer::stateful).
    pub redundant: u64,
    /// Events of all executions.
    pub events: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// What ended the exploration before it was complete; or, if it came to its end, what left schedules out.
    pub bound: Option<Bound>,
    /// Which part of the search was done: see [`Progress::done`](crate::Progress::done). Of a search of
    /// [states](crate::Explorer::stateful) that was broken off: how many of the states that random schedules meet had been
    /// visited, if there could have been several [workers](crate::Explorer::jobs).
    pub done: f64,
    /// The first difference between two runs of the same schedule, if the program is not deterministic.
    pub nondeterminism: Option<String>,
    /// The first panic, or the first deadlock if there was no panic.
    pub failure: Option<Failure>,
    /// The [`sometimes`](crate::sometimes) conditions that never held.
    pub never: Vec<&'static str>,
    /// The seed, if the schedules were random.
    pub seed: Option<u64>,
    /// What a search of [states](crate::Explorer::stateful) came to besides.
    pub states: Option<States>,
    /// Why the states of the program cannot be searched, if they cannot.
    pub refused: Option<Unfit>,
    /// What a search of states can be [resumed](crate::Explorer::resume) with, if it was
    /// [broken off](crate::Explorer::checkpointing) and nothing has failed.
    pub checkpoint: Option<Checkpoint>,
}

impl Report {
    /// Whether every schedule is covered.
    pub fn is_complete(&self) -> bool {
        self.bound.is_none() && self.nondeterminism.is_none() && self.refused.is_none()
    }

    /// Counts a run that has ended.
    #[inline]
    pub(crate) fn count(&mut self, run: &Run<'_>, is_redundant: bool, max_steps: usize) {
        self.events += run.execution.trail.len() as u64;
        if is_redundant {
            self.redundant += 1;
            return;
        }
        self.executions += 1;
        match run.ending() {
            Ending::Complete => {}
            Ending::Deadlock(_) => self.deadlocks += 1,
            Ending::Panic { .. } => self.panics += 1,
            Ending::TooLong => {
                self.too_long += 1;
                self.bound = Some(Bound::Steps(max_steps));
            }
            Ending::Nondeterministic(difference) => self.nondeterminism = Some(difference.clone()),
        }
        if self.is_graver(run.ending()) {
            self.failure = Some(Failure { ending: run.ending().clone(), schedule: run.schedule() });
        }
        if let Some(source) = run.execution.races.gave_up_at() {
            self.bound = Some(Bound::Removals { sets: MAX_REMOVALS, source });
        }
        if let Some((source, turns)) = run.execution.spinning() {
            self.bound = Some(Bound::Spins { turns, source });
        }
    }

    /// Adds what another worker of the same search has come to.
    pub(crate) fn merge(&mut self, other: Report) {
        self.executions += other.executions;
        self.deadlocks += other.deadlocks;
        self.panics += other.panics;
        self.too_long += other.too_long;
        self.redundant += other.redundant;
        self.events += other.events;
        // Who has ended the search for all knows how far it had come.
        if other.bound.map(rank) > self.bound.map(rank) {
            (self.bound, self.done) = (other.bound, other.done);
        }
        self.states = match (self.states.take(), other.states) {
            (Some(own), Some(its)) => Some(own.merge(its)),
            (own, its) => own.or(its),
        };
        self.nondeterminism = self.nondeterminism.take().or(other.nondeterminism);
        self.refused = self.refused.or(other.refused);
        if let Some(its) = other.failure
            && self.failure.as_ref().is_none_or(|own| its.is_before(own))
        {
            self.failure = Some(its);
        }
    }

    /// Adds what the search had come to when it was broken off.
    pub(crate) fn resume(&mut self, checkpoint: &Checkpoint) {
        self.executions += checkpoint.executions;
        self.redundant += checkpoint.redundant;
        self.events += checkpoint.events;
        let found = |(kind, states, schedule): &(u32, u64, Schedule)| Found {
            kind: *kind,
            states: *states,
            schedule: schedule.clone(),
        };
        let before = States {
            transitions: checkpoint.transitions,
            foreseen: checkpoint.foreseen,
            runs: checkpoint.runs,
            found: checkpoint.found.iter().map(found).collect(),
            ..States::default()
        };
        self.states = Some(self.states.take().unwrap_or_default().merge(before));
    }

    /// Whether the search was ended before there was nothing left.
    pub(crate) fn is_broken_off(&self) -> bool {
        self.bound.is_some_and(|bound| rank(bound).0 >= 2)
    }

    /// What the search can be resumed with. A failure would have to be kept with how it ended, and it has decided already.
    pub(crate) fn checkpoint(
        &self,
        visited: &Visited,
        open: Vec<Way>,
        tasks: Vec<(u32, u32, u64)>,
        sometimes: &Sometimes,
    ) -> Option<Checkpoint> {
        let has_failed = self.failure.is_some() || self.nondeterminism.is_some() || self.refused.is_some();
        if !self.is_broken_off() || has_failed || self.too_long > 0 || open.is_empty() {
            return None;
        }
        let states = self.states.clone().unwrap_or_default();
        Some(Checkpoint {
            visited: visited.all(),
            open: open.into_iter().map(Schedule::new).collect(),
            tasks,
            executions: self.executions,
            redundant: self.redundant,
            events: self.events,
            transitions: states.transitions,
            foreseen: states.foreseen,
            runs: states.runs,
            found: states.found.into_iter().map(|its| (its.kind, its.states, its.schedule)).collect(),
            sometimes: sometimes.all(),
        })
    }

    /// Whether the ending is to take the place of the failure that is kept.
    fn is_graver(&self, ending: &Ending) -> bool {
        let kept = self.failure.as_ref().map(|failure| &failure.ending);
        match ending {
            Ending::Panic { .. } => !matches!(kept, Some(Ending::Panic { .. })),
            Ending::Deadlock(_) => kept.is_none(),
            Ending::Complete | Ending::TooLong | Ending::Nondeterministic(_) => false,
        }
    }
}
