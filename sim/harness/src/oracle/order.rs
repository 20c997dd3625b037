//! What a schedule must have in order, so that a read breaks a rule in it; and whether some schedule of the class has it.
//!
//! The schedules of a class are the orders of its events that happens-before allows. To ask for more order is to add edges, and
//! some schedule has all of it unless happens-before and these edges make a cycle (Szpilrajn 1930: what has no cycle has an
//! order in which each edge goes forward).

use crate::history::{History, Mark, OperationId};

/// How two operations lie to each other in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// All of the first comes before all of the second.
    Precedes(OperationId, OperationId),
    /// The first has begun before the second ends.
    HasBegun(OperationId, OperationId),
    /// The operation ends before this event, in which a key expires.
    EndsBefore(OperationId, Mark),
}

/// A moment of an operation, which is one of its events.
#[derive(Clone, Copy)]
enum Moment {
    Invocation(OperationId),
    Response(OperationId),
    /// The last of some edges, and the first of none.
    Event(Mark),
}

use Moment::{Event, Invocation, Response};

impl Order {
    /// The two moments, of which the first comes first.
    fn edge(self) -> (Moment, Moment) {
        match self {
            Order::Precedes(a, b) => (Response(a), Invocation(b)),
            Order::HasBegun(a, b) => (Invocation(a), Response(b)),
            Order::EndsBefore(a, event) => (Response(a), Event(event)),
        }
    }

    /// The two events, of which the first comes first. `None` if an operation has not ended that should have.
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

    /// Whether it happens before the other, or is it.
    fn leads_to(self, other: Moment, history: &History) -> bool {
        let Some(event) = self.event(history) else { return false };
        match other {
            Invocation(operation) => history.precedes_invocation(event, operation),
            Response(operation) => history.precedes_response(event, operation),
            Event(other) => event == other,
        }
    }
}

/// Whether some schedule of the class has all of this. Cubic in the orders, which are few.
pub(super) fn is_possible(history: &History, orders: &[Order]) -> bool {
    let mut left: Vec<_> = orders.iter().map(|order| order.edge()).collect();
    // Edges to which no other leads are on no cycle.
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
