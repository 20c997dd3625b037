//! Execution graphs: the events of an execution with program order, reads-from and coherence.
//!
//! The model is RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer: "Repairing sequential consistency in
//! C/C++11", PLDI 2017) with the release sequences of C++20: a write heads the sequence of the
//! read-modify-writes that read from it, one from the other.
//!
//! Each event has five vector clocks. `clock[t]` is the number of events of task `t` in the set.

use super::event::{Event, EventId, INITIAL, Label, Synchronization};
use crate::event::{LocationId, TaskId};

/// A clock of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The events that happen before it, and itself.
    HappensBefore = 0,
    /// The events that precede it in program order and reads-from, and itself.
    Causes = 1,
    /// Of a write: the events that happen before a read that acquires from it.
    Released = 2,
    /// The events that happen before the next acquire fence of the task.
    Acquirable = 3,
    /// The events that happen before the last release fence of the task.
    Fenced = 4,
}

const CLOCKS: usize = 5;

/// An edge of happens-before that is not an event: an event of `event`'s task follows a spawn or a
/// join, and the first `count` events of `task` happen before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) event: EventId,
    pub(crate) task: TaskId,
    pub(crate) count: u32,
}

/// A place in the order of an object's operations that is held for an operation that was removed.
///
/// An operation on several locations precedes, on each of them, all later ones. If another
/// operation takes its place on one location, the removed one still comes next on the locations
/// before that in its list: the graphs in which it does not come next there are those in which its
/// place was taken on one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The operation: its task, and its index there.
    pub(crate) task: TaskId,
    pub(crate) index: u32,
    /// The index of the location in the list of the operation's locations.
    pub(crate) slot: usize,
    pub(crate) location: LocationId,
    /// The operation that it follows.
    pub(crate) source: EventId,
    /// The operation that took the other place.
    pub(crate) taker: EventId,
    /// The number of events before the operation when it was removed.
    pub(crate) position: EventId,
}

/// An execution graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// The number of entries of a clock.
    width: usize,
    events: Vec<Event>,
    clocks: Vec<u32>,
    /// For each location, its writes in coherence order; for an object, its operations in order.
    writes: Vec<Vec<EventId>>,
    /// For each location, its reads in the order of addition; plain accesses are reads here.
    reads: Vec<Vec<EventId>>,
    /// For each task, its events in program order.
    tasks: Vec<Vec<EventId>>,
    edges: Vec<Edge>,
    pub(crate) held: Vec<Held>,
    /// The number of SeqCst accesses and fences.
    seq_cst: usize,
}

/// Whether the clock contains the event.
#[inline]
pub(crate) fn contains(clock: &[u32], event: &Event) -> bool {
    clock[event.task as usize] >= event.index
}

/// Whether the clock contains the event, or the one with which it is executed.
#[inline]
pub(crate) fn contains_head(clock: &[u32], event: &Event) -> bool {
    clock[event.task as usize] >= event.index - event.joined
}

/// Adds the events of `other` to the clock.
#[inline]
pub(crate) fn join(clock: &mut [u32], other: &[u32]) {
    for (own, &its) in clock.iter_mut().zip(other) {
        *own = (*own).max(its);
    }
}

impl Graph {
    /// Makes room for the task.
    pub(crate) fn fit(&mut self, task: TaskId) {
        let needed = task as usize + 1;
        if needed <= self.width {
            return;
        }
        let width = needed.next_power_of_two().max(4);
        let mut clocks = Vec::with_capacity(self.events.len() * CLOCKS * width);
        if self.width > 0 {
            for clock in self.clocks.chunks_exact(self.width) {
                clocks.extend_from_slice(clock);
                clocks.resize(clocks.len() + width - self.width, 0);
            }
        }
        self.clocks = clocks;
        self.width = width;
        self.tasks.resize(width, Vec::new());
    }

    /// Makes room for the location.
    fn fit_location(&mut self, location: LocationId) {
        let needed = location as usize + 1;
        if self.writes.len() < needed {
            self.writes.resize(needed, Vec::new());
            self.reads.resize(needed, Vec::new());
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    #[inline]
    pub(crate) fn event(&self, id: EventId) -> &Event {
        &self.events[id as usize]
    }

    #[inline]
    pub(crate) fn event_mut(&mut self, id: EventId) -> &mut Event {
        &mut self.events[id as usize]
    }

    /// Each event, in the order of addition.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = (EventId, &Event)> {
        self.events.iter().enumerate().map(|(id, event)| (id as EventId, event))
    }

    /// The events of a task in program order.
    #[inline]
    pub(crate) fn of_task(&self, task: TaskId) -> &[EventId] {
        self.tasks.get(task as usize).map_or(&[], Vec::as_slice)
    }

    /// The number of tasks for which there is room.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The first of the events that are executed together with this one.
    #[inline]
    pub(crate) fn head(&self, id: EventId) -> EventId {
        let event = self.event(id);
        self.of_task(event.task)[(event.index - event.joined) as usize - 1]
    }

    /// The writes of a location in coherence order, without the initial one.
    #[inline]
    pub(crate) fn writes(&self, location: LocationId) -> &[EventId] {
        self.writes.get(location as usize).map_or(&[], Vec::as_slice)
    }

    /// The reads of a location.
    #[inline]
    pub(crate) fn reads(&self, location: LocationId) -> &[EventId] {
        self.reads.get(location as usize).map_or(&[], Vec::as_slice)
    }

    /// The locations that have events.
    pub(crate) fn locations(&self) -> impl Iterator<Item = LocationId> {
        (0..self.writes.len() as LocationId)
            .filter(|&its| !self.writes(its).is_empty() || !self.reads(its).is_empty())
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The number of SeqCst accesses and fences.
    #[inline]
    pub(crate) fn seq_cst(&self) -> usize {
        self.seq_cst
    }

    #[inline]
    pub(crate) fn clock(&self, id: EventId, clock: Clock) -> &[u32] {
        let first = (id as usize * CLOCKS + clock as usize) * self.width;
        &self.clocks[first..first + self.width]
    }

    #[inline]
    fn clock_mut(&mut self, id: EventId, clock: Clock) -> &mut [u32] {
        let first = (id as usize * CLOCKS + clock as usize) * self.width;
        &mut self.clocks[first..first + self.width]
    }

    /// Adds the events of a clock of one event to a clock of another.
    fn join_clock(&mut self, (id, clock): (EventId, Clock), (other, its): (EventId, Clock)) {
        let from = (other as usize * CLOCKS + its as usize) * self.width;
        let to = (id as usize * CLOCKS + clock as usize) * self.width;
        for entry in 0..self.width {
            self.clocks[to + entry] = self.clocks[to + entry].max(self.clocks[from + entry]);
        }
    }

    /// The position of a write in the coherence order of its location, from 1. 0 for the initial
    /// write.
    #[inline]
    pub(crate) fn place(&self, location: LocationId, write: EventId) -> usize {
        if write == INITIAL {
            return 0;
        }
        let position = self.writes(location).iter().position(|&its| its == write);
        position.expect("a write is in its location's coherence order") + 1
    }

    /// The event that a read reads from. `None` for the initial write.
    pub(crate) fn source(&self, read: &Event) -> Option<&Event> {
        (read.reads_from != INITIAL).then(|| self.event(read.reads_from))
    }

    /// The places of a write, or of an operation of objects, in the orders of its locations.
    pub(crate) fn places(&self, id: EventId) -> impl Iterator<Item = usize> {
        let event = self.event(id);
        let is_ordered = matches!(event.label, Label::Write | Label::Object);
        let locations = if is_ordered { event.all_locations() } else { &[] };
        locations.iter().map(move |&location| self.place(location, id))
    }

    /// The write at a place of the coherence order.
    #[inline]
    pub(crate) fn write_at(&self, location: LocationId, place: usize) -> EventId {
        if place == 0 { INITIAL } else { self.writes(location)[place - 1] }
    }

    /// The events that happen before (or cause) the next event of `task`, which follows these
    /// edges.
    pub(crate) fn next_clock(&self, task: TaskId, edges: &[(TaskId, u32)], clock: Clock) -> Vec<u32> {
        let mut next = match self.of_task(task).last() {
            Some(&last) => self.clock(last, clock).to_vec(),
            None => vec![0; self.width],
        };
        for &(other, count) in edges {
            if let Some(last) = self.last_of(other, count) {
                join(&mut next, self.clock(last, clock));
            }
        }
        next
    }

    /// The events that happen before (or cause) an event that follows the first `done` events of
    /// `task` and these edges.
    pub(crate) fn clock_after(
        &self,
        task: TaskId,
        done: u32,
        edges: &[(TaskId, u32)],
        clock: Clock,
    ) -> Vec<u32> {
        let mut after = match self.last_of(task, done) {
            Some(last) => self.clock(last, clock).to_vec(),
            None => vec![0; self.width],
        };
        for &(other, count) in edges {
            if let Some(last) = self.last_of(other, count) {
                join(&mut after, self.clock(last, clock));
            }
        }
        after
    }

    /// The events that happen before `id`, which follows these edges, apart from its own effect.
    pub(crate) fn clock_before(&self, id: EventId, edges: &[(TaskId, u32)]) -> Vec<u32> {
        let event = self.event(id);
        let mut clock = match event.index {
            1 => vec![0; self.width],
            index => self.clock(self.of_task(event.task)[index as usize - 2], Clock::HappensBefore).to_vec(),
        };
        for &(other, count) in edges {
            if let Some(last) = self.last_of(other, count) {
                join(&mut clock, self.clock(last, Clock::HappensBefore));
            }
        }
        clock
    }

    /// The last of the first `count` events of a task.
    fn last_of(&self, task: TaskId, count: u32) -> Option<EventId> {
        (count > 0).then(|| self.of_task(task)[count as usize - 1])
    }

    /// The smallest place of a write of `location` that an event with this clock of happens-before
    /// can read from. Coherence: the event must not read from a write that a write or read that
    /// happens before it has overwritten.
    pub(crate) fn floor(&self, location: LocationId, clock: &[u32]) -> usize {
        let writes = self.writes(location);
        let last = writes.iter().rposition(|&write| contains(clock, self.event(write)));
        let mut floor = last.map_or(0, |last| last + 1);
        for &read in self.reads(location) {
            let event = self.event(read);
            if event.label == Label::Read && event.reads_from != INITIAL && contains(clock, event) {
                floor = floor.max(self.place(location, event.reads_from));
            }
        }
        floor
    }

    /// Whether the write at this place is the second part of a read-modify-write. No write can be
    /// inserted before it.
    #[inline]
    pub(crate) fn is_update_at(&self, location: LocationId, place: usize) -> bool {
        place > 0 && self.writes(location).get(place - 1).is_some_and(|&write| self.event(write).is_update)
    }

    /// Adds an event at the end of its task, after these edges. `place`: the place of a write.
    pub(crate) fn add(&mut self, mut event: Event, edges: &[(TaskId, u32)], place: usize) -> EventId {
        let id = self.events.len() as EventId;
        self.fit(event.task);
        event.index = self.of_task(event.task).len() as u32 + 1;
        for &location in event.all_locations() {
            self.fit_location(location);
            match event.label {
                Label::Read | Label::PlainRead | Label::PlainWrite => self.reads[location as usize].push(id),
                Label::Write => self.writes[location as usize].insert(place - 1, id),
                Label::Object => self.writes[location as usize].push(id),
                Label::Fence | Label::Choice => {}
            }
        }
        self.seq_cst += usize::from(event.order.is_seq_cst());
        self.events.push(event);
        self.clocks.resize(self.clocks.len() + CLOCKS * self.width, 0);
        self.edges.extend(edges.iter().map(|&(task, count)| Edge { event: id, task, count }));
        self.tasks[event.task as usize].push(id);
        self.compute_clocks(id);
        id
    }

    /// Computes the clocks of an event from those of the events before it.
    pub(crate) fn compute_clocks(&mut self, id: EventId) {
        let event = *self.event(id);
        let first = id as usize * CLOCKS * self.width;
        self.clocks[first..first + CLOCKS * self.width].fill(0);
        if event.index > 1 {
            let previous = self.of_task(event.task)[event.index as usize - 2];
            for clock in [Clock::HappensBefore, Clock::Causes, Clock::Acquirable, Clock::Fenced] {
                self.join_clock((id, clock), (previous, clock));
            }
        }
        for nth in 0..self.edges.len() {
            let Edge { event: of, task, count } = self.edges[nth];
            if of == id
                && let Some(last) = self.last_of(task, count)
            {
                self.join_clock((id, Clock::HappensBefore), (last, Clock::HappensBefore));
                self.join_clock((id, Clock::Causes), (last, Clock::Causes));
            }
        }
        for clock in [Clock::HappensBefore, Clock::Causes] {
            self.clock_mut(id, clock)[event.task as usize] = event.index;
        }
        match event.label {
            Label::Read if event.reads_from != INITIAL => {
                self.join_clock((id, Clock::Causes), (event.reads_from, Clock::Causes));
                self.join_clock((id, Clock::Acquirable), (event.reads_from, Clock::Released));
                if event.order.acquires() {
                    self.join_clock((id, Clock::HappensBefore), (event.reads_from, Clock::Released));
                }
            }
            Label::Write => {
                let released = if event.order.releases() { Clock::HappensBefore } else { Clock::Fenced };
                self.join_clock((id, Clock::Released), (id, released));
                let read = event.is_update.then(|| self.of_task(event.task)[event.index as usize - 2]);
                if let Some(head) = read.map(|read| self.event(read).reads_from)
                    && head != INITIAL
                {
                    self.join_clock((id, Clock::Released), (head, Clock::Released));
                }
            }
            Label::Fence => {
                if event.order.acquires() {
                    self.join_clock((id, Clock::HappensBefore), (id, Clock::Acquirable));
                }
                if event.order.releases() {
                    self.join_clock((id, Clock::Fenced), (id, Clock::HappensBefore));
                }
            }
            Label::Object => {
                for (slot, &location) in event.all_locations().iter().enumerate() {
                    let own = self.place(location, id) - 1;
                    let Some(last) = own.checked_sub(1) else { continue };
                    let previous = self.writes(location)[last];
                    self.join_clock((id, Clock::Causes), (previous, Clock::Causes));
                    self.join_released(id, event.synchronization[slot], location, own);
                }
            }
            Label::Read | Label::PlainRead | Label::PlainWrite | Label::Choice => {}
        }
    }

    /// Adds the events that happen before an operation of an object because it synchronizes with
    /// some of the first `own` operations of this location.
    fn join_released(&mut self, id: EventId, its: Synchronization, location: LocationId, own: usize) {
        if !its.acquires {
            return;
        }
        for nth in (0..own).rev() {
            let earlier = self.writes(location)[nth];
            let event = self.event(earlier);
            let Some(slot) = event.slot(location) else { continue };
            let other = event.synchronization[slot];
            if other.reaches(its) {
                self.join_clock((id, Clock::HappensBefore), (earlier, Clock::HappensBefore));
                if other.is_total {
                    return;
                }
            }
        }
    }

    /// Removes the events from this position on.
    pub(crate) fn truncate(&mut self, events: usize) {
        while self.events.len() > events {
            let Some(event) = self.events.pop() else { return };
            let id = self.events.len() as EventId;
            for &location in event.all_locations() {
                let list = match event.label {
                    Label::Write | Label::Object => &mut self.writes[location as usize],
                    _ => &mut self.reads[location as usize],
                };
                if let Some(position) = list.iter().rposition(|&its| its == id) {
                    list.remove(position);
                }
            }
            self.tasks[event.task as usize].pop();
            self.seq_cst -= usize::from(event.order.is_seq_cst());
        }
        self.clocks.truncate(events * CLOCKS * self.width);
        self.edges.retain(|edge| (edge.event as usize) < events);
        self.held.retain(|held| (held.taker as usize) < events);
    }

    /// The graph of the events that `keeps` accepts, and the new number of each event. They include
    /// the causes of each of them, but one read may have lost its source.
    pub(crate) fn restricted(&self, keeps: impl Fn(EventId) -> bool) -> (Graph, Vec<EventId>) {
        let mut new_ids = vec![INITIAL; self.events.len()];
        let mut count = 0;
        for id in 0..self.events.len() as EventId {
            if keeps(id) {
                new_ids[id as usize] = count;
                count += 1;
            }
        }
        let renamed = |id: EventId| if id == INITIAL { INITIAL } else { new_ids[id as usize] };
        let mut graph = Graph { width: self.width, ..Graph::default() };
        for (id, event) in self.events() {
            if keeps(id) {
                graph.events.push(Event { reads_from: renamed(event.reads_from), ..*event });
                let first = id as usize * CLOCKS * self.width;
                graph.clocks.extend_from_slice(&self.clocks[first..first + CLOCKS * self.width]);
                graph.seq_cst += usize::from(event.order.is_seq_cst());
            }
        }
        let list = |ids: &Vec<EventId>| -> Vec<EventId> {
            ids.iter().filter(|&&id| keeps(id)).map(|&id| renamed(id)).collect()
        };
        graph.writes = self.writes.iter().map(list).collect();
        graph.reads = self.reads.iter().map(list).collect();
        graph.tasks = self.tasks.iter().map(list).collect();
        graph.edges = self
            .edges
            .iter()
            .filter(|edge| keeps(edge.event))
            .map(|edge| Edge { event: renamed(edge.event), ..*edge })
            .collect();
        let first = (0..self.events.len() as EventId).find(|&id| !keeps(id)).unwrap_or(EventId::MAX);
        let is_kept = |id: EventId| id == INITIAL || keeps(id);
        graph.held = self
            .held
            .iter()
            .filter(|held| held.position < first && keeps(held.taker) && is_kept(held.source))
            .map(|held| Held { source: renamed(held.source), taker: renamed(held.taker), ..*held })
            .collect();
        (graph, new_ids)
    }

    /// Whether a place is held for the next operation of `task`.
    pub(crate) fn holds_for(&self, task: TaskId) -> bool {
        let next = self.of_task(task).len() as u32 + 1;
        self.held.iter().any(|held| (held.task, held.index) == (task, next))
    }

    /// The hold on the end of the order of an object's operations, if it is for another operation
    /// than the next of `task`.
    pub(crate) fn hold(&self, location: LocationId, task: TaskId) -> Option<Held> {
        let end = self.writes(location).last().copied().unwrap_or(INITIAL);
        let next = self.of_task(task).len() as u32 + 1;
        let is_active = |held: &&Held| {
            held.location == location
                && held.source == end
                && (held.task, held.index) != (task, next)
                && self.of_task(held.task).len() < held.index as usize
        };
        self.held.iter().rfind(is_active).copied()
    }

    /// Makes `read` read from `write`.
    pub(crate) fn set_source(&mut self, read: EventId, write: EventId) {
        self.event_mut(read).reads_from = write;
    }

    /// Sets the order of an event.
    pub(crate) fn set_order(&mut self, id: EventId, order: crate::event::MemoryOrder) {
        let event = &mut self.events[id as usize];
        self.seq_cst -= usize::from(event.order.is_seq_cst());
        event.order = order;
        self.seq_cst += usize::from(order.is_seq_cst());
    }
}
