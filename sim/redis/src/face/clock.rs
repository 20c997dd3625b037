//! What time it is.

use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::Time;

/// Tells the server what time it is. Implement it to have the server go by a clock of your own.
pub trait Clock: Debug + Send + Sync {
    /// What time it is now.
    fn now(&self) -> Time;
}

/// The clock on the wall.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Time {
        // Before 1970 it is 1970.
        Time::default().after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// A clock that goes on only when it is told to. It begins at [`Time::START`].
#[derive(Debug)]
pub struct TestClock(Mutex<Time>);

impl Default for TestClock {
    fn default() -> Self {
        TestClock(Mutex::new(Time::START))
    }
}

impl TestClock {
    /// Goes on by so much.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().expect("nothing panics with the time in hand");
        *now = now.after(duration);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        *self.0.lock().expect("nothing panics with the time in hand")
    }
}
