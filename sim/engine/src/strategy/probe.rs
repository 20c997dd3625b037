//! Random walks through the states of a program, which estimate the part that has been visited.
//!
//! A depth-first search reaches nearly all states in its first branches, so that the number of
//! remaining branches is a poor estimate of the part of the states that has been visited. A random
//! walk reaches states independently of the search. The sample is biased: a walk has one state at
//! each depth, and all walks meet the few states near the ends. So each state is counted once.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::random::RandomWalk;
use super::{Next, StateOptions, StateStrategy};
use crate::history::Trail;
use crate::stateful::Visited;

/// The number of walks. They take a few milliseconds, and are the same on each machine.
const WALKS: u32 = 200;

/// The strategy's state.
pub(crate) struct Probe {
    visited: Arc<Visited>,
    random: RandomWalk,
    walks: u32,
    /// The states that were reached, and how many of them had been visited.
    met: FxHashSet<u128>,
    known: u64,
}

impl Probe {
    /// A strategy that estimates the part of the states in `visited`.
    pub(crate) fn new(visited: Arc<Visited>) -> Self {
        Probe { visited, random: RandomWalk::new(1), walks: 0, met: FxHashSet::default(), known: 0 }
    }
}

impl StateStrategy for Probe {
    fn choose(&mut self, options: &dyn StateOptions, _trail: &Trail) -> Next {
        let state = options.state();
        if self.met.insert(state.0) {
            self.known += u64::from(self.visited.contains(state));
        }
        self.random.step(options)
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, trail: &mut Trail) -> bool {
        self.walks += 1;
        trail.clear();
        self.walks < WALKS
    }

    fn done(&self) -> Option<f64> {
        // An interrupted search is never shown as done.
        Some((self.known as f64 / self.met.len().max(1) as f64).min(0.999))
    }
}
