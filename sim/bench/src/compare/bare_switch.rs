//! The limit: resuming a bare coroutine that suspends at once, with nothing decided and nothing noted.

use std::hint::black_box;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::cell::Sample;
use crate::{cpu, memory};

/// The name of the row.
pub(super) const PROGRAM: &str = "bare-switch";

/// The coroutines are those that our engine and shuttle use.
pub(super) const ENGINE: &str = "corosensei";

const ROUND_TRIPS: u64 = 2_000_000;

const REPETITIONS: usize = 21;

/// Round trips as executions of one event each.
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
    Sample::middle(samples.collect()).expect("it is repeated")
}
