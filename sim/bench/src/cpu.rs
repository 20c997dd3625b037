//! CPU time. Unlike wall-clock time it excludes the time of other processes, so results are
//! comparable on a loaded machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// User and system time of all threads of the process.
pub(crate) fn time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("CPU time is not negative")
}

/// User and system time of the calling thread.
pub(crate) fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("CPU time is not negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computing_advances_the_time() {
        let start = time();
        while time() == start {
            std::hint::spin_loop();
        }
        assert!(time() > start);
    }
}
