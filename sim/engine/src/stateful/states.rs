//! Statistics of a search of states.

use super::Visited;
use crate::event::Fingerprint;
use crate::schedule::Schedule;

/// Statistics of a search of states, in addition to those of every search.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct States {
    /// The number of distinct states that were reached, including initial and final states.
    pub count: u64,
    /// The number of steps from one of them to another or to itself.
    pub transitions: u64,
    /// The number of steps that were not executed, because the state that they lead to was
    /// predicted and had been visited.
    pub predicted: u64,
    /// The number of runs: those that ended in a new state, and those that were cut short at a
    /// visited state.
    pub runs: u64,
    /// The memory of the visited set, in bytes.
    pub bytes: u64,
    /// The findings of the [monitor](crate::Monitor), by kind.
    pub found: Vec<Found>,
}

impl States {
    /// Whether a step need not be executed, because its predicted state has been visited. Counts
    /// such a step.
    pub(crate) fn is_predicted(&mut self, leads_to: Option<Fingerprint>, visited: &Visited) -> bool {
        let is_predicted = leads_to.is_some_and(|state| visited.contains(state));
        self.transitions += u64::from(is_predicted);
        self.predicted += u64::from(is_predicted);
        is_predicted
    }

    /// Merges the statistics of two workers with a common visited set.
    pub(crate) fn merge(mut self, other: States) -> States {
        self.count = self.count.max(other.count);
        self.bytes = self.bytes.max(other.bytes);
        self.transitions += other.transitions;
        self.predicted += other.predicted;
        self.runs += other.runs;
        for its in other.found {
            match self.found.iter_mut().find(|own| own.kind == its.kind) {
                Some(own) => {
                    own.states += its.states;
                    if its.schedule.len() < own.schedule.len() {
                        own.schedule = its.schedule;
                    }
                }
                None => self.found.push(its),
            }
        }
        self.found.sort_unstable_by_key(|found| found.kind);
        self
    }
}

/// A finding of a [monitor](crate::Monitor).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its kind: the number of its bit.
    pub kind: u32,
    /// The number of states in which it was found.
    pub states: u64,
    /// A schedule that leads to one of these states and ends there.
    pub schedule: Schedule,
}

impl Found {
    /// A finding of this kind in this number of states, one of which the schedule leads to.
    pub fn new(kind: u32, states: u64, schedule: Schedule) -> Self {
        Found { kind, states, schedule }
    }
}
