//! Identifiers of entries.

use std::fmt;

/// The identifier of an entry: `1700000000000-3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamId {
    /// Milliseconds since the Unix epoch, unless the client has chosen it.
    pub(crate) millis: u64,
    pub(crate) sequence: u64,
}

impl StreamId {
    pub(crate) const MIN: StreamId = StreamId { millis: 0, sequence: 0 };
    pub(crate) const MAX: StreamId = StreamId { millis: u64::MAX, sequence: u64::MAX };

    pub(crate) fn next(self) -> Option<Self> {
        match self.sequence.checked_add(1) {
            Some(sequence) => Some(StreamId { sequence, ..self }),
            None => Some(StreamId { millis: self.millis.checked_add(1)?, sequence: 0 }),
        }
    }

    pub(crate) fn previous(self) -> Option<Self> {
        match self.sequence.checked_sub(1) {
            Some(sequence) => Some(StreamId { sequence, ..self }),
            None => Some(StreamId { millis: self.millis.checked_sub(1)?, sequence: u64::MAX }),
        }
    }

    /// The key under which Redis stores it: both numbers, the most significant byte first.
    pub(super) fn bytes(self) -> [u8; 16] {
        (u128::from(self.millis) << 64 | u128::from(self.sequence)).to_be_bytes()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}
