//! A tier with a manual clock and a recording listener.

use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::l1::{Bound, L1, RemovalCause};
use crate::sync::{Clock, Entry, Key, Primitives, Std};

/// `Std` with a manual clock.
pub(super) struct ByHand;

impl Primitives for ByHand {
    type AtomicU64 = atomic::AtomicU64;
    type Mutex<T: Send + 'static> = <Std as Primitives>::Mutex<T>;
    type Map<K: Key, V: Entry> = <Std as Primitives>::Map<K, V>;
    type Queue<T: Send + 'static> = <Std as Primitives>::Queue<T>;
    type Clock = HandClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        Std::block_on(future)
    }
}

#[derive(Clone, Default)]
pub(super) struct HandClock {
    pub(super) seconds: Arc<atomic::AtomicU64>,
    pub(super) readings: Arc<atomic::AtomicU64>,
    pub(super) lag: Duration,
}

impl Clock for HandClock {
    fn now(&self) -> Duration {
        self.readings.fetch_add(1, Ordering::Relaxed);
        Duration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    fn lag(&self) -> Duration {
        self.lag
    }
}

pub(super) type Tier = L1<u32, u64, ByHand>;

/// The entries that have left, in order.
pub(super) type Removals = Arc<Mutex<Vec<(u32, u64, RemovalCause)>>>;

pub(super) struct Fixture {
    pub(super) tier: Tier,
    pub(super) clock: HandClock,
    notified: Removals,
}

impl Fixture {
    pub(super) fn new(ttl: Option<Duration>, bound: Option<Bound<u32, u64>>) -> Self {
        let (clock, notified) = (HandClock::default(), Removals::default());
        let log = notified.clone();
        let mut tier = Tier::new(clock.clone(), ttl)
            .on_removal(move |&key, &value, cause| log.lock().unwrap().push((key, value, cause)));
        if let Some(bound) = bound {
            tier = tier.bounded(bound);
        }
        Fixture { tier, clock, notified }
    }

    /// A tier without a TTL, bounded to this number of entries.
    pub(super) fn of(entries: u64) -> Self {
        Fixture::new(None, Some(Bound::entries(entries)))
    }

    /// Inserts the key with itself as its value, without expiry.
    pub(super) fn put(&self, key: u32) {
        self.tier.insert(key, key.into(), None);
    }

    /// Inserts the key with itself as its value, with a deadline in seconds.
    pub(super) fn put_until(&self, key: u32, seconds: u64) {
        self.tier.insert(key, key.into(), Some(Duration::from_secs(seconds)));
    }

    /// Whether a read returns the key. Counts as a visit.
    pub(super) fn has(&self, key: u32) -> bool {
        self.tier.get(&key).is_some()
    }

    /// The keys that the tier stores, expired or not.
    pub(super) fn held(&self, keys: impl IntoIterator<Item = u32>) -> Vec<u32> {
        keys.into_iter().filter(|key| self.tier.peek(key).is_some()).collect()
    }

    pub(super) fn set_clock(&self, seconds: u64) {
        self.clock.seconds.store(seconds, Ordering::Relaxed);
    }

    /// The calls of the listener since the last call of this function.
    pub(super) fn notified(&self) -> Vec<(u32, u64, RemovalCause)> {
        std::mem::take(&mut self.notified.lock().unwrap())
    }
}
