//! The time until which a node may serve its local tier.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sync::{AtomicU64, Primitives};

/// The time on the node's clock until which it may serve its local tier, in nanoseconds; 0 is
/// "serve nothing".
pub(super) struct Horizon<P: Primitives>(P::AtomicU64);

impl<P: Primitives> Horizon<P> {
    /// A horizon that has passed.
    pub(super) fn new() -> Self {
        let format = |word| format!("{} s", Duration::from_nanos(word).as_secs());
        Horizon(P::AtomicU64::new("horizon", 0).formatted_by(format))
    }

    /// Whether the node may serve its local tier at this time. An acquire: a read that may also
    /// sees the removals that precede [`set`](Horizon::set).
    #[inline]
    pub(super) fn covers(&self, now: Duration) -> bool {
        nanoseconds(now) < self.0.load(Ordering::Acquire)
    }

    /// The node may serve its local tier until this time.
    pub(super) fn set(&self, until: Duration) {
        self.0.store(nanoseconds(until), Ordering::Release);
    }

    /// The node may serve nothing.
    pub(super) fn end(&self) {
        self.0.store(0, Ordering::Release);
    }
}

/// At most 584 years.
#[inline]
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl<P: Primitives> fmt::Debug for Horizon<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the word: reading it would be a step of the program.
        f.debug_struct("Horizon").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Std;

    #[test]
    fn it_covers_the_times_before_it() {
        let horizon = Horizon::<Std>::new();
        let at = Duration::from_nanos;
        assert!(!horizon.covers(at(0)));
        horizon.set(at(7));
        assert!(horizon.covers(at(6)) && !horizon.covers(at(7)) && !horizon.covers(Duration::MAX));
        horizon.end();
        assert!(!horizon.covers(at(0)));
        horizon.set(Duration::MAX);
        assert!(horizon.covers(Duration::from_secs(1 << 33)));
    }
}
