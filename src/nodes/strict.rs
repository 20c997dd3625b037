//! The settings of the level `Strict`.

use std::time::Duration;

/// The level that is linearizable over all nodes: see the [module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strict {
    lease: Duration,
}

impl Strict {
    /// The length of the node's leases. The node renews its lease four times in this time. A write
    /// of another node waits for this long if the node has stopped, or has lost its connection. 2 s
    /// is a good value to begin with.
    ///
    /// # Panics
    ///
    /// If it is less than 1 ms.
    #[must_use]
    pub fn lease(length: Duration) -> Self {
        let shortest = Duration::from_millis(1);
        assert!(length >= shortest, "a lease of less than 1 ms ends before it is granted");
        Strict { lease: length }
    }

    /// The length of a lease.
    pub fn length(self) -> Duration {
        self.lease
    }

    /// The time after which a lease of this length has ended on each node, counted from any moment
    /// after its request: longer by a hundredth. So the clocks of two nodes may differ in speed by
    /// one percent.
    pub(crate) fn outlast(lease: Duration) -> Duration {
        lease.saturating_add(lease / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_waits_longer_than_the_lease() {
        let lease = Strict::lease(Duration::from_secs(2)).length();
        assert_eq!(Strict::outlast(lease), Duration::from_millis(2_020));
        assert_eq!(Strict::outlast(Duration::MAX), Duration::MAX);
    }

    #[test]
    #[should_panic(expected = "ends before it is granted")]
    fn a_lease_has_a_length() {
        let _ = Strict::lease(Duration::ZERO);
    }
}
