//! The settings of the level `Notified`.

use std::time::Duration;

/// The level at which the server notifies each node of the other nodes' writes: see the
/// [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notified {
    within: Duration,
}

impl Notified {
    /// Bounds the staleness of a read: it returns no version that was overwritten longer ago than
    /// this, even if the connection for notifications fails silently. Usually a read is as old as
    /// the notification's way takes.
    ///
    /// The node queries its connection four times in this time. A shorter time costs more such
    /// queries; if it is close to the delay of an answer, the node often serves nothing locally. 1
    /// s is a good value to begin with.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[must_use]
    pub fn within(bound: Duration) -> Self {
        assert!(!bound.is_zero(), "a bound of zero on the staleness permits no local entry to be served");
        Notified { within: bound }
    }

    /// The bound.
    pub fn bound(self) -> Duration {
        self.within
    }
}
