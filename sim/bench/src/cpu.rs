//! Time that this process has computed for. Unlike the wall clock it stands still while others have the processor, so
//! that a long search and a short one can be compared on a busy machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// User and system time of all threads.
pub(crate) fn time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("a process has not computed for a negative time")
}

/// User and system time of this thread.
pub(crate) fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("a thread has not computed for a negative time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computing_takes_time() {
        let start = time();
        while time() == start {
            std::hint::spin_loop();
        }
        assert!(time() > start);
    }
}
