//! Runs that are compared with one another, to detect state that instrumented futures hide.

use std::panic::Location;

use super::execution::Execution;
use crate::event::TaskId;
use crate::strategy::{AnyStrategy, Strategy};

/// The data of runs that are compared with others.
#[derive(Default)]
pub(crate) struct Comparison {
    /// Whether each poll of an instrumented future is a scheduling point.
    pub(super) pauses: bool,
    /// The location of the first call that ran a future as instrumented.
    pub(crate) instrumented: Option<&'static Location<'static>>,
    /// The digests that the tasks recorded. `None` if the run is not compared.
    pub(super) observed: Option<Vec<(TaskId, u64)>>,
}

impl Execution {
    /// Prepares a run of this strategy that is compared with others. With `pauses`, each poll of an
    /// instrumented future is a scheduling point.
    pub(crate) fn rehearse(&mut self, strategy: Box<dyn Strategy>, pauses: bool) {
        self.strategy = AnyStrategy::Schedules(strategy);
        self.comparison.pauses = pauses;
        self.comparison.observed = Some(Vec::new());
        self.announcements.at_events.clear();
    }

    /// The digests that the tasks recorded in a run that is [compared](Execution::rehearse) with
    /// others.
    pub(crate) fn observed(&self) -> &[(TaskId, u64)] {
        self.comparison.observed.as_deref().unwrap_or_default()
    }
}
