//! Every interleaving, without reduction. The reference for the optimal strategy: slow, and simple
//! enough to be trusted.

use super::{Next, Options, Strategy, part_done};
use crate::dpor::Races;
use crate::event::Decision;
use crate::history::{Registry, Tracking, Trail};

/// The strategy's state: for each event of the trail, the decisions that remain to be tried in its
/// place.
#[derive(Default)]
pub(crate) struct AllInterleavings {
    untried: Vec<Vec<Decision>>,
    /// For each event, the number of decisions in its place.
    degrees: Vec<usize>,
}

impl Strategy for AllInterleavings {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next {
        if self.untried.len() == trail.len() {
            let decisions = (0..options.tasks()).rev().flat_map(|task| {
                (0..options.alternatives(task)).rev().map(move |choice| Decision { task, choice })
            });
            let decisions: Vec<Decision> = decisions.collect();
            self.degrees.truncate(self.untried.len());
            self.degrees.push(decisions.len());
            self.untried.push(decisions);
        }
        let Some(decision) = self.untried.last_mut().and_then(Vec::pop) else {
            self.untried.pop();
            return Next::End;
        };
        Next::Take(decision)
    }

    fn executed(&mut self, trail: &Trail) {
        // An event that is atomic with the previous one was not chosen, and has no alternative.
        self.untried.resize_with(trail.len(), Vec::new);
        self.degrees.resize(trail.len(), 1);
    }

    fn next_run(&mut self, trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        while trail.pop().is_some() {
            if self.untried.last().is_some_and(|decisions| !decisions.is_empty()) {
                return true;
            }
            self.untried.pop();
        }
        false
    }

    fn done(&self) -> Option<f64> {
        let path = self.untried.iter().zip(&self.degrees).enumerate();
        let last = self.untried.len().wrapping_sub(1);
        // The last is about to be tried; those before it are in progress.
        let done = path.map(|(i, (untried, &of))| (of - untried.len() - usize::from(i != last).min(of), of));
        Some(if self.untried.is_empty() { 1.0 } else { part_done(done) })
    }
}
