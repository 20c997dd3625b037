//! Backward revisits: which events a new write may remove.
//!
//! Kokologiannakis, Marmanis, Gladstein, Vafeiadis: "Truly stateless, optimal dynamic partial order
//! reduction", POPL 2022. A new write `w` revisits a read `r` that is not among its causes: the
//! events that were added after `r` and do not cause `w` are removed, and `r` reads from `w`. To
//! visit each graph once, the revisit is made from one graph only: the one in which `r` and each
//! removed event was added *maximally*, that is, in the way that the algorithm always tries.

use super::event::{EventId, INITIAL, Label};
use super::execution_graph::{Graph, contains_head};

/// A new event whose causes are `causes`.
pub(super) struct Revisitor<'a> {
    pub(super) graph: &'a Graph,
    pub(super) causes: &'a [u32],
    /// Whether the value of a write satisfies the await with this number.
    pub(super) satisfies: &'a dyn Fn(EventId, EventId) -> bool,
}

impl Revisitor<'_> {
    /// Whether an event causes the new one.
    #[inline]
    pub(super) fn is_cause(&self, event: EventId) -> bool {
        contains_head(self.causes, self.graph.event(event))
    }

    /// Whether a revisit of the event at `first` may be made: it and all events that the revisit
    /// removes were added maximally.
    pub(super) fn may_remove_from(&self, first: EventId) -> bool {
        (first..self.graph.len() as EventId).all(|event| self.is_cause(event) || self.is_maximal(event))
    }

    /// Whether `event` was added maximally: it reads from the last write in coherence order, or is
    /// that write, among the events that were added before it and the causes of the new event.
    fn is_maximal(&self, event: EventId) -> bool {
        let its = self.graph.event(event);
        let is_before = |other: EventId| other < event || self.is_cause(other);
        match its.label {
            Label::Fence | Label::PlainRead | Label::PlainWrite => true,
            Label::Choice => its.choice == 0,
            Label::Read => {
                let source = its.reads_from;
                if source != INITIAL && !is_before(source) {
                    return false;
                }
                let location = its.location();
                let later = &self.graph.writes(location)[self.graph.place(location, source)..];
                let counts = |write: EventId| !its.waits || (self.satisfies)(event, write);
                its.choice == 0 && !later.iter().any(|&write| is_before(write) && counts(write))
            }
            Label::Write => {
                let location = its.location();
                let later = &self.graph.writes(location)[self.graph.place(location, event)..];
                let reads = self.graph.reads(location);
                let is_read_before = |&read: &EventId| {
                    let other = self.graph.event(read);
                    read < event && other.label == Label::Read && other.reads_from == event
                };
                !later.iter().any(|&write| is_before(write)) && !reads.iter().any(is_read_before)
            }
            Label::Object => {
                let is_last = its.all_locations().iter().all(|&location| {
                    let later = &self.graph.writes(location)[self.graph.place(location, event)..];
                    !later.iter().any(|&other| is_before(other))
                });
                is_last && !its.is_fixed && its.choice == 0
            }
        }
    }
}
