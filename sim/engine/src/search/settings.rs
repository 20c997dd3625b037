//! The settings of a search: its strategy and its bounds.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::progress::Progress;
use crate::runtime::{self, Execution};
use crate::schedule::Schedule;
use crate::stateful::{Checkpoint, Part, Visited};
use crate::strategy::{Naive, Optimal, Pct, Preemptions, Random, Reductions, Replay, Stateful, Strategy};
use crate::watchdog;

/// The strategy of a search.
#[derive(Clone, Debug)]
pub(crate) enum StrategyKind {
    Optimal,
    Naive,
    Random { seed: u64 },
    Pct { seed: u64, depth: usize },
    Replay { schedule: Schedule, continues: bool },
    Stateful { max_states: Option<u64>, reductions: Reductions },
}

impl StrategyKind {
    fn strategy(&self) -> Box<dyn Strategy> {
        match *self {
            StrategyKind::Optimal => Box::new(Optimal::new(None)),
            StrategyKind::Naive => Box::new(Naive::default()),
            StrategyKind::Random { seed } => Box::new(Random::new(seed)),
            StrategyKind::Pct { seed, depth } => Box::new(Pct::new(seed, depth)),
            StrategyKind::Replay { ref schedule, continues } => {
                Box::new(Replay::new(schedule.clone(), continues))
            }
            StrategyKind::Stateful { max_states, reductions } => {
                Box::new(Stateful::new(Arc::new(Visited::new(max_states)), reductions, None))
            }
        }
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        match *self {
            StrategyKind::Random { seed } | StrategyKind::Pct { seed, .. } => Some(seed),
            StrategyKind::Optimal
            | StrategyKind::Naive
            | StrategyKind::Replay { .. }
            | StrategyKind::Stateful { .. } => None,
        }
    }
}

/// The progress callback and its interval.
#[derive(Clone)]
pub(crate) struct OnProgress {
    pub(crate) every: Duration,
    pub(crate) report: Arc<dyn Fn(&Progress) + Send + Sync>,
}

// The callback does not affect an exploration, so that an explorer can cross a `catch_unwind`.
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
    pub(crate) kind: StrategyKind,
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
    /// The checkpoint that the search resumes from, if any.
    pub(crate) resumed: Option<Arc<Checkpoint>>,
    pub(crate) shares_always: bool,
}

impl Settings {
    pub(crate) fn new(kind: StrategyKind) -> Self {
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

    /// A new execution with this strategy and with the bounds of the settings.
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
        matches!(self.kind, StrategyKind::Stateful { .. })
    }

    pub(crate) fn strategy(&self) -> Box<dyn Strategy> {
        let strategy = self.kind.strategy();
        let Some(most) = self.max_preemptions else { return strategy };
        assert!(
            !matches!(self.kind, StrategyKind::Optimal),
            "an optimal search cannot be bounded by preemptions: it runs one schedule for many, and this one \
             may have more of them than the others. Use Explorer::naive, random or pct with max_preemptions, \
             or optimal without it"
        );
        Box::new(Preemptions::new(strategy, most, self.left_out != Some(Part::Budget)))
    }
}
