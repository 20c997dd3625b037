//! What time it is for the server.

use std::time::Duration;

/// A moment: microseconds since the Unix epoch. The server has no clock of its own; it is told with each command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The first moment of the year 2026, when a clock that the test drives begins: late enough to look like a date.
    pub const START: Time = Time::from_millis(1_767_225_600_000);

    /// A moment, in milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Time(millis.saturating_mul(1_000))
    }

    /// A moment, in microseconds since the Unix epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Time(micros)
    }

    /// Milliseconds since the Unix epoch. Deadlines are in these, and signed, as Redis has them.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0 / 1_000).expect("microseconds of 64 bits are fewer milliseconds")
    }

    /// Microseconds since the Unix epoch.
    pub fn micros(self) -> u64 {
        self.0
    }

    /// The moment so much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Time(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}
