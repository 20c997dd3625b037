//! Work queues with work stealing, one for each worker.
//!
//! Each worker has a deque (Chase, Lev: "Dynamic circular work-stealing deque", SPAA 2005;
//! crossbeam's). It pushes and pops at the same end, so that it continues near its last item; other
//! workers steal from the other end, where the oldest and usually largest items are. A worker
//! without work sleeps until another worker queues an item.

use std::iter;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex};

use crossbeam_deque::{Steal, Stealer, Worker as Deque};

/// The state that connected queues share.
struct Shared<T> {
    stealers: Vec<Stealer<T>>,
    /// The number of unfinished items: queued or in progress.
    unfinished: AtomicUsize,
    /// The number of workers that wait for an item.
    idle: AtomicUsize,
    ended: AtomicBool,
    /// Every worker always offers work.
    shares_always: bool,
    /// A worker holds this lock from its check for items until it sleeps, so that no notification
    /// is lost.
    lock: Mutex<()>,
    queued: Condvar,
}

impl<T> Shared<T> {
    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(self.lock.lock());
        self.queued.notify_all();
    }
}

/// The queue of one worker. Dropping a queue ends the search for all workers: because no work is
/// left, because a bound is reached, or because the worker panics.
pub(crate) struct WorkQueue<T> {
    shared: Arc<Shared<T>>,
    own: Deque<T>,
    nth: usize,
    /// The worker has an unfinished item.
    busy: bool,
}

/// Creates `count` connected queues, with `items` on the first. With `shares_always`, workers
/// always offer work.
pub(crate) fn connected<T>(count: usize, items: Vec<T>, shares_always: bool) -> Vec<WorkQueue<T>> {
    let deques: Vec<Deque<T>> = (0..count).map(|_| Deque::new_lifo()).collect();
    let unfinished = items.len();
    items.into_iter().for_each(|item| deques[0].push(item));
    let shared = Arc::new(Shared {
        stealers: deques.iter().map(Deque::stealer).collect(),
        unfinished: AtomicUsize::new(unfinished),
        idle: AtomicUsize::new(0),
        ended: AtomicBool::new(unfinished == 0),
        shares_always,
        lock: Mutex::new(()),
        queued: Condvar::new(),
    });
    let queue = |(nth, own)| WorkQueue { shared: Arc::clone(&shared), own, nth, busy: false };
    deques.into_iter().enumerate().map(queue).collect()
}

impl<T> WorkQueue<T> {
    /// Finishes the last item, whose results have been [queued](WorkQueue::put), and returns the
    /// next one. `None` if the search has ended.
    pub(crate) fn next(&mut self) -> Option<T> {
        if mem::take(&mut self.busy) && self.shared.unfinished.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.end();
        }
        let item = if self.has_ended() { None } else { self.find().or_else(|| self.wait()) };
        self.busy = item.is_some();
        item
    }

    /// Removes the items that remain in this queue when the search is interrupted.
    pub(crate) fn left(&mut self) -> impl Iterator<Item = T> + '_ {
        iter::from_fn(|| self.own.pop())
    }

    /// Queues an item for this worker or for an idle one.
    pub(crate) fn put(&self, item: T) {
        self.shared.unfinished.fetch_add(1, Ordering::Relaxed);
        self.own.push(item);
        // Either the worker that is about to wait finds the item, or its waiting is visible here.
        fence(Ordering::SeqCst);
        if self.shared.idle.load(Ordering::Relaxed) > 0 {
            drop(self.shared.lock.lock());
            self.shared.queued.notify_one();
        }
    }

    /// Whether another worker is idle, and this queue has no item for it.
    #[inline]
    pub(crate) fn wants_work(&self) -> bool {
        let shared = &*self.shared;
        (shared.shares_always || shared.idle.load(Ordering::Relaxed) > 0) && self.own.is_empty()
    }

    /// Whether the search has ended.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Relaxed)
    }

    fn find(&self) -> Option<T> {
        self.own.pop().or_else(|| {
            let (before, after) = self.shared.stealers.split_at(self.nth);
            after[1..].iter().chain(before).find_map(steal)
        })
    }

    fn wait(&self) -> Option<T> {
        let shared = &*self.shared;
        let mut lock = shared.lock.lock().expect("no thread panics while it holds the lock");
        shared.idle.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let found = loop {
            if self.has_ended() {
                break None;
            }
            let found = self.find();
            if found.is_some() {
                break found;
            }
            lock = shared.queued.wait(lock).expect("no thread panics while it holds the lock");
        };
        shared.idle.fetch_sub(1, Ordering::Relaxed);
        found
    }
}

impl<T> Drop for WorkQueue<T> {
    fn drop(&mut self) {
        self.shared.end();
    }
}

fn steal<T>(from: &Stealer<T>) -> Option<T> {
    loop {
        match from.steal() {
            Steal::Success(item) => return Some(item),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{self, AssertUnwindSafe};
    use std::thread;

    use super::*;

    /// Splits a number into two halves recursively, and counts the ones.
    fn count_ones(mut queue: WorkQueue<u64>) -> u64 {
        let mut ones = 0;
        while let Some(number) = queue.next() {
            match number {
                1 => ones += 1,
                _ => [number / 2, number - number / 2].into_iter().for_each(|half| queue.put(half)),
            }
        }
        ones
    }

    #[test]
    fn each_item_is_done_once_before_the_search_ends() {
        for count in [1, 2, 3, 8] {
            let ones: u64 = thread::scope(|scope| {
                let workers: Vec<_> = connected(count, vec![10_000], false)
                    .into_iter()
                    .map(|queue| scope.spawn(|| count_ones(queue)))
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).sum()
            });
            assert_eq!(ones, 10_000, "{count} workers");
        }
    }

    #[test]
    fn a_waiting_worker_wants_work_and_a_dropped_queue_ends_the_search() {
        let mut all = connected(2, vec!["work"], false);
        let mut other = all.pop().unwrap();
        let mut first = all.pop().unwrap();
        assert!(!first.wants_work());
        assert_eq!(first.next(), Some("work"));
        let waits = thread::spawn(move || (other.next(), other.next()));
        while !first.wants_work() {
            thread::yield_now();
        }
        first.put("more");
        while !first.wants_work() {
            thread::yield_now();
        }
        drop(first);
        assert_eq!(waits.join().unwrap(), (Some("more"), None));
    }

    #[test]
    fn a_panic_of_a_worker_ends_the_search() {
        let mut all = connected(2, vec![()], false);
        let mut other = all.pop().unwrap();
        let first = all.pop().unwrap();
        let panicked = panic::catch_unwind(AssertUnwindSafe(move || {
            let mut first = first;
            first.next();
            panic::resume_unwind(Box::new("a visitor"));
        }));
        assert!(panicked.is_err());
        assert_eq!(other.next(), None);
    }
}
