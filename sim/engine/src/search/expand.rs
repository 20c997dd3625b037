//! One process's part of a search of states that several processes share.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::runs::{Search, Totals};
use super::settings::Settings;
use crate::history::Registry;
use crate::observer::Observer;
use crate::report::Report;
use crate::stateful::{Frontier, TaskNumbers};
use crate::strategy::{AnyStrategy, Expand, StateModel};

impl Settings {
    /// Expands the states of `frontier`. `numbers` has the numbers of the tasks.
    pub(crate) fn expand(
        &self,
        model: StateModel,
        (frontier, numbers): (Box<dyn Frontier>, Arc<TaskNumbers>),
        body: Rc<dyn Fn()>,
        observer: &mut dyn Observer,
    ) -> Report {
        let start = Instant::now();
        let totals = Totals::new(start);
        let mut execution = self.execution(AnyStrategy::States(Box::new(Expand::new(frontier)), model));
        execution.history.registry.share(&Arc::new(Registry::shared_numbers().numbered_by(numbers)));
        let search = Search { settings: self, seed: None, start, totals: Some(&totals) };
        let mut outcome = search.run(execution, Rc::clone(&body), observer, &mut || {});
        // Another process may have executed the part that shares unseen state.
        if outcome.report.bound.is_none() && outcome.report.found_nothing() {
            outcome.report.bound = self.unseen_in_any(&body);
        }
        outcome.report
    }
}
