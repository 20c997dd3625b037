//! Every interleaving, with no reduction: slow, and so simple that it can be trusted. It is what the optimal strategy is
//! held to.

use super::{Options, Strategy, Turn};
use crate::runtime::{Registry, Tracking, Trail};

/// The strategy's state: for each event of the trail, the turns that are still to be tried in its place.
#[derive(Default)]
pub(crate) struct Naive {
    untried: Vec<Vec<Turn>>,
}

impl Strategy for Naive {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn> {
        if self.untried.len() == trail.len() {
            let turns = (0..options.tasks()).rev().flat_map(|task| {
                (0..options.alternatives(task)).rev().map(move |choice| Turn { task, choice })
            });
            self.untried.push(turns.collect());
        }
        self.untried.last_mut()?.pop().or_else(|| {
            self.untried.pop();
            None
        })
    }

    fn executed(&mut self, trail: &Trail) {
        // A glued event was not chosen, and has no alternative.
        self.untried.resize_with(trail.len(), Vec::new);
    }

    fn next_run(&mut self, trail: &mut Trail, registry: &mut Registry) -> bool {
        while trail.pop(registry).is_some() {
            if self.untried.last().is_some_and(|turns| !turns.is_empty()) {
                return true;
            }
            self.untried.pop();
        }
        false
    }
}
