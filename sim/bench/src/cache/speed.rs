//! Time per operation.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::contender::{self, BenchCache, Contender, with_cache};
use super::trace::Random;
use super::workload::Workload;
use crate::cpu;

/// Number of operations between two reads of the clock.
const BATCH: u64 = 256;

/// CPU time per operation in nanoseconds, with `threads` threads during `time`. CPU time is
/// independent of other load, but excludes the time that a thread sleeps while it waits for a lock.
pub(crate) fn measure(contender: Contender, work: Workload, threads: u64, time: Duration) -> f64 {
    with_cache!(contender, nanoseconds(work, threads, time))
}

fn nanoseconds<C: BenchCache>(work: Workload, threads: u64, time: Duration) -> f64 {
    let (cache, keys) = (C::new(2 * work.keys(), work.ttl()), work.keys());
    if work != Workload::Load {
        (0..keys).for_each(|key| cache.put(key, key));
        cache.settle();
    }
    let (start, next) = (Barrier::new(threads as usize), AtomicU64::new(0));
    let thread = |thread: u64| {
        let mut random = Random::new(thread);
        let part = |operation: &mut dyn FnMut()| {
            // Warm up the processor's caches and the eviction marks.
            batches(&start, time / 10, operation);
            batches(&start, time, operation)
        };
        // One loop per workload, without a decision inside the loop.
        match work {
            Workload::Hit | Workload::HitTtl | Workload::HitLarge | Workload::HitTtlLarge => {
                part(&mut || {
                    for _ in 0..BATCH {
                        black_box(cache.get(random.below(keys)));
                    }
                })
            }
            Workload::Mixed => part(&mut || {
                for _ in 0..BATCH / 4 {
                    for _ in 0..3 {
                        black_box(cache.get(random.below(keys)));
                    }
                    let key = random.below(keys);
                    cache.put(key, key);
                }
            }),
            Workload::Load => part(&mut || {
                for _ in 0..BATCH {
                    black_box(cache.load(next.fetch_add(1, Ordering::Relaxed) / threads));
                }
            }),
            Workload::Invalidate => part(&mut || {
                for _ in 0..BATCH {
                    let key = random.below(keys);
                    cache.remove(key);
                    cache.put(key, key);
                }
            }),
        }
    };
    let (computed, operations) = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|number| scope.spawn(move || thread(number))).collect();
        let parts =
            handles.into_iter().map(|handle| handle.join().expect("a measuring thread does not panic"));
        parts.fold((Duration::ZERO, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    });
    computed.as_nanos() as f64 / operations as f64
}

/// Runs batches during `time`, once all threads are ready. Returns the CPU time and the number of
/// operations.
fn batches(start: &Barrier, time: Duration, batch: &mut dyn FnMut()) -> (Duration, u64) {
    start.wait();
    let (begin, computed) = (Instant::now(), cpu::thread_time());
    let mut operations = 0;
    while begin.elapsed() < time {
        batch();
        operations += BATCH;
    }
    (cpu::thread_time() - computed, operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contender_runs_each_supported_workload() {
        for contender in Contender::ALL {
            for work in
                Workload::ALL.into_iter().filter(|&work| contender.supports(work) && work.keys() < 100_000)
            {
                for threads in [1, 2] {
                    assert!(measure(contender, work, threads, Duration::from_millis(1)) > 0.0);
                }
            }
        }
    }
}
