//! The virtual clock, as [`std::time::Instant`].

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::panic::Location;
use std::sync::OnceLock;
use std::time::Duration;
use std::{fmt, time};

use crate::event::Action;
use crate::runtime::{self, Handle};

/// A time on the virtual clock. Outside an exploration, a time on the real clock.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use selvedge_engine::{Explorer, thread, time::Instant};
///
/// // Is one second over once the other task has slept for two? Only if it has already woken up.
/// let report = Explorer::optimal().run(|| {
///     let start = Instant::now();
///     thread::spawn(|| thread::sleep(Duration::from_secs(2)));
///     let _is_over = start.elapsed() >= Duration::from_secs(1);
/// });
/// assert_eq!(report.executions, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// Returns the current time.
    #[track_caller]
    pub fn now() -> Self {
        Instant::read(Location::caller())
    }

    /// Returns the current time, for a caller at `source`.
    pub(super) fn read(source: &'static Location<'static>) -> Self {
        static START: OnceLock<time::Instant> = OnceLock::new();
        let granted = Handle::clock().and_then(|clock| clock.perform(Action::Read, source));
        Instant(match granted {
            Some(granted) => Duration::from_nanos(granted.before),
            None => START.get_or_init(time::Instant::now).elapsed(),
        })
    }

    /// The time since this instant.
    #[track_caller]
    pub fn elapsed(&self) -> Duration {
        Instant::now() - *self
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Like [`duration_since`](Instant::duration_since).
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }

    /// The time from `earlier` to this instant; `None` if `earlier` is later.
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// This instant plus `duration`; `None` on overflow.
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// This instant minus `duration`; `None` on underflow.
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }

    pub(super) fn nanoseconds(self) -> u64 {
        nanoseconds(self.0)
    }
}

/// The clock, and the deadline in nanoseconds `duration` after the latest time that the task has
/// observed. `None` outside an exploration.
pub(crate) fn deadline(duration: Duration) -> Option<(Handle, u64)> {
    let clock = Handle::clock()?;
    Some((clock, runtime::known_time()?.saturating_add(nanoseconds(duration))))
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration).expect("overflow when adding duration to instant")
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        self.checked_sub(duration).expect("overflow when subtracting duration from instant")
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.0).finish()
    }
}
