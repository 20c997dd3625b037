//! The search for the simplest schedule, once a schedule is known to exist.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use super::settings::Settings;
use crate::report::Failure;
use crate::run::Run;
use crate::runtime::{Ending, Quiet};
use crate::strategy::{AnyStrategy, Simplest, StateModel};
use crate::thread::run_main;

/// The largest number of points of schedules that are visited.
const BUDGET: u64 = 1 << 22;

impl Settings {
    /// The simplest schedule of `body` whose ending satisfies `is_wanted` and in which the monitor
    /// finds `kind` (if given), with its ending. Calls `watch` after each run; stops when it
    /// returns `Break`.
    pub(crate) fn simplest(
        &self,
        kind: Option<u32>,
        body: Rc<dyn Fn()>,
        is_wanted: impl Fn(&Ending) -> bool,
        mut watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Failure> {
        let quiet = Quiet::new();
        let has_found = Rc::new(Cell::new(false));
        let strategy = Simplest::new(kind, BUDGET, Rc::clone(&has_found));
        let mut execution = self.execution(AnyStrategy::States(Box::new(strategy), StateModel::default()));
        let mut best: Option<Failure> = None;
        loop {
            let ending;
            (execution, ending) = run_main(execution, Rc::clone(&body));
            if !execution.was_redundant() && is_wanted(&ending) {
                let schedule = Run { execution: &execution, ending: &ending }.schedule();
                let is_better =
                    |best: &Failure| (schedule.len(), &schedule) < (best.schedule.len(), &best.schedule);
                if best.as_ref().is_none_or(is_better) {
                    best = Some(Failure { ending, schedule });
                    has_found.set(true);
                }
            }
            if quiet.interrupt(&mut watch).is_break() || !execution.next_run() {
                return best;
            }
        }
    }
}
