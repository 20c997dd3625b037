//! `demo/`: Cargill's bounded buffer, and a short task beside a long one.

use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Condvar, Mutex};

use super::outcomes::{deadlocks, explore, set, task};

/// A buffer for one item, with one condition variable for readers and writers.
struct BoundedBuffer {
    item: Mutex<Option<u32>>,
    changed: Condvar,
    /// Notify all waiting tasks instead of one.
    all: bool,
}

impl BoundedBuffer {
    fn put(&self, new: u32) {
        let mut item = self.item.lock().unwrap();
        while item.is_some() {
            item = self.changed.wait(item).unwrap();
        }
        *item = Some(new);
        self.notify();
    }

    fn take(&self) -> u32 {
        let mut item = self.item.lock().unwrap();
        while item.is_none() {
            item = self.changed.wait(item).unwrap();
        }
        let taken = item.take().expect("that is what was waited for");
        self.notify();
        taken
    }

    fn notify(&self) {
        if self.all { self.changed.notify_all() } else { self.changed.notify_one() }
    }
}

fn readers_and_a_writer(readers: u32, each: u32, all: bool) -> (u64, u64) {
    deadlocks(move || {
        let buffer = BoundedBuffer { item: Mutex::new(None), changed: Condvar::new(), all };
        let buffer = Arc::new(buffer);
        for _ in 0..readers {
            task(&buffer, move |buffer| (0..each).for_each(|_| _ = buffer.take()));
        }
        (0..readers * each).for_each(|item| buffer.put(item));
    })
}

#[test]
fn one_reader_and_a_writer_do_not_deadlock() {
    assert_eq!(readers_and_a_writer(1, 2, false).0, 0);
}

/// shuttle finds it with five takes each, at random. One each is enough, and the search is
/// complete: a reader's notification wakes the other reader, and the writer is never woken.
#[test]
fn two_readers_and_a_writer_deadlock() {
    let (deadlocks, all) = readers_and_a_writer(2, 1, false);
    assert!(deadlocks > 0 && deadlocks < all, "{deadlocks} of {all}");
}

#[test]
fn two_readers_and_a_writer_complete_if_all_are_notified() {
    assert_eq!(readers_and_a_writer(2, 1, true).0, 0);
}

/// A short task beside a long one: a random walk rarely delays the short one until the end. Here it
/// is one class of twenty-six.
#[test]
fn a_short_task_beside_a_long_one() {
    let (report, last) = explore(|| {
        let value = Arc::new(AtomicU64::new(2));
        let short = task(&value, |value| value.store(0, SeqCst));
        let long = task(&value, |value| (0..25).for_each(|_| value.store(1, SeqCst)));
        short.join().unwrap();
        long.join().unwrap();
        value.load(SeqCst)
    });
    assert_eq!((report.executions, last), (26, set([0, 1])));
}
