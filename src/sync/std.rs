//! The production primitives.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{self, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::{fmt, mem};

use crossbeam_queue::SegQueue;
use dashmap::DashMap;
use foldhash::fast::RandomState;

use super::{AtomicU64, Entry, Insertion, Key, Map, Primitives, Queue, StdClock, TierName};

/// The production primitives: `std`'s atomics, DashMap, and crossbeam's queue. They compile to the
/// bare types; names are dropped.
#[derive(Clone, Copy, Debug)]
pub struct Std;

impl Primitives for Std {
    type AtomicU64 = atomic::AtomicU64;
    type Mutex<T: Send + 'static> = std::sync::Mutex<T>;
    type Map<K: Key, V: Entry> = StdMap<K, V>;
    type Queue<T: Send + 'static> = SegQueue<T>;
    type Clock = StdClock;

    /// Parks the thread while the future is pending. Inside an async runtime, await instead: a
    /// parked worker runs no other task.
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            // Returns at once if it has been woken already. A spurious return costs one poll.
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
    fn store(&self, value: u64, ordering: Ordering) {
        self.store(value, ordering);
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

/// DashMap, with a tag for each value. Its hasher is foldhash: among the fastest for short keys,
/// and seeded at random, so that colliding keys cannot be chosen in advance.
pub struct StdMap<K, V>(DashMap<K, Slot<V>, RandomState>);

struct Slot<V> {
    value: V,
    /// Always relaxed. The lock of the key's shard orders the exclusive operations, and the shared
    /// ones only set bits.
    tag: atomic::AtomicU64,
}

impl<V> Slot<V> {
    #[inline]
    fn new(value: V, tag: u64) -> Self {
        Slot { value, tag: atomic::AtomicU64::new(tag) }
    }

    fn into_parts(self) -> (V, u64) {
        (self.value, self.tag.into_inner())
    }
}

impl<K: Key, V: Entry> Map<K, V> for StdMap<K, V> {
    fn new(_tier: TierName) -> Self {
        StdMap(DashMap::default())
    }

    #[inline]
    fn get(&self, key: &K) -> Option<V> {
        self.0.get(key).map(|slot| slot.value.clone())
    }

    #[inline]
    fn touch(&self, key: &K, bits: u64) -> Option<V> {
        let slot = self.0.get(key)?;
        // Checked first: each write would take the cache line from the other readers.
        if slot.tag.load(Ordering::Relaxed) & bits != bits {
            slot.tag.fetch_or(bits, Ordering::Relaxed);
        }
        Some(slot.value.clone())
    }

    #[inline]
    fn insert(&self, key: K, value: V) -> Option<(V, u64)> {
        self.0.insert(key, Slot::new(value, 0)).map(Slot::into_parts)
    }

    #[inline]
    fn remove(&self, key: &K) -> Option<(V, u64)> {
        self.0.remove(key).map(|(_, slot)| slot.into_parts())
    }

    #[inline]
    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V> {
        // The entry holds the write lock of the key's shard. The old value is returned, and so
        // dropped after it.
        match self.0.entry(key) {
            dashmap::Entry::Vacant(entry) => match make(None) {
                Some((value, tag)) => {
                    entry.insert(Slot::new(value, tag));
                    Insertion::New
                }
                None => Insertion::Refused,
            },
            dashmap::Entry::Occupied(mut entry) => {
                let slot = entry.get_mut();
                match make(Some((&slot.value, *slot.tag.get_mut()))) {
                    Some((value, tag)) => {
                        let (old, tag) = mem::replace(slot, Slot::new(value, tag)).into_parts();
                        Insertion::Replaced(old, tag)
                    }
                    None => Insertion::Refused,
                }
            }
        }
    }

    #[inline]
    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)> {
        let removed = self.0.remove_if_mut(key, |_, slot| {
            let tag = slot.tag.get_mut();
            match keep(&slot.value, *tag) {
                Some(new) => {
                    *tag = new;
                    false
                }
                None => true,
            }
        });
        removed.map(|(_, slot)| slot.into_parts())
    }

    fn clear(&self, mut each: impl FnMut(&K, &V, u64)) {
        let keys: Vec<K> = self.0.iter().map(|entry| entry.key().clone()).collect();
        for key in keys {
            if let Some((value, tag)) = Map::remove(self, &key) {
                each(&key, &value, tag);
            }
        }
    }
}

impl<K, V> fmt::Debug for StdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdMap").finish_non_exhaustive()
    }
}

impl<T: Send> Queue<T> for SegQueue<T> {
    fn new(_name: &'static str) -> Self {
        SegQueue::new()
    }

    #[inline]
    fn push(&self, item: T) {
        self.push(item);
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        self.pop()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::time::Duration;

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

    /// Runs `operation` with a closure to call, during which another thread tries to remove the
    /// key. Returns the map's value of the key afterwards.
    fn against_a_removal(map: &StdMap<u8, u8>, operation: impl FnOnce(&dyn Fn())) -> Option<u8> {
        let (begin, begun) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                begun.recv().expect("the operation calls its closure");
                Map::remove(map, &1);
                // The operation may have stopped waiting.
                let _ = end.send(());
            });
            operation(&|| {
                begin.send(()).expect("the other thread waits");
                // Under the lock of the key this times out.
                let _ = ended.recv_timeout(Duration::from_millis(100));
            });
        });
        Map::get(map, &1)
    }

    #[test]
    fn no_removal_occurs_between_the_closure_of_an_operation_and_its_change() {
        for old in [None, Some(10)] {
            let map: StdMap<u8, u8> = Map::new(TierName::Other("map"));
            if let Some(old) = old {
                Map::insert(&map, 1, old);
            }
            let insert = |pause: &dyn Fn()| {
                map.insert_if(1, 11, || {
                    pause();
                    true
                });
            };
            assert_eq!(against_a_removal(&map, insert), None, "insert_if over {old:?}");
        }
        let map: StdMap<u8, u8> = Map::new(TierName::Other("map"));
        Map::insert(&map, 1, 10);
        let update = |pause: &dyn Fn()| {
            map.remove_unless(&1, |_, tag| {
                pause();
                Some(tag + 1)
            });
        };
        assert_eq!(against_a_removal(&map, update), None, "remove_unless");
    }

    #[test]
    fn insert_if_leaves_the_entry_as_it_was_when_the_check_fails() {
        let map: StdMap<u8, u8> = Map::new(TierName::Other("map"));
        assert!(!map.insert_if(1, 10, || false));
        assert_eq!(Map::get(&map, &1), None);
        assert!(map.insert_if(1, 11, || true));
        assert!(!map.insert_if(1, 12, || false));
        assert_eq!(Map::get(&map, &1), Some(11));
    }
}
