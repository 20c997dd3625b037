//! Random walks through the states of a program, to see how many of them have been visited.
//!
//! A search that goes deep first comes to nearly all states by its first branches, so that how many branches are left says
//! little of what part of the states is. A walk meets states that the search may or may not have come to. It is no fair sample:
//! it meets one at each depth, and near the ends there are few, which all walks meet. So each state counts once.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::random::Random;
use super::{Options, Searched, Strategy};
use crate::dpor::Races;
use crate::event::Turn;
use crate::history::{Registry, Tracking, Trail};
use crate::stateful::Visited;

/// How many walks there are: they take a few milliseconds, and the same on each machine.
const WALKS: u32 = 200;

/// The strategy's state.
pub(crate) struct Probe {
    visited: Arc<Visited>,
    searched: Searched,
    random: Random,
    walks: u32,
    /// The states that were met, and how many of them had been visited.
    met: FxHashSet<u128>,
    known: u64,
}

impl Probe {
    /// Of these states, which a search in this way has visited.
    pub(crate) fn new(visited: Arc<Visited>, searched: Searched) -> Self {
        Probe { visited, searched, random: Random::new(1), walks: 0, met: FxHashSet::default(), known: 0 }
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
        self.searched.joins_movers
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn> {
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
        // What was broken off is not done.
        Some((self.known as f64 / self.met.len().max(1) as f64).min(0.999))
    }
}
