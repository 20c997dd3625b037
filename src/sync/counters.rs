//! Counters with little cost for the counting threads.
//!
//! They are not part of [`Primitives`](super::Primitives): no decision of the cache depends on
//! them, so that a simulator need not see them. Each thread counts in its own shard, with a load
//! and a store and no locked instruction. Threads that find no free shard share the last one.

use std::array;
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The number of shards that belong to one thread each.
const OWN: usize = 31;

/// `N` counters.
pub struct Counters<const N: usize> {
    shards: Box<[Shard<N>]>,
}

/// Two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Shard<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    /// Creates counters that are all 0.
    #[expect(clippy::new_without_default, reason = "it is made in one place")]
    pub fn new() -> Self {
        let shard = |_| Shard(array::from_fn(|_| AtomicU64::new(0)));
        Counters { shards: (0..=OWN).map(shard).collect() }
    }

    /// Adds 1 to a counter.
    #[inline]
    pub fn add(&self, counter: usize) {
        let shard = shard();
        let count = &self.shards[shard].0[counter];
        if shard < OWN {
            // No other thread stores here while this one owns the shard; the previous owner
            // returned it under a lock.
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The sum of the counter. It may not include additions in progress on other threads.
    pub fn sum(&self, counter: usize) -> u64 {
        self.shards.iter().map(|shard| shard.0[counter].load(Ordering::Relaxed)).sum()
    }
}

impl<const N: usize> fmt::Debug for Counters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..N).map(|counter| self.sum(counter))).finish()
    }
}

/// The shards that no thread owns.
static FREE: Mutex<Option<Vec<usize>>> = Mutex::new(None);

thread_local! {
    /// The thread's shard. A cell without a destructor, so that reading it needs no check whether
    /// it is still alive.
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
    static OWNED: Owned = Owned::take();
}

#[inline]
fn shard() -> usize {
    let known = SHARD.get();
    if known <= OWN { known } else { first_use() }
}

#[cold]
fn first_use() -> usize {
    // A thread that is ending uses the shared shard.
    let shard = OWNED.try_with(|owned| owned.0).unwrap_or(OWN);
    SHARD.set(shard);
    shard
}

/// A shard that is returned when the thread ends.
struct Owned(usize);

impl Owned {
    fn take() -> Self {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        Owned(free.get_or_insert_with(|| (0..OWN).rev().collect()).pop().unwrap_or(OWN))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        SHARD.set(OWN);
        if self.0 < OWN
            && let Some(free) = &mut *FREE.lock().unwrap_or_else(PoisonError::into_inner)
        {
            free.push(self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Barrier};
    use std::thread;

    use super::*;

    #[test]
    fn nothing_that_was_counted_is_lost_also_when_there_are_more_threads_than_shards() {
        let counters = Arc::new(Counters::<2>::new());
        for _ in 0..2 {
            let threads: Vec<_> = (0..2 * OWN as u64)
                .map(|thread| {
                    let counters = Arc::clone(&counters);
                    thread::spawn(move || (0..=thread).for_each(|_| counters.add(1)))
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("it only counts"));
        }
        let each: u64 = (1..=2 * OWN as u64).sum();
        assert_eq!((counters.sum(0), counters.sum(1)), (0, 2 * each));
    }

    #[test]
    fn threads_that_live_at_once_share_no_shard_of_their_own() {
        let all = Arc::new(Barrier::new(2 * OWN));
        let threads: Vec<_> = (0..2 * OWN)
            .map(|_| {
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    let shard = shard();
                    all.wait();
                    shard
                })
            })
            .collect();
        let shards: Vec<_> = threads.into_iter().map(|it| it.join().expect("it only counts")).collect();
        let own: Vec<_> = shards.iter().filter(|&&shard| shard < OWN).collect();
        assert_eq!(own.len(), own.iter().collect::<BTreeSet<_>>().len());
        assert!(shards.iter().all(|&shard| shard <= OWN));
    }
}
