//! Each protocol executes its steps in the order of its header, and shows its violation in a
//! schedule that the test plays: the remote tier suspends an operation after each command, so that
//! the test chooses the next one.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::Found;
use selvedge::sync::{AtomicU64, Clock, Entry, Insertion, Key as MapKey, Map, Primitives, Std, TierName};
use selvedge_sim::backends::{Loom, Shuttle, Simulated};
use selvedge_sim::history::{Key, Value};
use selvedge_sim::protocols::{
    CacheUnderTest, Caches, Failure, Protocol, Settings, Tiers, Visitor, WarmEntry,
};
use selvedge_sim::verdict::Budget;

thread_local! {
    /// The steps of this thread.
    static STEPS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn step(what: impl Into<String>) {
    STEPS.with_borrow_mut(|steps| steps.push(what.into()));
}

/// Returns the steps since the previous call.
fn steps() -> String {
    STEPS.take().join(", ")
}

/// Production's primitives, which record each step.
struct Noted;

struct NotedWord(&'static str, atomic::AtomicU64);
struct NotedMap<K: MapKey, V: Entry>(&'static str, <Std as Primitives>::Map<K, V>);
#[derive(Clone)]
struct NotedClock;

impl Primitives for Noted {
    type AtomicU64 = NotedWord;
    type Mutex<T: Send + 'static> = Mutex<T>;
    type Map<K: MapKey, V: Entry> = NotedMap<K, V>;
    type Queue<T: Send + 'static> = <Std as Primitives>::Queue<T>;
    type Clock = NotedClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        Std::block_on(future)
    }
}

impl AtomicU64 for NotedWord {
    fn new(name: &'static str, value: u64) -> Self {
        NotedWord(name, value.into())
    }

    fn load(&self, ordering: Ordering) -> u64 {
        step(format!("{} load", self.0));
        self.1.load(ordering)
    }

    fn store(&self, value: u64, ordering: Ordering) {
        step(format!("{} store", self.0));
        self.1.store(value, ordering);
    }

    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        step(format!("{} add", self.0));
        self.1.fetch_add(value, ordering)
    }

    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        step(format!("{} replace", self.0));
        self.1.replace(current, new, success)
    }
}

impl<K: MapKey, V: Entry> Map<K, V> for NotedMap<K, V> {
    fn new(tier: TierName) -> Self {
        NotedMap(tier.as_str(), Map::new(tier))
    }

    fn get(&self, key: &K) -> Option<V> {
        step(format!("{} get", self.0));
        Map::get(&self.1, key)
    }

    fn touch(&self, key: &K, bits: u64) -> Option<V> {
        step(format!("{} touch", self.0));
        Map::touch(&self.1, key, bits)
    }

    fn insert(&self, key: K, value: V) -> Option<(V, u64)> {
        step(format!("{} insert", self.0));
        Map::insert(&self.1, key, value)
    }

    fn remove(&self, key: &K) -> Option<(V, u64)> {
        step(format!("{} remove", self.0));
        Map::remove(&self.1, key)
    }

    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V> {
        step(format!("{} lock", self.0));
        let insertion = Map::insert_with(&self.1, key, make);
        step(if matches!(insertion, Insertion::Refused) { "refuse" } else { "insert" });
        insertion
    }

    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)> {
        step(format!("{} look", self.0));
        Map::remove_unless(&self.1, key, keep)
    }

    fn clear(&self, each: impl FnMut(&K, &V, u64)) {
        step(format!("{} clear", self.0));
        Map::clear(&self.1, each);
    }
}

impl Clock for NotedClock {
    fn now(&self) -> Duration {
        step("clock");
        Duration::ZERO
    }
}

/// A remote tier of one map. With `waits`, an operation is suspended once after each of its
/// commands.
struct Store<P: Primitives> {
    data: Arc<P::Map<Key, Value>>,
    waits: bool,
}

impl<P: Primitives> Store<P> {
    fn new(waits: bool) -> Self {
        let data = P::Map::new(TierName::Remote);
        data.insert(user(1), version(0));
        Store { data: Arc::new(data), waits }
    }

    async fn wait(&self) {
        let mut waited = !self.waits;
        poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl<P: Primitives> Remote<Key, Value> for Store<P> {
    type Error = Failure;

    async fn get(&self, key: &Key) -> Result<Option<Found<Value>>, Failure> {
        let found = self.data.get(key).map(Found::lasting);
        self.wait().await;
        Ok(found)
    }

    async fn set(&self, key: &Key, value: &Value, _: Option<Duration>) -> Result<(), Failure> {
        self.data.insert(*key, *value);
        self.wait().await;
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<(), Failure> {
        self.data.remove(key);
        self.wait().await;
        Ok(())
    }
}

fn user(id: u32) -> Key {
    Key::new(&format!("user:{id}"))
}

/// A version of `user:1`.
fn version(version: u32) -> Value {
    Value { key: user(1), version }
}

fn v(number: u32) -> Option<Value> {
    Some(version(number))
}

/// An operation that the test resumes from one suspension to the next. A write returns `None`.
struct Played(Pin<Box<dyn Future<Output = Option<Value>>>>);

impl Played {
    /// Resumes until the next suspension, which must exist.
    #[track_caller]
    fn pause(&mut self) {
        let poll = self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Pending, "the operation ended early");
    }

    /// Resumes until the end.
    fn finish(mut self) -> Option<Value> {
        loop {
            if let Poll::Ready(answer) = self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return answer;
            }
        }
    }
}

type Operations = Rc<dyn Fn(Operation) -> Played>;

#[derive(Clone, Copy)]
enum Operation {
    Get(Key),
    Set(u32),
    Delete,
}

struct Play;

impl Visitor for Play {
    type Output = Operations;

    fn visit<C: CacheUnderTest>(self, cache: C) -> Operations {
        let cache = Rc::new(cache);
        Rc::new(move |operation| {
            let cache = cache.clone();
            Played(Box::pin(async move {
                match operation {
                    Operation::Get(key) => return cache.get(key).await.unwrap(),
                    Operation::Set(number) => cache.set(user(1), version(number)).await.unwrap(),
                    Operation::Delete => cache.delete(user(1)).await.unwrap(),
                }
                None
            }))
        })
    }
}

struct Hand {
    begin: Operations,
}

impl Hand {
    /// The protocol with an empty local tier; the remote tier holds version 0.
    fn of(protocol: Protocol) -> Self {
        Hand::with(protocol, None, Vec::new())
    }

    fn with(protocol: Protocol, local_ttl: Option<Duration>, warm: Vec<WarmEntry>) -> Self {
        let tiers: Tiers<Noted, _> = Tiers {
            remote: Store::<Noted>::new(true),
            clock: NotedClock,
            local_ttl,
            warm,
            settings: Settings::default(),
            coordinator: None,
        };
        let hand = Hand { begin: protocol.build(tiers, Play) };
        steps();
        hand
    }

    fn get(&self) -> Played {
        (self.begin)(Operation::Get(user(1)))
    }

    fn set(&self, number: u32) -> Played {
        (self.begin)(Operation::Set(number))
    }

    fn delete(&self) -> Played {
        (self.begin)(Operation::Delete)
    }
}

#[test]
fn every_name_names_its_protocol() {
    for &protocol in Protocol::ALL {
        assert_eq!(Protocol::from_name(protocol.name()), Some(protocol));
    }
    assert_eq!(Protocol::from_name("articles"), None);
}

#[test]
fn steps_are_the_headers() {
    let article = "L1 get, redis get, L1 insert";
    let table = [
        (Protocol::Article, article, "redis insert, L1 remove"),
        (Protocol::DeleteFirst, article, "L1 remove, redis insert"),
        (Protocol::DelayedDoubleDelete, article, "L1 remove, redis insert, clock, L1 remove"),
        (Protocol::WriteThrough, article, "redis insert, L1 insert"),
        (
            Protocol::Epoch,
            "L1 get, generation load, redis get, L1 lock, generation load, insert",
            "redis insert, generation add, L1 remove",
        ),
        (Protocol::SharedLocalKey, article, "redis insert, L1 remove"),
        (
            Protocol::BroadcastNoReconnect,
            "L1 get, generation load, redis get, L1 lock, generation load, insert",
            "redis insert, generation add, L1 remove",
        ),
        (
            Protocol::Tiered,
            "L1 get, stripe load, clock, redis get, L1 lock, stripe load, insert",
            "stripe add, L1 remove, redis insert, stripe add",
        ),
    ];
    for (protocol, read, write) in table {
        let hand = Hand::of(protocol);
        assert_eq!(hand.get().finish(), v(0), "{protocol}");
        assert_eq!(steps(), read, "{protocol} reads");
        assert_eq!(hand.get().finish(), v(0), "{protocol}");
        assert_eq!(steps(), "L1 get", "{protocol} reads locally");
        hand.set(1).finish();
        assert_eq!(steps(), write, "{protocol} writes");
        hand.delete().finish();
        let delete = match protocol {
            // It has no value to store.
            Protocol::WriteThrough => "redis remove, L1 remove".to_owned(),
            _ => write.replace("redis insert", "redis remove"),
        };
        assert_eq!(steps(), delete, "{protocol} deletes");
        assert_eq!(hand.get().finish(), None, "{protocol}");
    }
}

#[test]
fn a_local_ttl_costs_one_read_of_the_clock_per_fill_and_per_hit() {
    for &protocol in Protocol::ALL {
        let hand = Hand::with(protocol, Some(Duration::from_millis(5)), Vec::new());
        hand.get().finish();
        assert_eq!(steps().matches("clock").count(), 1, "{protocol}");
        hand.get().finish();
        assert_eq!(steps(), "L1 get, clock", "{protocol}");
    }
}

#[test]
fn a_warm_entry_is_served_until_it_expires() {
    for &protocol in Protocol::ALL {
        let warm = |expires_at| WarmEntry { key: user(1), value: version(7), expires_at };
        // The clock is at zero.
        for (expires_at, answer) in
            [(None, v(7)), (Some(Duration::from_nanos(1)), v(7)), (Some(Duration::ZERO), v(0))]
        {
            let hand = Hand::with(protocol, None, vec![warm(expires_at)]);
            assert_eq!(hand.get().finish(), answer, "{protocol}, until {expires_at:?}");
        }
    }
}

/// A reader has read v0 from Redis; a write starts and completes; the reader resumes and fills,
/// unless it is refused.
#[test]
fn a_slow_reader_brings_the_old_value_back_where_nothing_fences_it() {
    for &protocol in Protocol::ALL {
        let fenced = matches!(
            protocol,
            Protocol::Epoch
                | Protocol::BroadcastNoReconnect
                | Protocol::BroadcastDropsEarly
                | Protocol::Tiered
        );
        let hand = Hand::of(protocol);
        let mut reader = hand.get();
        reader.pause();
        hand.set(1).finish();
        assert_eq!(reader.finish(), v(0), "{protocol}");
        assert_eq!(hand.get().finish(), if fenced { v(1) } else { v(0) }, "{protocol}");

        let hand = Hand::of(protocol);
        let mut reader = hand.get();
        reader.pause();
        hand.delete().finish();
        reader.finish();
        assert_eq!(hand.get().finish(), if fenced { None } else { v(0) }, "{protocol}");
    }
}

/// Redis has v1, but its writer has not resumed. One reader sees v1, another fills L1 with v0, and
/// v0 is read again.
#[test]
fn epoch_is_inverted_and_tiered_is_not() {
    for (protocol, last) in [(Protocol::Epoch, v(0)), (Protocol::Tiered, v(1))] {
        let hand = Hand::of(protocol);
        let mut slow = hand.get();
        slow.pause();
        let mut writer = hand.set(1);
        writer.pause();
        assert_eq!(hand.get().finish(), v(1), "{protocol}");
        assert_eq!(slow.finish(), v(0), "{protocol}");
        assert_eq!(hand.get().finish(), last, "{protocol}");
        // But no read is stale after the write has completed.
        writer.finish();
        assert_eq!(hand.get().finish(), v(1), "{protocol}");
    }
}

/// Two writes have one order in Redis, and the other in L1.
#[test]
fn two_writers_leave_the_older_value_in_write_through() {
    for &protocol in Protocol::ALL {
        let hand = Hand::of(protocol);
        let mut first = hand.set(1);
        first.pause();
        hand.set(2).finish();
        first.finish();
        let expected = if protocol == Protocol::WriteThrough { v(1) } else { v(2) };
        assert_eq!(hand.get().finish(), expected, "{protocol}");
    }
}

#[test]
fn user_2_sees_user_1s_value_where_they_share_a_local_key() {
    for &protocol in Protocol::ALL {
        let hand = Hand::of(protocol);
        hand.get().finish();
        let crossed = (hand.begin)(Operation::Get(user(2))).finish();
        assert_eq!(crossed, if protocol == Protocol::SharedLocalKey { v(0) } else { None }, "{protocol}");
    }
}

/// One reader and one writer on an engine: the versions that a read after both can return.
struct Race<P>(std::marker::PhantomData<P>);

impl<P: Simulated> Visitor for Race<P> {
    type Output = Option<Value>;

    fn visit<C: CacheUnderTest>(self, cache: C) -> Option<Value> {
        let cache = Arc::new(cache);
        let (reading, writing) = (cache.clone(), cache.clone());
        let reader = P::spawn("reader", move || {
            let read = P::block_on(reading.get(user(1))).unwrap();
            assert!(read == v(0) || read == v(1), "{read:?}");
        });
        let writer = P::spawn("writer", move || P::block_on(writing.set(user(1), version(1))).unwrap());
        P::join(reader);
        P::join(writer);
        P::block_on(cache.get(user(1))).unwrap()
    }
}

fn last_reads<P: Simulated>(protocol: Protocol) -> Vec<Option<Value>> {
    let seen = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let set = seen.clone();
    let search = P::explore(Budget::default(), move || {
        let tiers: Tiers<P, _> = Tiers {
            remote: Store::<P>::new(false),
            clock: P::clock(false),
            local_ttl: None,
            warm: Vec::new(),
            settings: Settings::default(),
            coordinator: None,
        };
        let last = protocol.build(tiers, Race::<P>(std::marker::PhantomData));
        set.lock().unwrap().insert(last);
    });
    assert!(search.complete, "{search:?}");
    let seen = seen.lock().unwrap();
    seen.iter().copied().collect()
}

#[test]
fn loom_and_shuttle_agree_on_the_stale_caches_with_one_reader_and_one_writer() {
    for (protocol, last) in
        [(Protocol::Article, vec![v(0), v(1)]), (Protocol::Epoch, vec![v(1)]), (Protocol::Tiered, vec![v(1)])]
    {
        assert_eq!(last_reads::<Loom>(protocol), last, "{protocol} on loom");
        assert_eq!(last_reads::<Shuttle>(protocol), last, "{protocol} on shuttle");
    }
}
