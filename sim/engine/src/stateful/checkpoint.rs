//! Checkpoints: the saved state of an unfinished search of states, which another process can
//! resume.

use std::fmt;

use crate::schedule::Schedule;

/// The saved state of an unfinished search of [states](crate::Explorer::stateful), which can be
/// [resumed](crate::Explorer::resume). The resumed search has the same result as an uninterrupted
/// one.
///
/// It is plain data, which the caller may store in any form. It is valid only for the same compiled
/// program; the caller must check this. The data has the same meaning on every machine with the
/// same word size and byte order.
#[derive(Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// The fingerprints of the visited states.
    pub visited: Vec<u128>,
    /// The open prefixes: each leads from the start to a step that has not been executed. Task
    /// numbers are those of [`tasks`](Checkpoint::tasks).
    pub open: Vec<Schedule>,
    /// The name of each task, by its number from 1: its parent, the number of the parent's
    /// boundaries before the spawn, and the index among the children spawned since.
    pub tasks: Vec<(u32, u32, u64)>,
    /// See [`Report::executions`](crate::Report::executions).
    pub executions: u64,
    /// See [`Report::redundant`](crate::Report::redundant).
    pub redundant: u64,
    /// See [`Report::events`](crate::Report::events).
    pub events: u64,
    /// See [`States::transitions`](crate::States::transitions).
    pub transitions: u64,
    /// See [`States::predicted`](crate::States::predicted).
    pub predicted: u64,
    /// See [`States::runs`](crate::States::runs).
    pub runs: u64,
    /// The monitor's findings: kind, number of states, and a schedule. See [`Found`](crate::Found).
    pub found: Vec<(u32, u64, Schedule)>,
    /// The [`sometimes`](crate::sometimes()) conditions that were evaluated, and whether they have
    /// held.
    pub sometimes: Vec<(String, bool)>,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (visited, open) = (self.visited.len(), self.open.len());
        f.debug_struct("Checkpoint").field("visited", &visited).field("open", &open).finish_non_exhaustive()
    }
}
