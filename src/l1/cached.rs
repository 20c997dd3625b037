//! An entry of the local tier.

use std::time::Duration;

/// An entry of the local tier: a value, and when it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached<V> {
    value: V,
    /// A time on the cache's clock, in one word. An `Option<Duration>` is two, and there is one for each entry.
    deadline: u64,
}

/// The deadline of what does not expire. No time is as large.
const NEVER: u64 = u64::MAX;

/// Where the seconds begin. The nanoseconds are below: 30 bits hold a second's.
const SECONDS: u32 = 30;

/// The latest time in seconds; all that comes later is as late. That is after 544 years.
const LAST: u64 = (1 << (u64::BITS - SECONDS)) - 1;

impl<V> Cached<V> {
    /// A value that expires then; `None` is "never".
    pub fn new(value: V, expires_at: Option<Duration>) -> Self {
        Cached { value, deadline: expires_at.map_or(NEVER, word) }
    }

    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// The value, by itself.
    #[inline]
    pub fn into_value(self) -> V {
        self.value
    }

    /// When it expires, on the cache's clock; `None` is "never".
    pub fn expires_at(&self) -> Option<Duration> {
        let (seconds, nanoseconds) = (self.deadline >> SECONDS, self.deadline % (1 << SECONDS));
        self.can_expire().then(|| Duration::new(seconds, nanoseconds as u32))
    }

    /// Whether it will expire at all. If not, nobody needs to look at a clock.
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

/// The time as one word: whichever is later is larger. Seconds are shifted and not multiplied, since each hit of an entry
/// that can expire does it.
#[inline]
fn word(time: Duration) -> u64 {
    time.as_secs().min(LAST) << SECONDS | u64::from(time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_what_it_was_and_times_are_in_their_order() {
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
