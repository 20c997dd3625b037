//! The stack of the search: graphs, each with the choices that remain.

use super::event::EventId;
use super::execution_graph::Graph;
use crate::event::TaskId;

/// A way to add the next operation of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alternative {
    /// Read from this write.
    Source(EventId),
    /// Write at this place of the coherence order.
    Place(usize),
    /// Take this alternative of the operation.
    Choice(u16),
}

/// A position of a graph with the ways to continue there.
#[derive(Clone, Debug)]
pub(super) struct ChoicePoint {
    /// The number of events before the operation.
    pub(super) position: usize,
    pub(super) task: TaskId,
    pub(super) alternatives: Vec<Alternative>,
    /// The number of alternatives that were tried.
    pub(super) tried: usize,
}

/// A graph that a revisit created, or the empty graph, with its continuation.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) graph: Graph,
    pub(super) choices: Vec<ChoicePoint>,
    /// The graphs that revisits from this one created, still to be explored.
    pub(super) children: Vec<Level>,
    /// The graph is not extended: no task can continue.
    pub(super) is_stuck: bool,
}

impl Level {
    pub(super) fn new(graph: Graph) -> Self {
        Level { graph, ..Level::default() }
    }

    /// Goes back to the last position with an alternative. False if there is none.
    pub(super) fn backtrack(&mut self) -> bool {
        while let Some(choice) = self.choices.last() {
            if choice.tried < choice.alternatives.len() {
                self.graph.truncate(choice.position);
                return true;
            }
            self.choices.pop();
        }
        false
    }
}
