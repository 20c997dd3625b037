//! Clocks.

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::Time;

/// The server's source of time. Implement it to run the server on a clock of your own.
pub trait Clock: Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Time;
}

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Time {
        // Clamps times before 1970 to 1970.
        Time::default().after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// A clock that advances only by [`TestClock::advance`]. It starts at [`Time::START`].
#[derive(Debug)]
pub struct TestClock(Mutex<Time>);

impl Default for TestClock {
    fn default() -> Self {
        TestClock(Mutex::new(Time::START))
    }
}

impl TestClock {
    /// Advances the clock.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().expect("no code panics while it holds the clock's lock");
        *now = now.after(duration);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        *self.0.lock().expect("no code panics while it holds the clock's lock")
    }
}
