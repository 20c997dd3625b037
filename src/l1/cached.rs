//! An entry of the local tier.

use std::time::Duration;

/// An entry of the local tier: a value and its expiry time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached<V> {
    value: V,
    /// A time on the cache's clock, in one word. An `Option<Duration>` has two, for each entry.
    deadline: u64,
}

/// The deadline of an entry that does not expire. Larger than any time.
const NEVER: u64 = u64::MAX;

/// The lowest bit of the seconds. The 30 bits below hold the nanoseconds.
const SECONDS: u32 = 30;

/// The latest time in seconds, 544 years; later times are rounded down to it.
const LAST: u64 = (1 << (u64::BITS - SECONDS)) - 1;

impl<V> Cached<V> {
    /// Creates an entry that expires at this time; `None` is "never".
    pub fn new(value: V, expires_at: Option<Duration>) -> Self {
        Cached { value, deadline: expires_at.map_or(NEVER, word) }
    }

    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// Returns the value.
    #[inline]
    pub fn into_value(self) -> V {
        self.value
    }

    /// The expiry time on the cache's clock; `None` is "never".
    pub fn expires_at(&self) -> Option<Duration> {
        let (seconds, nanoseconds) = (self.deadline >> SECONDS, self.deadline % (1 << SECONDS));
        self.can_expire().then(|| Duration::new(seconds, nanoseconds as u32))
    }

    /// Whether it can expire. If not, no clock needs to be read.
    #[inline]
    pub fn can_expire(&self) -> bool {
        self.deadline != NEVER
    }

    /// Whether it has expired at this time.
    #[inline]
    pub fn has_expired(&self, now: Duration) -> bool {
        self.can_expire() && word(now) >= self.deadline
    }
}

/// The time as one word, in the order of time. The seconds are shifted and not multiplied, because
/// each hit of an entry that can expire does this.
#[inline]
fn word(time: Duration) -> u64 {
    time.as_secs().min(LAST) << SECONDS | u64::from(time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_preserved_and_times_are_ordered() {
        let times = [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::new(0, 999_999_999),
            Duration::from_secs(1),
            Duration::new(1, 1),
            Duration::from_secs(1_000_000_000),
            Duration::new(LAST, 999_999_999),
        ];
        for (place, &deadline) in times.iter().enumerate() {
            let cached = Cached::new((), Some(deadline));
            assert_eq!(cached.expires_at(), Some(deadline));
            for (other, &now) in times.iter().enumerate() {
                assert_eq!(cached.has_expired(now), other >= place, "{deadline:?} at {now:?}");
            }
        }
        let never = Cached::new((), None);
        assert!(never.expires_at().is_none() && !never.has_expired(Duration::MAX));
        assert!(Cached::new((), Some(Duration::MAX)).has_expired(Duration::MAX));
    }
}
