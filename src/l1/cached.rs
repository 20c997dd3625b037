//! An entry of the local tier.

use std::time::Duration;

/// An entry of the local tier: a value, and when it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached<V> {
    value: V,
    /// In nanoseconds on the cache's clock. One word, and not an `Option<Duration>`, which is two: there is one for each
    /// entry, and each hit looks at it.
    deadline: u64,
}

/// The deadline of what does not expire. No clock gets there: it is 584 years off.
const NEVER: u64 = u64::MAX;

impl<V> Cached<V> {
    /// A value that expires then; `None` is "never".
    pub(super) fn new(value: V, expires_at: Option<Duration>) -> Self {
        Cached { value, deadline: expires_at.map_or(NEVER, nanoseconds) }
    }

    /// The value.
    pub fn value(&self) -> &V {
        &self.value
    }

    #[inline]
    pub(super) fn into_value(self) -> V {
        self.value
    }

    /// When it expires, on the cache's clock; `None` is "never".
    pub fn expires_at(&self) -> Option<Duration> {
        self.can_expire().then_some(Duration::from_nanos(self.deadline))
    }

    /// Whether it will expire at all. If not, nobody needs to look at a clock.
    #[inline]
    pub(super) fn can_expire(&self) -> bool {
        self.deadline != NEVER
    }

    #[inline]
    pub(super) fn has_expired(&self, now: Duration) -> bool {
        self.can_expire() && nanoseconds(now) >= self.deadline
    }
}

#[inline]
fn nanoseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}
