//! The protocol step by step, in one thread: a hook in the remote tier runs a write at the worst
//! moment.

mod loads;
mod reads;
mod writes;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::remote::{Found, Outcome, Remote};
use crate::sync::{Clock, Entry, Key, Primitives, Std};
use crate::{Builder, Decided};

/// `Std` with a manual clock.
struct ByHand;

impl Primitives for ByHand {
    type AtomicU64 = atomic::AtomicU64;
    type Mutex<T: Send + 'static> = Mutex<T>;
    type Map<K: Key, V: Entry> = <Std as Primitives>::Map<K, V>;
    type Queue<T: Send + 'static> = <Std as Primitives>::Queue<T>;
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

/// The behaviour of a command before it completes. A write has not been executed then.
#[derive(Default)]
enum Fate {
    #[default]
    Answer,
    /// Runs this before it completes; a read has its answer already.
    Meanwhile(Box<dyn FnOnce() + Send>),
    Fail(Outcome),
    Hang,
    /// Pending at the first poll. Then it has this fate.
    Later(Box<Fate>),
    /// Always pending; stores its waker here.
    Given(Arc<Mutex<Option<std::task::Waker>>>),
}

/// A Redis in memory. `next` has the fates of the next commands, in order.
#[derive(Default)]
struct FakeRedis {
    data: Mutex<BTreeMap<&'static str, (u32, Option<Duration>)>>,
    reads: atomic::AtomicU64,
    next: Mutex<VecDeque<Fate>>,
    settles: atomic::AtomicBool,
}

#[derive(Debug, PartialEq)]
struct Broken(Outcome);

impl FakeRedis {
    fn put(&self, key: &'static str, value: u32) {
        self.data.lock().unwrap().insert(key, (value, None));
    }

    fn holds(&self, key: &str) -> Option<u32> {
        self.data.lock().unwrap().get(key).map(|(value, _)| *value)
    }

    async fn fate(&self) -> Result<(), Broken> {
        let mut fate = self.next.lock().unwrap().pop_front().unwrap_or_default();
        while let Fate::Later(then) = fate {
            let mut is_first = true;
            std::future::poll_fn(|_| {
                if std::mem::take(&mut is_first) {
                    std::task::Poll::Pending
                } else {
                    std::task::Poll::Ready(())
                }
            })
            .await;
            fate = *then;
        }
        match fate {
            Fate::Later(_) => unreachable!("it has been waited for"),
            Fate::Answer => Ok(()),
            Fate::Meanwhile(deed) => {
                deed();
                Ok(())
            }
            Fate::Fail(outcome) => Err(Broken(outcome)),
            Fate::Hang => std::future::pending().await,
            Fate::Given(place) => {
                std::future::poll_fn(|context| {
                    *place.lock().unwrap() = Some(context.waker().clone());
                    std::task::Poll::Pending
                })
                .await
            }
        }
    }
}

impl Remote<&'static str, u32> for Arc<FakeRedis> {
    type Error = Broken;

    async fn get(&self, key: &&'static str) -> Result<Option<Found<u32>>, Broken> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.data.lock().unwrap().get(key).copied();
        self.fate().await?;
        Ok(found.map(|(value, ttl)| Found { value, ttl }))
    }

    async fn set(&self, key: &&'static str, value: &u32, ttl: Option<Duration>) -> Result<(), Broken> {
        self.fate().await?;
        self.data.lock().unwrap().insert(key, (*value, ttl));
        Ok(())
    }

    async fn delete(&self, key: &&'static str) -> Result<(), Broken> {
        self.fate().await?;
        self.data.lock().unwrap().remove(key);
        Ok(())
    }

    fn outcome(&self, error: &Broken) -> Outcome {
        error.0
    }

    async fn settle(&self) -> bool {
        self.settles.load(Ordering::Relaxed)
    }
}

type Cache = TieredCache<&'static str, u32, Arc<FakeRedis>, ByHand>;
type CacheBuilder = Builder<&'static str, u32, Arc<FakeRedis>, ByHand, Decided>;

struct Bench {
    redis: Arc<FakeRedis>,
    clock: HandClock,
    cache: Arc<Cache>,
}

impl Bench {
    fn new(set_up: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let (redis, clock) = (Arc::<FakeRedis>::default(), HandClock::default());
        let cache =
            Arc::new(set_up(Builder::new(redis.clone()).single_process()).build_with_clock(clock.clone()));
        Bench { redis, clock, cache }
    }

    /// Redis has `k` = `value`.
    fn holding(value: u32) -> Self {
        let bench = Bench::new(|builder| builder);
        bench.redis.put("k", value);
        bench
    }

    /// Sets the fate of the next command without one.
    fn next(&self, fate: Fate) {
        self.redis.next.lock().unwrap().push_back(fate);
    }

    /// Reads `k`; returns the answer and whether Redis was queried.
    #[track_caller]
    fn read(&self) -> (Option<u32>, bool) {
        let before = self.redis.reads.load(Ordering::Relaxed);
        let value = self.cache.blocking().get(&"k").expect("Redis answers");
        (value, self.redis.reads.load(Ordering::Relaxed) > before)
    }
}

const ASKED: bool = true;
