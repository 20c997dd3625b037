//! The order in which a run repeats the events of a graph.

use super::event::{EventId, INITIAL, Label};
use super::execution_graph::Graph;
use crate::event::TaskId;

/// An operation of the graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) task: TaskId,
    /// Its first event.
    pub(super) first: EventId,
}

/// The operations of a graph in an order that agrees with program order, spawns, joins, reads-from
/// and the order of the operations of each object. A revisited read comes last: nothing depends on
/// it, and the write of its operation may have to be added.
pub(super) fn plan(graph: &Graph) -> Vec<Unit> {
    let count = graph.len();
    let mut units = Vec::with_capacity(count);
    let mut is_planned = vec![false; count];
    let mut done = vec![0; graph.width()];
    let mut last = None;
    let mut progress = true;
    while progress {
        progress = false;
        for task in 0..graph.width() as TaskId {
            let events = graph.of_task(task);
            while let Some(&first) = events.get(done[task as usize]) {
                if !is_ready(graph, first, &is_planned) {
                    break;
                }
                let mut next = done[task as usize] + 1;
                is_planned[first as usize] = true;
                let is_revisited = graph.event(first).is_read()
                    && next == events.len()
                    && graph.event(first).reads_from != INITIAL
                    && graph.event(first).reads_from > first;
                while let Some(&second) = events.get(next)
                    && is_part(graph, second)
                {
                    is_planned[second as usize] = true;
                    next += 1;
                }
                done[task as usize] = next;
                progress = true;
                let unit = Unit { task, first };
                if is_revisited && reads_last(graph, first) {
                    last = Some(unit);
                } else {
                    units.push(unit);
                }
            }
        }
    }
    debug_assert!(is_planned.iter().all(|&is| is), "program order and reads-from are acyclic");
    units.extend(last);
    units
}

/// Whether the event belongs to the operation of the event before it.
fn is_part(graph: &Graph, id: EventId) -> bool {
    let event = graph.event(id);
    event.joined > 0 || (event.is_write() && event.is_update)
}

/// Whether the read reads from the write that was added last.
fn reads_last(graph: &Graph, read: EventId) -> bool {
    graph.event(read).reads_from as usize + 1 == graph.len()
}

fn is_ready(graph: &Graph, id: EventId, is_planned: &[bool]) -> bool {
    let event = graph.event(id);
    let is_done = |id: EventId| id == INITIAL || is_planned[id as usize];
    let follows = |edge: &&super::execution_graph::Edge| edge.event == id;
    let edges_done = graph
        .edges()
        .iter()
        .filter(follows)
        .all(|edge| edge.count == 0 || is_done(graph.of_task(edge.task)[edge.count as usize - 1]));
    edges_done
        && match event.label {
            Label::Read => is_done(event.reads_from),
            Label::Object => event
                .all_locations()
                .iter()
                .all(|&location| is_done(graph.write_at(location, graph.place(location, id) - 1))),
            _ => true,
        }
}
