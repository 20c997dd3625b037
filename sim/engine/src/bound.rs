//! Bounds of an exploration.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::number::counted;

/// A bound that ended an exploration or left schedules out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A number of executions.
    Executions(u64),
    /// A time.
    Time(Duration),
    /// A number of steps in one execution.
    Steps(usize),
    /// A number of iterations of a loop without a change that the task waits for: see
    /// [`spin_loop`](crate::hint::spin_loop).
    Spins {
        /// The number of iterations.
        iterations: usize,
        /// The source of the spin.
        source: &'static Location<'static>,
    },
    /// A number of sets of events that were removed on trial, to find the sets that keep one
    /// operation waiting.
    Removals {
        /// The number of sets.
        sets: usize,
        /// The source of the waiting operation.
        source: &'static Location<'static>,
    },
    /// A number of states.
    States(u64),
    /// A number of preemptions in one execution.
    Preemptions(usize),
    /// A future at this location, which runs as
    /// [instrumented](crate::future::block_on_instrumented), shares state that the engine does not
    /// see, so that schedules are missing.
    Unseen(&'static Location<'static>),
    /// One schedule, which was run again.
    Schedule,
    /// Tasks of aborted executions could not be unwound: their destructors wait for each other's
    /// locks, or they catch every panic. Their values are not dropped.
    LeftBehind {
        /// The number of tasks.
        tasks: usize,
        /// The last operation of the first of them.
        source: Option<&'static Location<'static>>,
    },
    /// The caller stopped the search.
    Stopped,
}

impl Bound {
    /// The rank of a bound. Of several bounds the report shows the highest: one that ended the
    /// search rather than one that left schedules out.
    pub(crate) fn rank(self) -> (u8, Option<(&'static str, u32, u32)>) {
        match self {
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

    /// Whether the search ended at this bound, with work left.
    pub(crate) fn ends_search(self) -> bool {
        self.rank().0 >= 2
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Bound::Executions(count) => write!(f, "the bound of {}", counted(count, "execution")),
            Bound::Time(time) => write!(f, "the bound of {time:?}"),
            Bound::Steps(steps) => {
                write!(f, "the bound of {} in one execution", counted(steps as u64, "step"))
            }
            Bound::Spins { iterations, source } => write!(
                f,
                "the bound of {iterations} iterations of a loop without progress, at {}:{}. Each number \
                 of iterations is another schedule: write the loop as wait_until on the atomic, as \
                 await_until on several, or as a wait on a lock",
                source.file(),
                source.line()
            ),
            Bound::Removals { sets, source } => write!(
                f,
                "the bound of {} that may keep the task waiting at {}:{}. Wait for one condition after \
                 the other, or for fewer tasks at once",
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
                "the visible state of the future that is run at {}:{}: it shares state outside of this crate's \
                 objects (a lock, channel or cell of another crate, an atomic of std). Run it with block_on or spawn, which \
                 explore each poll in every order, or move the shared state into this crate's objects",
                source.file(),
                source.line()
            ),
            Bound::Schedule => f.write_str("the one replayed schedule"),
            Bound::Stopped => f.write_str("a stop by the caller"),
        }
    }
}
