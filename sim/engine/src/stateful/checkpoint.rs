//! What a search of states has come to when it is broken off: enough to go on with it, in another process too.

use std::fmt;

use crate::schedule::Schedule;

/// A search of [states](crate::Explorer::stateful) that was broken off, to be [resumed](crate::Explorer::resume). What is then
/// come to is what would have been come to at once.
///
/// It is plain data, for its owner to write wherever he likes. It belongs to one program as it was compiled, and whoever reads
/// it back sees to that. All of it means the same on every machine of the same width and byte order.
#[derive(Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// The fingerprints of the states that have been visited.
    pub visited: Vec<u128>,
    /// The ways that are still to be gone: each from the beginning to a step that has not been taken. Tasks have the numbers
    /// of [`tasks`](Checkpoint::tasks) in them.
    pub open: Vec<Schedule>,
    /// Of each task, by its number from 1: whose child it is, after how many boundaries of its parent, and as which then.
    pub tasks: Vec<(u32, u32, u64)>,
    /// See [`Report::executions`](crate::Report::executions).
    pub executions: u64,
    /// See [`Report::redundant`](crate::Report::redundant).
    pub redundant: u64,
    /// See [`Report::events`](crate::Report::events).
    pub events: u64,
    /// See [`States::transitions`](crate::States::transitions).
    pub transitions: u64,
    /// See [`States::foreseen`](crate::States::foreseen).
    pub foreseen: u64,
    /// See [`States::runs`](crate::States::runs).
    pub runs: u64,
    /// What the monitor has found: the kind, at how many states, and a schedule. See [`Found`](crate::Found).
    pub found: Vec<(u32, u64, Schedule)>,
    /// The [`sometimes`](crate::sometimes()) conditions that were met, and whether they have held.
    pub sometimes: Vec<(String, bool)>,
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (visited, open) = (self.visited.len(), self.open.len());
        f.debug_struct("Checkpoint").field("visited", &visited).field("open", &open).finish_non_exhaustive()
    }
}
