//! Backward revisits of reads by a new write.

use super::event::{Event, EventId, Label};
use super::execution_graph::{Clock, Graph, contains, contains_head};
use super::level::Level;
use super::maximal::Revisitor;
use super::operation::{Announced, effect, holds};
use super::search::Search;
use crate::event::TaskId;

/// The places of the coherence order at which a new write is coherent: after the writes that happen
/// before it, and not between a write and the read-modify-write that reads from it.
pub(super) fn places(graph: &Graph, event: &Event, edges: &[(TaskId, u32)]) -> Vec<usize> {
    let location = event.location();
    if event.is_update {
        let read = graph.of_task(event.task).last().copied();
        let source = read.map_or(0, |read| graph.place(location, graph.event(read).reads_from));
        return if graph.is_update_at(location, source + 1) { Vec::new() } else { vec![source + 1] };
    }
    let clock = graph.next_clock(event.task, edges, Clock::HappensBefore);
    let floor = graph.floor(location, &clock);
    let all = floor + 1..=graph.writes(location).len() + 1;
    all.filter(|&place| !graph.is_update_at(location, place)).collect()
}

impl Search {
    /// Creates the graphs in which an earlier read reads from the new write.
    pub(super) fn revisit_reads(&mut self, view: &dyn Announced, event: Event, edges: &[(TaskId, u32)]) {
        let location = event.location();
        let causes = self.graph().next_clock(event.task, edges, Clock::Causes);
        let is_candidate = |&read: &EventId| {
            let its = self.graph().event(read);
            its.label == Label::Read && its.task != event.task && !contains(&causes, its)
        };
        let reads: Vec<EventId> = self.graph().reads(location).iter().copied().filter(is_candidate).collect();
        for read in reads {
            if self.graph().event(read).waits && !self.is_satisfied(read, event.values[0]) {
                continue;
            }
            let may = {
                // The values of the initial writes are not asked for: a read is never removed for
                // them.
                let satisfies = |read: EventId, write: EventId| {
                    self.is_satisfied(read, self.graph().event(write).values[0])
                };
                let revisitor = Revisitor { graph: self.graph(), causes: &causes, satisfies: &satisfies };
                revisitor.may_remove_from(read)
            };
            if may {
                self.revisit(view, read, event, edges, &causes);
            }
        }
    }

    /// Whether a value satisfies an await of this run.
    pub(super) fn is_satisfied(&self, read: EventId, value: u64) -> bool {
        let condition = self.run.operations.get(&read).and_then(|(_, condition)| condition.as_ref());
        holds(condition, value)
    }

    /// Creates the graphs in which `read` reads from the new write, one for each place of the
    /// write.
    fn revisit(
        &mut self,
        _view: &dyn Announced,
        read: EventId,
        event: Event,
        edges: &[(TaskId, u32)],
        causes: &[u32],
    ) {
        let keeps = |id: EventId| id <= read || contains_head(causes, self.graph().event(id));
        let (kept, ids) = self.graph().restricted(keeps);
        let read_now = ids[read as usize];
        let order = self.run.operations.get(&read).map(|(pending, _)| effect(pending, event.values[0]).1);
        let location = event.location();
        for place in places(&kept, &event, edges) {
            let mut graph = kept.clone();
            let write = graph.add(event, edges, place);
            let task = graph.event(read_now).task;
            let of_read: Vec<(TaskId, u32)> = graph
                .edges()
                .iter()
                .filter(|its| its.event == read_now)
                .map(|its| (its.task, its.count))
                .collect();
            let before = graph.clock_before(read_now, &of_read);
            graph.set_source(read_now, write);
            if let Some(order) = order {
                graph.set_order(read_now, order);
            }
            graph.compute_clocks(read_now);
            debug_assert_eq!(
                graph.of_task(task).last(),
                Some(&read_now),
                "a revisited read is the last of its task"
            );
            if graph.place(location, write) >= graph.floor(location, &before) && self.is_ordered(&graph) {
                self.level().children.push(Level::new(graph));
            }
        }
    }
}
