//! The protocol step by step, in one thread: a hook in the remote tier lets a write come at the worst moment.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dashmap::DashMap;

use super::*;
use crate::sync::Clock;

/// `Std` with a clock that is set by hand.
struct ByHand;

impl Primitives for ByHand {
    type AtomicU64 = atomic::AtomicU64;
    type Map<K: Key, V: Entry> = DashMap<K, V>;
    type Clock = HandClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        Std::block_on(future)
    }
}

#[derive(Clone, Default)]
struct HandClock {
    seconds: Arc<atomic::AtomicU64>,
    readings: Arc<atomic::AtomicU64>,
}

impl Clock for HandClock {
    fn now(&self) -> Duration {
        self.readings.fetch_add(1, Ordering::Relaxed);
        Duration::from_secs(self.seconds.load(Ordering::Relaxed))
    }
}

/// What a command does before it answers; a write's has not been carried out then.
#[derive(Default)]
enum Fate {
    #[default]
    Answer,
    /// A read has its answer; this is done before it gives it.
    Meanwhile(Box<dyn FnOnce() + Send>),
    Fail,
    Hang,
}

#[derive(Default)]
struct FakeRedis {
    data: Mutex<BTreeMap<&'static str, u32>>,
    reads: atomic::AtomicU64,
    next: Mutex<Fate>,
}

#[derive(Debug, PartialEq)]
struct Broken;

impl FakeRedis {
    async fn fate(&self) -> Result<(), Broken> {
        let fate = std::mem::take(&mut *self.next.lock().unwrap());
        match fate {
            Fate::Answer => Ok(()),
            Fate::Meanwhile(deed) => {
                deed();
                Ok(())
            }
            Fate::Fail => Err(Broken),
            Fate::Hang => std::future::pending().await,
        }
    }
}

impl Remote<&'static str, u32> for Arc<FakeRedis> {
    type Error = Broken;

    async fn get(&self, key: &&'static str) -> Result<Option<Found<u32>>, Broken> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.data.lock().unwrap().get(key).copied();
        self.fate().await?;
        Ok(found.map(Found::lasting))
    }

    async fn set(&self, key: &&'static str, value: &u32, _: Option<Duration>) -> Result<(), Broken> {
        self.fate().await?;
        self.data.lock().unwrap().insert(key, *value);
        Ok(())
    }

    async fn delete(&self, key: &&'static str) -> Result<(), Broken> {
        self.fate().await?;
        self.data.lock().unwrap().remove(key);
        Ok(())
    }
}

type Cache = TieredCache<&'static str, u32, Arc<FakeRedis>, ByHand>;

struct Bench {
    redis: Arc<FakeRedis>,
    clock: HandClock,
    cache: Arc<Cache>,
}

impl Bench {
    fn new(options: Options) -> Self {
        let (redis, clock) = (Arc::<FakeRedis>::default(), HandClock::default());
        let cache = Arc::new(Cache::with_clock(redis.clone(), options, clock.clone()));
        Bench { redis, clock, cache }
    }

    /// Redis holds `k` = `value`.
    fn holding(value: u32) -> Self {
        let bench = Bench::new(Options::default());
        bench.redis.data.lock().unwrap().insert("k", value);
        bench
    }

    fn next(&self, fate: Fate) {
        *self.redis.next.lock().unwrap() = fate;
    }

    /// Reads `k`; returns the answer and whether Redis was asked.
    #[track_caller]
    fn read(&self) -> (Option<u32>, bool) {
        let before = self.redis.reads.load(Ordering::Relaxed);
        let value = self.cache.blocking().get(&"k").expect("Redis answers");
        (value, self.redis.reads.load(Ordering::Relaxed) > before)
    }
}

const ASKED: bool = true;

#[test]
fn the_second_read_is_local() {
    let bench = Bench::holding(1);
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn an_absent_key_is_asked_for_each_time() {
    let bench = Bench::new(Options::default());
    assert_eq!(bench.read(), (None, ASKED));
    assert_eq!(bench.read(), (None, ASKED));
}

#[test]
fn a_read_after_a_write_sees_it() {
    let bench = Bench::holding(1);
    bench.read();
    bench.cache.blocking().set(&"k", &2).unwrap();
    assert_eq!(bench.read(), (Some(2), ASKED));
    assert_eq!(bench.read(), (Some(2), !ASKED));
    bench.cache.blocking().delete(&"k").unwrap();
    assert_eq!(bench.read(), (None, ASKED));
}

#[test]
fn a_whole_write_during_a_read_keeps_the_old_value_out() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"k", &2).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_read_during_a_write_is_not_kept() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || assert_eq!(cache.blocking().get(&"k"), Ok(Some(1))))));
    bench.cache.blocking().set(&"k", &2).unwrap();
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_write_leaves_other_stripes_alone() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"another", &9).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn keys_that_share_a_stripe_cost_one_another_a_fill() {
    let bench = Bench::new(Options::default().stripes(NonZeroUsize::MIN));
    bench.redis.data.lock().unwrap().insert("k", 1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"another", &9).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn a_failed_write_may_still_come_so_its_key_is_no_longer_kept() {
    let bench = Bench::holding(1);
    bench.read();
    bench.next(Fate::Fail);
    assert_eq!(bench.cache.blocking().set(&"k", &2), Err(Broken));
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.data.lock().unwrap().insert("k", 2);
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_dropped_write_may_still_come_so_its_key_is_no_longer_kept() {
    let bench = Bench::holding(1);
    bench.read();
    bench.next(Fate::Hang);
    {
        let mut write = pin!(bench.cache.set(&"k", &2));
        assert_eq!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    }
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.data.lock().unwrap().insert("k", 2);
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_failed_read_keeps_nothing() {
    let bench = Bench::holding(1);
    bench.next(Fate::Fail);
    assert_eq!(bench.cache.blocking().get(&"k"), Err(Broken));
    assert_eq!(bench.read(), (Some(1), ASKED));
}

#[test]
fn an_expired_entry_is_never_returned() {
    let bench = Bench::new(Options::default().local_ttl(Duration::from_secs(10)));
    bench.redis.data.lock().unwrap().insert("k", 1);
    // The GET takes 4 s: they count.
    let seconds = bench.clock.seconds.clone();
    bench.next(Fate::Meanwhile(Box::new(move || seconds.store(4, Ordering::Relaxed))));
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.data.lock().unwrap().insert("k", 2);
    bench.clock.seconds.store(9, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
    bench.clock.seconds.store(10, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(2), ASKED));
    assert_eq!(bench.read(), (Some(2), !ASKED));
}

#[test]
fn without_a_ttl_the_clock_is_not_read() {
    let bench = Bench::holding(1);
    bench.read();
    bench.read();
    assert_eq!(bench.clock.readings.load(Ordering::Relaxed), 0);
}

#[test]
fn a_ttl_past_the_end_of_time_is_no_ttl() {
    let bench = Bench::new(Options::default().local_ttl(Duration::MAX));
    bench.redis.data.lock().unwrap().insert("k", 1);
    bench.clock.seconds.store(1, Ordering::Relaxed);
    bench.read();
    bench.clock.seconds.store(u64::MAX, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn its_futures_go_from_thread_to_thread() {
    fn send<T: Send>(_: T) {}
    let bench = Bench::holding(1);
    send(bench.cache.get(&"k"));
    send(bench.cache.set(&"k", &2));
    send(bench.cache.delete(&"k"));
}
