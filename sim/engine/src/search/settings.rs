//! The settings of a search that do not depend on its mode.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::progress::Progress;
use crate::runtime::{self, Execution};
use crate::strategy::AnyStrategy;
use crate::watchdog;

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

/// The settings of an [`Explorer`](crate::Explorer) that do not depend on its mode. Its methods
/// document them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_executions: Option<u64>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) max_steps: usize,
    pub(crate) stack_size: usize,
    pub(crate) watchdog: Duration,
    pub(crate) recording: bool,
    pub(crate) spurious_wakeups: u16,
    pub(crate) spurious_failures: u16,
    pub(crate) on_progress: Option<OnProgress>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            max_executions: None,
            max_time: None,
            max_steps: 10_000,
            stack_size: 256 << 10,
            watchdog: watchdog::DEFAULT_LIMIT,
            recording: false,
            spurious_wakeups: 0,
            spurious_failures: 0,
            on_progress: None,
        }
    }
}

impl Settings {
    /// A new execution with this strategy and with the bounds of the settings.
    pub(crate) fn execution(&self, strategy: AnyStrategy) -> Box<Execution> {
        assert!(
            !runtime::exploring(),
            "an exploration cannot be started inside another. The body of this one calls Explorer itself: explore or replay \
             the function that the inner call explores"
        );
        let mut execution =
            Execution::new(strategy, self.max_steps, self.stack_size, self.recording, self.watchdog);
        execution.settings.spurious_wakeups = self.spurious_wakeups;
        execution.settings.spurious_failures = self.spurious_failures;
        Box::new(execution)
    }
}
