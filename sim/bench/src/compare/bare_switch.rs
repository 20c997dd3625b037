//! The lower bound: resuming a bare coroutine that suspends immediately, without any scheduling or
//! recording.

use std::hint::black_box;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::cell::Sample;
use crate::{cpu, memory};

/// The name of the row.
pub(super) const PROGRAM: &str = "bare-switch";

/// The library of coroutines that our engine and shuttle use.
pub(super) const ENGINE: &str = "corosensei";

const ROUND_TRIPS: u64 = 2_000_000;

const REPETITIONS: usize = 21;

/// Measures round trips, as executions of one event each.
pub(crate) fn measure() -> Sample {
    let mut coroutine = Coroutine::new(|yielder: &Yielder<(), ()>, ()| {
        loop {
            yielder.suspend(());
        }
    });
    let samples = (0..REPETITIONS).map(|_| {
        let begin = cpu::time();
        for _ in 0..ROUND_TRIPS {
            let result: CoroutineResult<(), ()> = coroutine.resume(());
            black_box(result);
        }
        Sample {
            executions: ROUND_TRIPS,
            complete: true,
            events: Some(ROUND_TRIPS),
            nanoseconds: (cpu::time() - begin).as_nanos() as u64,
            nanoseconds_after_first: None,
            peak_rss_kib: memory::peak_rss_kib(),
        }
    });
    Sample::middle(samples.collect()).expect("there is at least one repetition")
}
