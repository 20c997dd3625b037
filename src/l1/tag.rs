//! The eviction policy's state of an entry: one word, the entry's tag in the map.

/// Whether the entry was read after the eviction hand last passed it. Reads set only this bit.
const VISITED: u64 = 1 << 63;

/// Whether the entry is in the main queue. If not, it is on probation.
const MAIN: u64 = 1 << 62;

/// The position of the ticket's lowest bit.
const TICKET: u32 = 32;

/// The number of tickets before they wrap around.
const TICKETS: u64 = 1 << 30;

/// An entry's weight, its ticket and two flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(pub(super) u64);

impl Tag {
    /// The bit that a read sets.
    pub(super) const VISITED: u64 = VISITED;

    /// The tag of a new entry. Tickets are consecutive: see [`Node`](super::eviction::Node).
    pub(super) fn new(ticket: u64, weight: u32, main: bool) -> Self {
        let queue = if main { MAIN } else { 0 };
        Tag(queue | (ticket % TICKETS) << TICKET | u64::from(weight))
    }

    pub(super) fn weight(self) -> u32 {
        self.0 as u32
    }

    pub(super) fn ticket(self) -> u32 {
        ((self.0 >> TICKET) % TICKETS) as u32
    }

    pub(super) fn is_main(self) -> bool {
        self.0 & MAIN != 0
    }

    pub(super) fn is_visited(self) -> bool {
        self.0 & VISITED != 0
    }

    /// The tag after the entry's value was replaced, which counts as a visit.
    pub(super) fn with_weight(self, weight: u32) -> Self {
        Tag(self.0 & !u64::from(u32::MAX) | u64::from(weight) | VISITED)
    }

    pub(super) fn promoted(self) -> Self {
        Tag(self.0 | MAIN)
    }

    pub(super) fn unvisited(self) -> Self {
        Tag(self.0 & !VISITED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_one_part_of_a_tag_preserves_the_others() {
        let tag = Tag::new(TICKETS - 1, u32::MAX, false);
        assert_eq!((tag.weight(), u64::from(tag.ticket())), (u32::MAX, TICKETS - 1));
        assert!(!tag.is_main() && !tag.is_visited());
        let main = tag.promoted();
        assert_eq!((main.weight(), main.ticket()), (tag.weight(), tag.ticket()));
        assert!(main.is_main() && !main.is_visited());
        let read = Tag(main.0 | Tag::VISITED);
        assert!(read.is_main() && read.is_visited());
        assert_eq!(read.unvisited(), main);
        let lighter = main.with_weight(7);
        assert_eq!((lighter.weight(), lighter.ticket()), (7, tag.ticket()));
        assert!(lighter.is_main() && lighter.is_visited());
        assert!(Tag::new(TICKETS, 1, true).is_main());
        assert_eq!(Tag::new(TICKETS, 1, true).ticket(), 0);
    }
}
