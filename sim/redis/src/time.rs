//! The server's time.

use std::time::Duration;

/// A point in time, in microseconds since the Unix epoch. The server has no clock: each command
/// passes the current time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The start of the year 2026, where a test clock starts. A realistic date, unlike 0.
    pub const START: Time = Time::from_millis(1_767_225_600_000);

    /// Creates a time from milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Time(millis.saturating_mul(1_000))
    }

    /// Creates a time from microseconds since the Unix epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Time(micros)
    }

    /// Milliseconds since the Unix epoch. Deadlines use this signed unit, as in Redis.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0 / 1_000).expect("a 64-bit number of microseconds has fewer milliseconds")
    }

    /// Microseconds since the Unix epoch.
    pub fn micros(self) -> u64 {
        self.0
    }

    /// The time `duration` later; saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Time(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}
