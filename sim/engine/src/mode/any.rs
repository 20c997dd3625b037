//! A mode that is selected at run time.

use std::sync::Arc;

use crate::capability::{SearchMode, SharesWork};
use crate::explorer::Explorer;
use crate::search::{NewStrategy, StrategySource, WorkerStrategies};

/// Any mode, for callers that select the mode at run time.
///
/// The settings of the mode must be set before the conversion. [`jobs`](Explorer::jobs) has no
/// effect on a mode whose search cannot be divided.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, choose};
///
/// for explorer in [Explorer::optimal().into_any(), Explorer::naive().max_time(TIME).into_any()] {
///     assert_eq!(explorer.run(|| drop(choose(3))).executions, 3);
/// }
/// # const TIME: std::time::Duration = std::time::Duration::from_secs(10);
/// ```
#[derive(Clone, Debug)]
pub struct Any(Arc<dyn StrategySource>);

impl<M: SearchMode> Explorer<M> {
    /// An explorer of the same mode and settings, whose type is the same for all modes.
    pub fn into_any(self) -> Explorer<Any> {
        Explorer { mode: Any(Arc::new(self.mode)), settings: self.settings }
    }
}

impl StrategySource for Any {
    fn strategy(&self) -> NewStrategy {
        self.0.strategy()
    }

    fn seed(&self) -> Option<u64> {
        self.0.seed()
    }

    fn for_workers(&self, jobs: usize, shares_always: bool) -> WorkerStrategies<'_> {
        self.0.for_workers(jobs, shares_always)
    }
}

impl SearchMode for Any {}
impl SharesWork for Any {}
