//! Operations of objects that are no atomics: locks, condition variables, queues, cells, maps.
//!
//! Each operation reads from the one before it on each of its locations: an object is a total order
//! of operations. It acquires from the earlier ones that release: see [`complete`]. Real locks and
//! maps have this property. DashMap locks the shard of a key for each operation: acquiring the lock
//! reads from the last release, directly or through other read-modify-writes of the lock's word,
//! which continue its release sequence. A location is one key of a map. Keys of one shard order
//! each other too, but the program cannot rely on it: which keys share a shard is not specified.
//!
//! An operation can *take the place* of an earlier one: it then comes before it, and the earlier
//! operation, with all that was added after it and does not cause the new one, is removed. This
//! corresponds to the revisit of a read by the write of a read-modify-write. The removed operation
//! is added again later, after the new one, because it can only read from the end of the chain.

use super::event::{Event, EventId, INITIAL, Label};
use super::execution_graph::{Clock, Held, contains_head, join};
use super::level::{Alternative, Level};
use super::maximal::Revisitor;
use super::operation::{Announced, complete, ordered, states_by_slot};
use super::search::Search;
use crate::event::{LocationId, LocationStates, MemoryOrder, Pending, SLOTS, TaskId};

impl Search {
    /// The event of an operation of objects that follows these operations on its locations, and the
    /// number of its alternatives.
    pub(super) fn object_event(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        sources: &[EventId],
        choice: u16,
    ) -> (Event, u16) {
        let mut event = Event::new(task, Label::Object, MemoryOrder::Object, pending.source);
        let mut states: LocationStates = [0; SLOTS];
        for (nth, _, location) in ordered(pending) {
            event.locations[nth] = location;
            states[nth] = self.value(view, location, sources[nth]);
            event.slots += 1;
        }
        let states = states_by_slot(view, pending, &states);
        let condition = view.condition(task).cloned();
        let of = pending.alternatives(&states, condition.as_deref());
        complete(&mut event, pending, &states, choice, of.max(1), self.options.orders_objects);
        (event, of)
    }

    /// The last operations on the locations of an operation of objects.
    pub(super) fn ends(&self, pending: &Pending) -> Vec<EventId> {
        let end = |(_, _, location)| self.graph().writes(location).last().copied().unwrap_or(INITIAL);
        ordered(pending).map(end).collect()
    }

    /// The alternatives of an operation of objects at the end of its chains.
    pub(super) fn object_choices(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
    ) -> Vec<Alternative> {
        let sources = self.ends(pending);
        let (_, of) = self.object_event(view, task, pending, &sources, 0);
        (0..of).map(Alternative::Choice).collect()
    }

    /// Creates the graphs in which the next operation of `task` takes the place of earlier ones.
    pub(super) fn take_places(&mut self, view: &dyn Announced, task: TaskId, pending: &Pending) {
        let locations: Vec<LocationId> = ordered(pending).map(|(_, _, location)| location).collect();
        let lengths: Vec<usize> =
            locations.iter().map(|&location| self.graph().writes(location).len()).collect();
        let edges = self.run.edges[task as usize].clone();
        let own_causes = self.graph().next_clock(task, &edges, Clock::Causes);
        // The number of operations that precede the new one, on each location.
        let mut places = vec![0; locations.len()];
        loop {
            let is_held = locations.iter().any(|&location| self.graph().hold(location, task).is_some());
            if places != lengths || is_held {
                self.take_place(view, task, pending, &locations, &places, &edges, &own_causes);
            }
            let Some(slot) = (0..places.len()).find(|&slot| places[slot] < lengths[slot]) else { return };
            places[slot] += 1;
            places[..slot].fill(0);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one operation")]
    fn take_place(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        locations: &[LocationId],
        places: &[usize],
        edges: &[(TaskId, u32)],
        own_causes: &[u32],
    ) {
        let graph = self.graph();
        let mut causes = own_causes.to_vec();
        let mut sources = Vec::with_capacity(places.len());
        let mut first = EventId::MAX;
        let mut holds = Vec::new();
        for (&location, &place) in locations.iter().zip(places) {
            let source = graph.write_at(location, place);
            sources.push(source);
            if source != INITIAL {
                join(&mut causes, graph.clock(source, Clock::Causes));
            }
            if let Some(&next) = graph.writes(location).get(place) {
                first = first.min(graph.head(next));
            } else if let Some(hold) = graph.hold(location, task) {
                first = first.min(hold.position);
                holds.push(hold);
            }
        }
        let follows = |(&location, &place): (&LocationId, &usize)| {
            graph.writes(location).get(place).is_some_and(|&next| contains_head(&causes, graph.event(next)))
        };
        if locations.iter().zip(places).any(follows) {
            return;
        }
        if first == EventId::MAX || holds.iter().any(|hold| !contains_head(&causes, graph.event(hold.taker)))
        {
            return;
        }
        let held = match holds.iter().find(|hold| hold.position == first) {
            Some(taken) => {
                let stays = |held: &&Held| {
                    (held.task, held.index) == (taken.task, taken.index) && held.slot < taken.slot
                };
                graph.held.iter().filter(stays).copied().collect()
            }
            None => match self.holds_after_take(first, locations, places, &causes) {
                Some(held) => held,
                None => return,
            },
        };
        let graph = self.graph();
        let satisfies = |read: EventId, write: EventId| self.is_satisfied(read, graph.event(write).values[0]);
        let revisitor = Revisitor { graph, causes: &causes, satisfies: &satisfies };
        if !revisitor.may_remove_from(first) {
            return;
        }
        let (_, of) = self.object_event(view, task, pending, &sources, 0);
        for choice in 0..of {
            let (event, _) = self.object_event(view, task, pending, &sources, choice);
            let keeps = |id: EventId| id < first || contains_head(&causes, self.graph().event(id));
            let (mut graph, ids) = self.graph().restricted(keeps);
            let taker = graph.add(Event { is_fixed: true, ..event }, edges, 0);
            let renamed = |source: EventId| if source == INITIAL { INITIAL } else { ids[source as usize] };
            graph.held.extend(held.iter().map(|held| Held { source: renamed(held.source), taker, ..*held }));
            if self.is_ordered(&graph) {
                self.level().children.push(Level::new(graph));
            }
        }
    }

    /// The places that stay held for the operation that begins with `first`, if a new operation
    /// takes its place. `None` if one of them is the place that is taken, unless it is held because
    /// of a cause of the new operation.
    fn holds_after_take(
        &self,
        first: EventId,
        locations: &[LocationId],
        places: &[usize],
        causes: &[u32],
    ) -> Option<Vec<Held>> {
        let graph = self.graph();
        let event = graph.event(first);
        let unit = graph.of_task(event.task)[event.index as usize - 1..].iter().copied();
        let unit = unit.take_while(|&id| id == first || graph.event(id).joined > 0);
        let mut held = Vec::new();
        for id in unit {
            for &location in graph.event(id).all_locations() {
                let place = graph.place(location, id);
                let is_taken =
                    locations.iter().zip(places).any(|(&its, &before)| its == location && before < place);
                if is_taken {
                    let forbids = |held: &Held| {
                        (held.task, held.index, held.location) == (event.task, event.index, location)
                            && !contains_head(causes, graph.event(held.taker))
                    };
                    return (!graph.held.iter().any(forbids)).then_some(held);
                }
                let source = graph.write_at(location, place - 1);
                held.push(Held {
                    task: event.task,
                    index: event.index,
                    slot: held.len(),
                    location,
                    source,
                    taker: first,
                    position: first,
                });
            }
        }
        Some(held)
    }
}
