//! Looking for the simplest schedule, once it is known that there is one.

use std::ops::ControlFlow;
use std::rc::Rc;

use crate::explorer::Explorer;
use crate::report::Failure;
use crate::run::Run;
use crate::runtime::{self, Ending, Quiet};
use crate::schedule::Schedule;
use crate::strategy::Simplest;

/// How many points of schedules may be looked at.
const BUDGET: u64 = 1 << 22;

impl Explorer {
    /// The simplest schedule of `body` that runs to its end and in which the [monitor](crate::monitor) finds this kind: the
    /// fewest context switches, then the fewest events, then the first in the order of the tasks. `None` if there is none,
    /// or if it takes too long to find it. `watch`, which is asked after each run, can break the search off.
    ///
    /// # Examples
    ///
    /// See [`monitor`](crate::monitor); there, this is the one schedule in which a task comes right after the other.
    pub fn simplest_finding(
        &self,
        kind: u32,
        body: impl Fn() + 'static,
        watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Schedule> {
        let simplest = self.simplest(Some(kind), Rc::new(body), |ending| *ending == Ending::Complete, watch);
        simplest.map(|its| its.schedule)
    }

    /// The simplest schedule of `body` that ends in such a way, and how. `watch` is called after each run.
    pub(crate) fn simplest_ending(
        &self,
        body: Rc<dyn Fn()>,
        is_wanted: impl Fn(&Ending) -> bool,
        watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Failure> {
        self.simplest(None, body, is_wanted, watch)
    }

    fn simplest(
        &self,
        kind: Option<u32>,
        body: Rc<dyn Fn()>,
        is_wanted: impl Fn(&Ending) -> bool,
        mut watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Failure> {
        let quiet = Quiet::new();
        let mut execution = self.execution(Box::new(Simplest::new(kind, BUDGET)));
        let mut best: Option<Failure> = None;
        loop {
            let switches = execution.strategy().switches();
            let ending;
            (execution, ending) = runtime::run(execution, Rc::clone(&body));
            if !execution.strategy().was_redundant() && is_wanted(&ending) {
                let schedule = Run { execution: &execution, ending: &ending }.schedule();
                let is_better =
                    |best: &Failure| (schedule.len(), &schedule) < (best.schedule.len(), &best.schedule);
                if best.as_ref().is_none_or(is_better) {
                    best = Some(Failure { ending, schedule });
                }
            }
            // The last schedules with so few switches have been run.
            if quiet.interrupt(&mut watch).is_break()
                || !execution.next_run()
                || (best.is_some() && execution.strategy().switches() > switches)
            {
                return best;
            }
        }
    }
}
