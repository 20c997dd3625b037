//! The order of SeqCst accesses and fences: psc of RC11 must be acyclic.
//!
//! The definitions of the paper:
//!
//! ```text
//! scb = po ∪ po|≠loc ; hb ; po|≠loc ∪ hb|loc ∪ co ∪ rb
//! psc_base = ([E_sc] ∪ [F_sc] ; hb?) ; scb ; ([E_sc] ∪ hb? ; [F_sc])
//! psc_F = [F_sc] ; (hb ∪ hb ; eco ; hb) ; [F_sc]
//! psc = psc_base ∪ psc_F
//! ```
//!
//! With `is_published` they are used as they are. Otherwise scb contains `po ; hb ; po` instead of
//! its second part. The two differ where po relates accesses of one location, as the read and the
//! write of a read-modify-write: the paper allows its example Z6.U, and the stronger order does
//! not. GenMC uses the stronger order too.
//!
//! The other conditions of RC11 (coherence, atomicity, no thin air) hold by construction: see
//! [`Graph::floor`].
//!
//! All sets are computed backwards, from the clocks: the events that happen before an event are a
//! prefix of each task.

use super::event::{Event, EventId, Label};
use super::execution_graph::{Clock, Graph};
use super::relation::{Relation, Set};
use crate::event::TaskId;

/// Whether psc is acyclic.
pub(crate) fn is_ordered(graph: &Graph, is_published: bool) -> bool {
    if graph.seq_cst() < 2 {
        return true;
    }
    let before = Before::new(graph, is_published);
    let is_fence = |id: EventId| graph.event(id).label == Label::Fence;
    let all: Vec<EventId> =
        graph.events().filter(|(_, event)| event.order.is_seq_cst()).map(|(id, _)| id).collect();
    let mut psc = Relation::new(all.len());
    for (to, &last) in all.iter().enumerate() {
        let mut ends = Set::new(graph.len());
        ends.add(last as usize);
        let mut by_fences = Set::new(graph.len());
        if is_fence(last) {
            let happened = before.happened(last);
            ends.join(&happened);
            by_fences.join(&happened);
            let mut reached = Set::new(graph.len());
            happened.iter().for_each(|id| before.add_observed(id as EventId, &mut reached));
            reached.iter().for_each(|id| before.add_happened(id as EventId, &mut by_fences));
        }
        let mut begins = Set::new(graph.len());
        ends.iter().for_each(|id| before.add_scb(id as EventId, &mut begins));
        // [F_sc] ; hb? ; scb
        by_fences.join(&begins);
        begins.iter().for_each(|id| before.add_happened(id as EventId, &mut by_fences));
        for (from, &first) in all.iter().enumerate() {
            if begins.has(first as usize) || (is_fence(first) && by_fences.has(first as usize)) {
                psc.add(from, to);
            }
        }
    }
    !psc.has_cycle()
}

/// The events that precede an event, in each of the relations.
struct Before<'a> {
    graph: &'a Graph,
    is_published: bool,
    /// For each task, the sets of its first events: none, one, two, …
    prefixes: Vec<Vec<Set>>,
}

impl<'a> Before<'a> {
    fn new(graph: &'a Graph, is_published: bool) -> Self {
        let prefixes = (0..graph.width() as TaskId).map(|task| {
            let mut prefix = Set::new(graph.len());
            let mut all = vec![prefix.clone()];
            for &id in graph.of_task(task) {
                prefix.add(id as usize);
                all.push(prefix.clone());
            }
            all
        });
        Before { graph, is_published, prefixes: prefixes.collect() }
    }

    /// Adds the events of a clock, except so many of each task and the event with this clock.
    fn add_clock(&self, clock: &[u32], without: u32, set: &mut Set) {
        for (prefixes, &count) in self.prefixes.iter().zip(clock) {
            set.join(&prefixes[count.saturating_sub(without) as usize]);
        }
    }

    /// Adds the events that happen before an event.
    fn add_happened(&self, id: EventId, set: &mut Set) {
        let had = set.has(id as usize);
        self.add_clock(self.graph.clock(id, Clock::HappensBefore), 0, set);
        if !had {
            set.remove(id as usize);
        }
    }

    fn happened(&self, id: EventId) -> Set {
        let mut set = Set::new(self.graph.len());
        self.add_happened(id, &mut set);
        set
    }

    fn is_here(&self, one: &Event, other: &Event) -> bool {
        let is_access = |event: &Event| !matches!(event.label, Label::Fence | Label::Choice | Label::Object);
        is_access(one) && is_access(other) && one.location() == other.location()
    }

    /// Adds the accesses of its location that precede a write in co or rb.
    fn add_overwritten(&self, id: EventId, set: &mut Set) {
        let location = self.graph.event(id).location();
        let own = self.graph.place(location, id);
        self.add_accesses_before(id, own, set);
    }

    /// Adds the writes before a place, and the reads from them.
    fn add_accesses_before(&self, id: EventId, place: usize, set: &mut Set) {
        let location = self.graph.event(id).location();
        for &write in &self.graph.writes(location)[..place.saturating_sub(1)] {
            set.add(write as usize);
        }
        for &read in self.graph.reads(location) {
            let event = self.graph.event(read);
            if event.label == Label::Read && self.graph.place(location, event.reads_from) < place {
                set.add(read as usize);
            }
        }
    }

    /// Adds the events that precede an event in eco.
    fn add_observed(&self, id: EventId, set: &mut Set) {
        let event = self.graph.event(id);
        match event.label {
            Label::Write => self.add_overwritten(id, set),
            Label::Read if self.graph.source(event).is_some() => {
                let place = self.graph.place(event.location(), event.reads_from);
                set.add(event.reads_from as usize);
                self.add_accesses_before(id, place, set);
            }
            _ => {}
        }
    }

    /// Adds the events that precede an event in scb.
    fn add_scb(&self, id: EventId, set: &mut Set) {
        let event = self.graph.event(id);
        let own = self.graph.of_task(event.task);
        set.join(&self.prefixes[event.task as usize][event.index as usize - 1]);
        if event.is_write() {
            self.add_overwritten(id, set);
        }
        // A spawn and a join are steps of their tasks: po ; hb ; po.
        for edge in self.graph.edges() {
            let after = self.graph.event(edge.event);
            if after.task == event.task && after.index <= event.index && edge.count > 0 {
                let last = self.graph.of_task(edge.task)[edge.count as usize - 1];
                self.add_clock(self.graph.clock(last, Clock::HappensBefore), 0, set);
            }
        }
        for other in self.happened(id).iter() {
            if self.is_here(self.graph.event(other as EventId), event) {
                set.add(other);
            }
        }
        if !self.is_published {
            // po ; hb ; po: of each task, all events that happen before the previous event but the
            // last of them.
            if event.index > 1 {
                let previous = own[event.index as usize - 2];
                self.add_clock(self.graph.clock(previous, Clock::HappensBefore), 1, set);
            }
            return;
        }
        let mut middle = Set::new(self.graph.len());
        for &previous in &own[..event.index as usize - 1] {
            if !self.is_here(self.graph.event(previous), event) {
                self.add_happened(previous, &mut middle);
            }
        }
        for through in middle.iter() {
            let its = self.graph.event(through as EventId);
            for &first in &self.graph.of_task(its.task)[..its.index as usize - 1] {
                if !self.is_here(self.graph.event(first), its) {
                    set.add(first as usize);
                }
            }
        }
    }
}
