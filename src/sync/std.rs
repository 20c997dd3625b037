//! The primitives of production.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{self, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use dashmap::DashMap;

use super::{AtomicU64, Clock, Entry, Key, Map, Primitives};

/// The primitives of production: `std`'s atomics and clock, and DashMap. They compile down to the bare types; names
/// are dropped.
#[derive(Clone, Copy, Debug)]
pub struct Std;

impl Primitives for Std {
    type AtomicU64 = atomic::AtomicU64;
    type Mutex<T: Send + 'static> = std::sync::Mutex<T>;
    type Map<K: Key, V: Entry> = DashMap<K, V>;
    type Clock = StdClock;

    /// Parks the thread while the future waits. Inside an async runtime, await instead: a parked worker runs nothing
    /// else.
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            // Returns at once if the wake came first. A spurious return costs a poll.
            thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl AtomicU64 for atomic::AtomicU64 {
    #[inline]
    fn new(_name: &'static str, value: u64) -> Self {
        atomic::AtomicU64::new(value)
    }

    #[inline]
    fn load(&self, ordering: Ordering) -> u64 {
        self.load(ordering)
    }

    #[inline]
    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        self.fetch_add(value, ordering)
    }

    #[inline]
    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        self.compare_exchange(current, new, success, Ordering::Relaxed).is_ok()
    }
}

impl<K: Key, V: Entry> Map<K, V> for DashMap<K, V> {
    fn new(_name: &'static str) -> Self {
        DashMap::new()
    }

    #[inline]
    fn get(&self, key: &K) -> Option<V> {
        self.get(key).map(|entry| entry.value().clone())
    }

    #[inline]
    fn insert(&self, key: K, value: V) {
        self.insert(key, value);
    }

    #[inline]
    fn remove(&self, key: &K) {
        self.remove(key);
    }

    fn clear(&self) {
        self.clear();
    }

    #[inline]
    fn insert_if(&self, key: K, value: V, check: impl FnOnce() -> bool) -> bool {
        // The entry holds the write lock of the key's shard.
        let entry = self.entry(key);
        let holds = check();
        if holds {
            entry.insert(value);
        }
        holds
    }
}

/// The machine's monotonic clock, started when it was made.
#[derive(Clone, Copy, Debug)]
pub struct StdClock {
    start: Instant,
}

impl Default for StdClock {
    fn default() -> Self {
        StdClock { start: Instant::now() }
    }
}

impl Clock for StdClock {
    #[inline]
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn block_on_waits_for_a_wake_from_another_thread() {
        let (send, receive) = mpsc::channel::<Waker>();
        let waker = thread::spawn(move || receive.recv().expect("the future is polled").wake());
        let mut polls = 0;
        let polls = Std::block_on(poll_fn(|context| {
            polls += 1;
            // Only the first poll hands out its waker; a second one proves that the wake arrived.
            if polls == 1 {
                send.send(context.waker().clone()).expect("the other thread waits for it");
                return Poll::Pending;
            }
            Poll::Ready(polls)
        }));
        assert!(polls >= 2);
        waker.join().expect("the wake does not panic");
    }

    #[test]
    fn insert_if_leaves_the_entry_as_it_was_when_the_check_fails() {
        let map: DashMap<u8, u8> = Map::new("map");
        assert!(!map.insert_if(1, 10, || false));
        assert_eq!(Map::get(&map, &1), None);
        assert!(map.insert_if(1, 11, || true));
        assert!(!map.insert_if(1, 12, || false));
        assert_eq!(Map::get(&map, &1), Some(11));
    }
}
