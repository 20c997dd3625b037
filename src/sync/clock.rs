//! The production clock: coarse where the system has such a clock, so that expiry is checked
//! without a system call and without reading the processor's counter.

use std::time::Duration;

use super::Clock;

/// The system's monotonic clock.
///
/// On Linux it is `CLOCK_MONOTONIC_COARSE`: the time of the kernel's last tick, which is read from
/// memory. Ticks are 1 to 10 ms apart and may be late, so that the clock may lag by two of them. On
/// other systems it is [`std::time::Instant`]. Time while the machine is suspended does not count.
#[derive(Clone, Copy, Debug)]
pub struct StdClock(system::System);

impl Default for StdClock {
    fn default() -> Self {
        StdClock(system::System::new())
    }
}

impl Clock for StdClock {
    #[inline]
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn lag(&self) -> Duration {
        self.0.lag()
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    const CLOCK: ClockId = ClockId::MonotonicCoarse;

    /// Starts with the machine.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct System;

    impl System {
        pub(super) fn new() -> Self {
            System
        }

        #[inline]
        pub(super) fn now(self) -> Duration {
            duration(clock_gettime(CLOCK))
        }

        pub(super) fn lag(self) -> Duration {
            2 * duration(clock_getres(CLOCK))
        }
    }

    /// Neither part is negative: the clock counts from the start of the machine.
    #[inline]
    fn duration(time: Timespec) -> Duration {
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::{Duration, Instant};

    /// Starts when it is created.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct System(Instant);

    impl System {
        pub(super) fn new() -> Self {
            System(Instant::now())
        }

        pub(super) fn now(self) -> Duration {
            self.0.elapsed()
        }

        pub(super) fn lag(self) -> Duration {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn it_never_runs_backwards_and_its_lag_is_bounded() {
        let clock = StdClock::default();
        let (start, lag) = (Instant::now(), clock.lag());
        assert!(lag <= Duration::from_millis(20), "{lag:?}");
        let first = clock.now();
        let mut last = first;
        // Until it has advanced: with a clock that stands still no entry would expire.
        while last == first {
            let now = clock.now();
            assert!(now >= last);
            last = now;
            assert!(start.elapsed() < Duration::from_secs(60), "it stands still");
        }
        assert!(last - first <= start.elapsed() + lag);
    }
}
