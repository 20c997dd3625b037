//! How long an operation takes.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::contender::{self, Cache, Contender, with_cache};
use super::trace::Random;
use super::work::Work;
use crate::cpu;

/// How many operations are made between two looks at the clock.
const BATCH: u64 = 256;

/// The nanoseconds of the processor that an operation took, with so many threads at it for so long. Not of the clock on the
/// wall, which a busy machine makes long; so what a thread waits for a lock asleep does not count.
pub(crate) fn measure(contender: Contender, work: Work, threads: u64, time: Duration) -> f64 {
    with_cache!(contender, nanoseconds(work, threads, time))
}

fn nanoseconds<C: Cache>(work: Work, threads: u64, time: Duration) -> f64 {
    let (cache, keys) = (C::new(2 * work.keys(), work.ttl()), work.keys());
    if work != Work::Load {
        (0..keys).for_each(|key| cache.put(key, key));
        cache.settle();
    }
    let (start, next) = (Barrier::new(threads as usize), AtomicU64::new(0));
    let thread = |thread: u64| {
        let mut random = Random::new(thread);
        let part = |operation: &mut dyn FnMut()| {
            // Unmeasured at first, so that the processor's caches are warm and marks are set.
            batches(&start, time / 10, operation);
            batches(&start, time, operation)
        };
        // A loop for each work, in which nothing else is decided.
        match work {
            Work::Hit | Work::HitTtl | Work::HitLarge | Work::HitTtlLarge => part(&mut || {
                for _ in 0..BATCH {
                    black_box(cache.get(random.below(keys)));
                }
            }),
            Work::Mixed => part(&mut || {
                for _ in 0..BATCH / 4 {
                    for _ in 0..3 {
                        black_box(cache.get(random.below(keys)));
                    }
                    let key = random.below(keys);
                    cache.put(key, key);
                }
            }),
            Work::Load => part(&mut || {
                for _ in 0..BATCH {
                    black_box(cache.load(next.fetch_add(1, Ordering::Relaxed) / threads));
                }
            }),
            Work::Invalidate => part(&mut || {
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
        let parts = handles.into_iter().map(|handle| handle.join().expect("it does not panic"));
        parts.fold((Duration::ZERO, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    });
    computed.as_nanos() as f64 / operations as f64
}

/// Makes batches for this time, from when all threads are here. Returns what they took, and how many operations they were.
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
    fn each_contender_can_be_timed_with_all_that_it_does() {
        for contender in Contender::ALL {
            for work in Work::ALL.into_iter().filter(|&work| contender.does(work) && work.keys() < 100_000) {
                for threads in [1, 2] {
                    assert!(measure(contender, work, threads, Duration::from_millis(1)) > 0.0);
                }
            }
        }
    }
}
