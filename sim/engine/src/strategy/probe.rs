//! Random walks through the states of a program, which estimate the part that has been visited.
//!
//! A depth-first search reaches nearly all states in its first branches, so that the number of
//! remaining branches is a poor estimate of the part of the states that has been visited. A random
//! walk reaches states independently of the search. The sample is biased: a walk has one state at
//! each depth, and all walks meet the few states near the ends. So each state is counted once.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::random::Random;
use super::{Options, Reductions, Strategy};
use crate::dpor::Races;
use crate::event::Decision;
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::Visited;

/// The number of walks. They take a few milliseconds, and are the same on each machine.
const WALKS: u32 = 200;

/// The strategy's state.
pub(crate) struct Probe {
    visited: Arc<Visited>,
    reductions: Reductions,
    random: Random,
    walks: u32,
    /// The states that were reached, and how many of them had been visited.
    met: FxHashSet<u128>,
    known: u64,
}

impl Probe {
    /// A strategy that estimates the part of the states in `visited`, which a search with the
    /// options `reductions` has visited.
    pub(crate) fn new(visited: Arc<Visited>, reductions: Reductions) -> Self {
        Probe { visited, reductions, random: Random::new(1), walks: 0, met: FxHashSet::default(), known: 0 }
    }
}

impl Strategy for Probe {
    fn tracking(&self) -> Tracking {
        Tracking::Nothing
    }

    fn is_symmetric(&self) -> bool {
        true
    }

    fn joins_movers(&self) -> bool {
        self.reductions.joins_movers
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Decision> {
        let state = options.state();
        if self.met.insert(state.0) {
            self.known += u64::from(self.visited.contains(state));
        }
        self.random.choose(options, trail)
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool {
        self.walks += 1;
        self.walks < WALKS && self.random.next_run(trail, races, registry)
    }

    fn done(&self) -> Option<f64> {
        // An interrupted search is never shown as done.
        Some((self.known as f64 / self.met.len().max(1) as f64).min(0.999))
    }
}
