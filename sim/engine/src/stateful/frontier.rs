//! The open states of a search that several processes share.

use crate::schedule::Schedule;

/// A state whose steps have not been executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenState {
    /// Its fingerprint. `None` for the start of the search, whose fingerprint is not known yet.
    pub state: Option<u128>,
    /// The decisions that lead to it. Task numbers are those of [`TaskNumbers`].
    pub path: Schedule,
}

/// The result of the expansion of a state. All counts are functions of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The state. `None` for the start of the search, whose only successor is the initial state.
    pub state: Option<u128>,
    /// The number of its steps.
    pub transitions: u64,
    /// The number of executions that end in it or in one of its steps.
    pub executions: u64,
    /// The findings of the [monitor](crate::Monitor) in this state, one bit for each kind.
    pub found: u64,
    /// A schedule that leads to the state and ends there, if there are findings. It has the task
    /// numbers of [`Run::schedule`](crate::Run::schedule).
    pub schedule: Option<Schedule>,
    /// The states that its steps lead to, except known ones, each with a path.
    pub successors: Vec<(u128, Schedule)>,
}

/// The open states of a search that several processes share. The fingerprints of states are the
/// same in all processes if the executable, the program and the numbers of the tasks are.
pub trait Frontier {
    /// Returns the next state to expand; `None` ends this process's part of the search. Blocks
    /// while other processes may still find open states.
    fn next(&mut self) -> Option<OpenState>;

    /// Whether the state need not be reported as a successor.
    fn is_known(&self, state: u128) -> bool;

    /// A state has been expanded. Not called for a state whose path led to another state, or whose
    /// steps the search does not support: the report then has the reason.
    fn expanded(&mut self, expanded: Expanded);

    /// The number of states of all processes, and the fraction of them that has been expanded.
    fn progress(&self) -> (u64, f64);
}

/// Returns the number, from 1, of a task, given its parent's number, the number of the parent's
/// boundaries before the spawn, and the index among the children spawned since. The same in all
/// processes.
pub type TaskNumbers = dyn Fn(u32, u32, u64) -> u32 + Send + Sync;
