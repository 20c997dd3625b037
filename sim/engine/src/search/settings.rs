//! What a search is to do: by which strategy, within which bounds.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::progress::Progress;
use crate::runtime::{self, Execution};
use crate::schedule::Schedule;
use crate::stateful::{Checkpoint, Part, Visited};
use crate::strategy::{Naive, Optimal, Pct, Preemptions, Random, Replay, Searched, Stateful, Strategy};
use crate::watchdog;

/// By which strategy.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Optimal,
    Naive,
    Random { seed: u64 },
    Pct { seed: u64, depth: usize },
    Replay { schedule: Schedule, goes_on: bool },
    Stateful { max_states: Option<u64>, searched: Searched },
}

impl Kind {
    fn strategy(&self) -> Box<dyn Strategy> {
        match *self {
            Kind::Optimal => Box::new(Optimal::new(None)),
            Kind::Naive => Box::new(Naive::default()),
            Kind::Random { seed } => Box::new(Random::new(seed)),
            Kind::Pct { seed, depth } => Box::new(Pct::new(seed, depth)),
            Kind::Replay { ref schedule, goes_on } => Box::new(Replay::new(schedule.clone(), goes_on)),
            Kind::Stateful { max_states, searched } => {
                Box::new(Stateful::new(Arc::new(Visited::new(max_states)), searched, None))
            }
        }
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        match *self {
            Kind::Random { seed } | Kind::Pct { seed, .. } => Some(seed),
            Kind::Optimal | Kind::Naive | Kind::Replay { .. } | Kind::Stateful { .. } => None,
        }
    }
}

/// Whom to tell of progress, and how often.
#[derive(Clone)]
pub(crate) struct OnProgress {
    pub(crate) every: Duration,
    pub(crate) tell: Arc<dyn Fn(&Progress) + Send + Sync>,
}

// What the callback has seen says nothing about an exploration, so that an explorer can go through a `catch_unwind`.
impl UnwindSafe for OnProgress {}
impl RefUnwindSafe for OnProgress {}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnProgress").field("every", &self.every).finish_non_exhaustive()
    }
}

/// The settings of an [`Explorer`](crate::Explorer), whose methods document them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) kind: Kind,
    pub(crate) jobs: usize,
    pub(crate) max_executions: Option<u64>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) max_steps: usize,
    pub(crate) max_preemptions: Option<usize>,
    pub(crate) stack_size: usize,
    pub(crate) watchdog: Duration,
    pub(crate) recording: bool,
    pub(crate) spurious_wakeups: u16,
    pub(crate) on_progress: Option<OnProgress>,
    pub(crate) left_out: Option<Part>,
    pub(crate) is_checkpointing: bool,
    /// What the search begins with, if not with the beginning.
    pub(crate) resumed: Option<Arc<Checkpoint>>,
    pub(crate) shares_always: bool,
}

impl Settings {
    pub(crate) fn new(kind: Kind) -> Self {
        Settings {
            kind,
            jobs: 1,
            max_executions: None,
            max_time: None,
            max_steps: 10_000,
            max_preemptions: None,
            stack_size: 256 << 10,
            watchdog: watchdog::DEFAULT_LIMIT,
            recording: false,
            spurious_wakeups: 0,
            on_progress: None,
            left_out: None,
            is_checkpointing: false,
            resumed: None,
            shares_always: false,
        }
    }

    /// An execution by this strategy, with the explorer's bounds.
    pub(crate) fn execution(&self, strategy: Box<dyn Strategy>) -> Box<Execution> {
        assert!(
            !runtime::exploring(),
            "an exploration cannot be started inside another. The body of this one calls Explorer itself: explore or replay \
             the function that the inner call explores"
        );
        let mut execution = Execution::new(
            strategy,
            self.max_steps,
            self.stack_size,
            self.recording,
            self.left_out,
            self.watchdog,
        );
        execution.spurious_wakeups = self.spurious_wakeups;
        Box::new(execution)
    }

    pub(crate) fn is_stateful(&self) -> bool {
        matches!(self.kind, Kind::Stateful { .. })
    }

    pub(crate) fn strategy(&self) -> Box<dyn Strategy> {
        let strategy = self.kind.strategy();
        let Some(most) = self.max_preemptions else { return strategy };
        assert!(
            !matches!(self.kind, Kind::Optimal),
            "an optimal search cannot be bounded by preemptions: it runs one schedule for many, and this one may have more \
             of them than the others. Use Explorer::naive, random or pct with max_preemptions, or optimal without"
        );
        Box::new(Preemptions::new(strategy, most, self.left_out != Some(Part::Budget)))
    }
}
