//! What a search of states came to, in numbers.

use super::Visited;
use crate::event::Fingerprint;
use crate::schedule::Schedule;

/// What a search of states came to, beyond what every search does.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct States {
    /// The different states that were reached, the first and the last ones included.
    pub count: u64,
    /// How many steps lead from one of them to another (or the same).
    pub transitions: u64,
    /// How many of the steps did not have to be taken, because it was known that they lead to a state that was visited.
    pub foreseen: u64,
    /// The runs that this took: those that ended in a new state, and those that were cut short at a known one.
    pub runs: u64,
    /// The memory that the states are kept in, in bytes.
    pub bytes: u64,
    /// What the [monitor](crate::Monitor) found, by kind.
    pub found: Vec<Found>,
}

impl States {
    /// Whether a step need not be taken, because the state that it leads to is known to have been visited: then it counts.
    pub(crate) fn is_foreseen(&mut self, leads_to: Option<Fingerprint>, visited: &Visited) -> bool {
        let is_foreseen = leads_to.is_some_and(|state| visited.contains(state));
        self.transitions += u64::from(is_foreseen);
        self.foreseen += u64::from(is_foreseen);
        is_foreseen
    }

    /// Of two workers, which have the visited states together.
    pub(crate) fn merge(mut self, other: States) -> States {
        self.count = self.count.max(other.count);
        self.bytes = self.bytes.max(other.bytes);
        self.transitions += other.transitions;
        self.foreseen += other.foreseen;
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

/// Something that a [monitor](crate::Monitor) found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its kind: which bit.
    pub kind: u32,
    /// At how many states it was found.
    pub states: u64,
    /// A schedule that leads to one of them. It ends there.
    pub schedule: Schedule,
}
