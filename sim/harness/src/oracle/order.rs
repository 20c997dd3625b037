//! The order that a schedule needs for a violation, and whether some schedule of the class has it.
//!
//! The schedules of a class are the orders of its events that happens-before permits. Each
//! requirement adds an edge. Some schedule satisfies all of them unless happens-before and these
//! edges form a cycle (Szpilrajn 1930: an acyclic relation extends to a total order).

use crate::history::{History, Mark, OperationId};

/// The required order of two operations in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The first completes before the second is invoked.
    Precedes(OperationId, OperationId),
    /// The first is invoked before the second completes.
    HasBegun(OperationId, OperationId),
    /// The operation completes before this event, in which a key expires.
    EndsBefore(OperationId, Mark),
}

/// The first or the last event of an operation, or an expiry.
#[derive(Clone, Copy)]
enum Moment {
    Invocation(OperationId),
    Response(OperationId),
    /// The end of some edges, and the start of none.
    Event(Mark),
}

use Moment::{Event, Invocation, Response};

impl Order {
    /// The two moments, the earlier first.
    fn edge(self) -> (Moment, Moment) {
        match self {
            Order::Precedes(a, b) => (Response(a), Invocation(b)),
            Order::HasBegun(a, b) => (Invocation(a), Response(b)),
            Order::EndsBefore(a, event) => (Response(a), Event(event)),
        }
    }

    /// The two events, the earlier first. `None` if an operation that should have completed has
    /// not.
    pub fn events(self, history: &History) -> Option<(Mark, Mark)> {
        let (first, second) = self.edge();
        Some((first.event(history)?, second.event(history)?))
    }
}

impl Moment {
    fn event(self, history: &History) -> Option<Mark> {
        match self {
            Invocation(operation) => Some(history.operations()[operation].first),
            Response(operation) => history.last(operation),
            Event(event) => Some(event),
        }
    }

    /// Whether it happens before the other moment, or is it.
    fn leads_to(self, other: Moment, history: &History) -> bool {
        let Some(event) = self.event(history) else { return false };
        match other {
            Invocation(operation) => history.precedes_invocation(event, operation),
            Response(operation) => history.precedes_response(event, operation),
            Event(other) => event == other,
        }
    }
}

/// Whether some schedule of the class satisfies all orders. Cubic in their number, which is small.
pub(super) fn is_possible(history: &History, orders: &[Order]) -> bool {
    let mut left: Vec<_> = orders.iter().map(|order| order.edge()).collect();
    // An edge that follows no other edge is not in a cycle.
    loop {
        let is_led_to =
            |(first, _): &(Moment, Moment)| left.iter().any(|(_, end)| end.leads_to(*first, history));
        let on: Vec<_> = left.iter().copied().filter(is_led_to).collect();
        if on.len() == left.len() {
            return on.is_empty();
        }
        left = on;
    }
}
