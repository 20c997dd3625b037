//! The end of a run: graphs in which tasks wait forever.
//!
//! A task that waits for a value of an atomic can miss it: the value is overwritten before the task
//! reads it. Then the last write in coherence order does not satisfy the task, which must read that
//! write in the end. The search adds an await only with a write that satisfies it. So a graph in
//! which a task misses a value is a graph that was visited, without the await and the events that
//! depend on it.

use super::event::{EventId, INITIAL};
use super::execution_graph::{Clock, Graph, contains};
use super::level::Level;
use super::operation::{Announced, Kind, kind, of_whole};
use super::search::Search;
use crate::event::{LocationStates, Pending, SLOTS, TaskId};

/// Maximum number of awaits of a graph that may have missed their value.
const MAX_MISSED: usize = 12;

impl Search {
    /// Ends a run in which no task can continue. `is_stuck`: and none waits for a held place. Fails
    /// if too many awaits may have missed their value, with the first of them.
    pub(super) fn end(&mut self, view: &dyn Announced, is_stuck: bool) -> Result<(), EventId> {
        // An operation that waits for an object may have come before those that keep it waiting.
        for task in 0..view.tasks() {
            let Some(pending) = view.pending(task).copied() else { continue };
            if kind(&pending) == Kind::Object {
                self.take_places(view, task, &pending);
            }
        }
        if is_stuck { self.find_missed(view) } else { Ok(()) }
    }

    fn find_missed(&mut self, view: &dyn Announced) -> Result<(), EventId> {
        let awaits: Vec<EventId> = {
            let graph = self.graph();
            let can_miss = |&(id, event): &(EventId, &super::event::Event)| {
                let location = event.location();
                event.waits && {
                    let later = &graph.writes(location)[graph.place(location, event.reads_from)..];
                    later.iter().any(|&write| !self.is_satisfied(id, graph.event(write).values[0]))
                }
            };
            graph.events().filter(can_miss).map(|(id, _)| id).collect()
        };
        // A graph in which the await reads its old value may have no order of its SeqCst
        // operations, although the graph in which it waits forever has one. The search does not
        // visit that one.
        let is_overtaken = |&&id: &&EventId| {
            let event = self.graph().event(id);
            let later = &self.graph().writes(event.location())
                [self.graph().place(event.location(), event.reads_from)..];
            later.iter().any(|&write| !depends(self.graph(), write, id))
        };
        if let Some(&first) = awaits.iter().find(is_overtaken)
            && self.graph().seq_cst() > 2
        {
            return Err(first);
        }
        if awaits.len() > MAX_MISSED {
            return Err(awaits[0]);
        }
        for set in 1..1_usize << awaits.len() {
            let cut: Vec<EventId> =
                awaits.iter().enumerate().filter(|(nth, _)| set >> nth & 1 != 0).map(|(_, &id)| id).collect();
            if self.is_stuck_without(view, &cut) {
                let cut_causes = |id: EventId| cut.iter().any(|&first| depends(self.graph(), id, first));
                let (graph, _) = self.graph().restricted(|id| !cut_causes(id));
                if self.stuck.insert(identity(&graph)) {
                    self.level().children.push(Level { is_stuck: true, ..Level::new(graph) });
                }
            }
        }
        Ok(())
    }

    /// Whether no task could continue without these awaits and the events that depend on them.
    fn is_stuck_without(&mut self, view: &dyn Announced, cut: &[EventId]) -> bool {
        let is_removed = |graph: &Graph, id: EventId| cut.iter().any(|&first| depends(graph, id, first));
        for &first in cut {
            if cut.iter().any(|&other| other != first && depends(self.graph(), first, other)) {
                return false;
            }
        }
        for task in 0..view.tasks() {
            let lost = self.graph().of_task(task).iter().copied().find(|&id| is_removed(self.graph(), id));
            let waiting: Option<(Pending, Option<super::operation::WaitCondition>)> = match lost {
                Some(id) => {
                    let graph = self.graph();
                    // It joins a task that has lost events, or is spawned after such an event.
                    let joins = graph.edges().iter().any(|edge| {
                        edge.event == id
                            && graph.of_task(edge.task)[..edge.count as usize]
                                .iter()
                                .any(|&its| is_removed(graph, its))
                    });
                    if joins {
                        continue;
                    }
                    match self.run.operations.get(&id) {
                        Some(found) => Some(found.clone()),
                        None => return false,
                    }
                }
                None => view.pending(task).map(|pending| (*pending, view.condition(task).cloned())),
            };
            let Some((pending, condition)) = waiting else { continue };
            if !pending.can_wait() {
                return false;
            }
            let mut states: LocationStates = [0; SLOTS];
            for (slot, &(location, _)) in pending.actions().iter().enumerate() {
                if of_whole(&pending) == Some(slot) {
                    continue;
                }
                let graph = self.graph();
                let last = graph.writes(location).iter().copied().rfind(|&id| !is_removed(graph, id));
                states[slot] = self.value(view, location, last.unwrap_or(INITIAL));
            }
            if pending.alternatives(&states, condition.as_deref()) > 0 {
                return false;
            }
        }
        true
    }
}

/// Whether `event` is `cause`, or depends on it.
fn depends(graph: &Graph, event: EventId, cause: EventId) -> bool {
    contains(graph.clock(event, Clock::Causes), graph.event(cause))
}

/// The contents of a graph: equal for exactly the same events, reads-from and coherence order,
/// however the graph was found.
fn identity(graph: &Graph) -> Vec<u32> {
    let name = |id: EventId| match id {
        INITIAL => [u32::MAX; 2],
        id => [u32::from(graph.event(id).task), graph.event(id).index],
    };
    let mut identity = Vec::new();
    for task in 0..graph.width() as TaskId {
        identity.push(graph.of_task(task).len() as u32);
        for &id in graph.of_task(task) {
            identity.push(u32::from(graph.event(id).choice));
            if graph.event(id).is_read() {
                identity.extend(name(graph.event(id).reads_from));
            }
        }
    }
    for location in graph.locations() {
        identity.push(location);
        for &id in graph.writes(location) {
            identity.extend(name(id));
        }
    }
    identity
}
