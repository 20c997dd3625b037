//! Our engine: explores every class of schedules once, under sequential consistency.
//!
//! The map is a semantic object: an operation is one event on one key, so operations on different
//! keys commute. Only a check under a key's lock has several events: it acquires the lock, runs the
//! check, and releases the lock.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{self as real, Ordering};
use std::time::Duration;

use selvedge::sync::{
    AtomicU64, Clock, Entry, Insertion, Key as MapKey, Map, Mutex, Primitives, Queue, TierName,
};
use selvedge_engine::mode::ManyRuns;
use selvedge_engine::sync::atomic;
use selvedge_engine::{Alike, Ending, Explorer, Script, future, object, thread};

use super::digest;
use super::notes::{self, Note, note};
use super::{Search, Simulated};
use crate::history::{Key, Mark, OperationId};
use crate::trace::{Effect, Place};
use crate::verdict::Budget;

/// The primitives of our engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Primitives for Engine {
    type AtomicU64 = EngineAtomicU64;
    type Mutex<T: Send + 'static> = EngineMutex<T>;
    type Map<K: MapKey, V: Entry> = EngineMap<K, V>;
    type Queue<T: Send + 'static> = EngineQueue<T>;
    type Clock = EngineClock;

    fn block_on<F: Future>(future: F) -> F::Output {
        future::block_on_instrumented(future)
    }
}

/// An atomic word on our engine.
#[derive(Debug)]
pub struct EngineAtomicU64 {
    name: &'static str,
    word: atomic::AtomicU64,
    format: fn(u64) -> String,
}

impl EngineAtomicU64 {
    fn note(&self, what: impl FnOnce(&str) -> String) {
        note(|step| Note { step, place: Place::Fence, what: what(self.name), effect: None, time: None });
    }
}

impl AtomicU64 for EngineAtomicU64 {
    fn new(name: &'static str, value: u64) -> Self {
        EngineAtomicU64 { name, word: atomic::AtomicU64::new(value), format: |word| word.to_string() }
    }

    fn formatted_by(self, format: fn(u64) -> String) -> Self {
        EngineAtomicU64 { format, ..self }
    }

    fn load(&self, ordering: Ordering) -> u64 {
        let value = self.word.load(ordering);
        self.note(|name| format!("{name} reads {}", (self.format)(value)));
        value
    }

    fn store(&self, value: u64, ordering: Ordering) {
        self.word.store(value, ordering);
        self.note(|name| format!("{name} = {}", (self.format)(value)));
    }

    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        let before = self.word.fetch_add(value, ordering);
        self.note(|name| {
            format!("{name} {} → {}", (self.format)(before), (self.format)(before.wrapping_add(value)))
        });
        before
    }

    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        let replaced = self.word.compare_exchange(current, new, success, Ordering::Relaxed);
        self.note(|name| match replaced {
            Ok(before) => format!("{name} {} → {}", (self.format)(before), (self.format)(new)),
            Err(before) => format!("{name} has changed: {}", (self.format)(before)),
        });
        replaced.is_ok()
    }
}

/// A lock on our engine.
#[derive(Debug)]
pub struct EngineMutex<T> {
    name: &'static str,
    inner: object::Lock<T>,
}

impl<T> EngineMutex<T> {
    fn note(&self, what: &str) {
        note(|step| Note {
            step,
            place: Place::Lock,
            what: format!("{what} {}", self.name),
            effect: None,
            time: None,
        });
    }
}

impl<T: Send + 'static> Mutex<T> for EngineMutex<T> {
    fn new(name: &'static str, value: T) -> Self {
        // Stateful search identifies a value of an unsupported type by the history of the task that
        // stored it.
        let inner = match digest::is_known::<T>() {
            true => object::Lock::digested(name, value, |value, state| digest::feed(value, state)),
            false => object::Lock::named(name, value),
        };
        EngineMutex { name, inner }
    }

    fn with<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        let result = self.inner.with(|value| {
            self.note("locks the");
            action(value)
        });
        self.note("unlocks the");
        result
    }
}

/// A map on our engine.
pub struct EngineMap<K, V> {
    tier: TierName,
    node: usize,
    entries: object::Map<K, Tagged<V>>,
}

/// A value with its tag. The tag is atomic only because `touch` sets it through a shared reference:
/// no other task runs during a step.
struct Tagged<V> {
    value: V,
    tag: real::AtomicU64,
}

impl<V> Tagged<V> {
    fn new(value: V, tag: u64) -> Self {
        Tagged { value, tag: real::AtomicU64::new(tag) }
    }

    fn into_parts(self) -> (V, u64) {
        (self.value, self.tag.into_inner())
    }
}

impl<V: Clone> Clone for Tagged<V> {
    fn clone(&self) -> Self {
        Tagged::new(self.value.clone(), self.tag.load(Ordering::Relaxed))
    }
}

impl<K: MapKey, V: Entry> EngineMap<K, V> {
    fn place(&self) -> Place {
        match self.tier {
            TierName::Local => Place::local_of(self.node),
            TierName::Remote => Place::Remote,
            TierName::Database => Place::Database,
            TierName::Other(_) => Place::Other,
        }
    }

    fn note(&self, key: &K, what: impl FnOnce(Key) -> String, effect: impl FnOnce(Key) -> Option<Effect>) {
        note(|step| {
            let key = notes::key(key).unwrap_or_else(|| Key::new("?"));
            Note { step, place: self.place(), what: what(key), effect: effect(key), time: None }
        });
    }

    fn note_found(&self, key: &K, value: Option<&V>) {
        let content = || value.map_or(Some(None), |value| notes::content(value));
        self.note(
            key,
            |name| {
                let absent = if value.is_none() && self.tier == TierName::Local { "miss" } else { "absent" };
                let until = value.and_then(|value| notes::expiry(value));
                let until =
                    until.map_or_else(|| notes::open(value), |at| format!(" (until {} s)", at.as_secs()));
                format!("{} {name} → {}{until}", self.verb("get", "GET"), notes::shown(content(), absent))
            },
            |entry| Some(Effect::Found { entry, content: content()? }),
        );
    }

    /// A command of the tier, in the tier's own terms.
    fn verb(&self, local: &'static str, remote: &'static str) -> String {
        match self.tier {
            TierName::Remote | TierName::Database => format!("{} {remote}", self.tier.as_str()),
            TierName::Local | TierName::Other(_) => format!("{}.{local}", self.tier.as_str()),
        }
    }
}

impl<K: MapKey, V: Entry> Map<K, V> for EngineMap<K, V> {
    fn new(tier: TierName) -> Self {
        let name = tier.as_str();
        // Stateful search identifies a value of an unsupported type by the history of the task that
        // stored it.
        let entries = match digest::is_known::<V>() {
            true => object::Map::digested(name, |tagged: &Tagged<V>, state| {
                digest::feed(&tagged.value, state);
                state.write_u64(tagged.tag.load(Ordering::Relaxed));
            }),
            false => object::Map::named(name),
        };
        EngineMap { tier, node: NODE.get(), entries: in_tier(tier, entries.unlisted()) }
    }

    fn get(&self, key: &K) -> Option<V> {
        let value = self.entries.look(key, |tagged| tagged.value.clone());
        self.note_found(key, value.as_ref());
        value
    }

    /// Counts as a read: setting bits commutes with setting bits. An operation that reads or clears
    /// the bits counts as a write.
    fn touch(&self, key: &K, bits: u64) -> Option<V> {
        let value = self.entries.look(key, |tagged| {
            tagged.tag.fetch_or(bits, Ordering::Relaxed);
            tagged.value.clone()
        });
        self.note_found(key, value.as_ref());
        value
    }

    fn insert(&self, key: K, value: V) -> Option<(V, u64)> {
        let content = notes::content(&value);
        let old = self.entries.insert(key.clone(), Tagged::new(value, 0));
        self.note(
            &key,
            |name| match content {
                Some(None) if self.tier != TierName::Local => format!("{} DEL {name}", self.tier.as_str()),
                _ => format!("{} {name} = {}", self.verb("fill", "SET"), notes::shown(content, "absent")),
            },
            |entry| Some(Effect::Left { entry, content: content? }),
        );
        old.map(Tagged::into_parts)
    }

    fn remove(&self, key: &K) -> Option<(V, u64)> {
        let removed = self.entries.remove(key);
        self.note(
            key,
            |name| {
                let nothing = if removed.is_none() { " (was not there)" } else { "" };
                format!("{} {name}{nothing}", self.verb("remove", "DEL"))
            },
            |entry| Some(Effect::Left { entry, content: None }),
        );
        removed.map(Tagged::into_parts)
    }

    fn insert_with(&self, key: K, make: impl FnOnce(Option<(&V, u64)>) -> Option<(V, u64)>) -> Insertion<V> {
        let entry = self.entries.entry(key.clone());
        self.note(
            &key,
            |name| format!("{} locks {name}", self.tier.as_str()),
            |entry| Some(Effect::Locked { entry }),
        );
        let old = entry.get().map(Tagged::into_parts);
        let new = make(old.as_ref().map(|(value, tag)| (value, *tag)));
        let content = new.as_ref().map(|(value, _)| notes::content(value));
        match new {
            Some((value, tag)) => entry.insert(Tagged::new(value, tag)),
            None => drop(entry),
        }
        self.note(
            &key,
            |name| match content {
                Some(content) => {
                    format!("{} {name} = {}", self.verb("fill", "SET"), notes::shown(content, "absent"))
                }
                None => format!("{}.fill {name} refused", self.tier.as_str()),
            },
            |entry| Some(Effect::Left { entry, content: content?? }),
        );
        match (content, old) {
            (None, _) => Insertion::Refused,
            (Some(_), None) => Insertion::New,
            (Some(_), Some((value, tag))) => Insertion::Replaced(value, tag),
        }
    }

    fn remove_unless(&self, key: &K, keep: impl FnOnce(&V, u64) -> Option<u64>) -> Option<(V, u64)> {
        let (was_there, removed) = self.entries.update(key.clone(), |slot| {
            let Some(tagged) = slot else { return (false, None) };
            match keep(&tagged.value, *tagged.tag.get_mut()) {
                Some(tag) => {
                    *tagged.tag.get_mut() = tag;
                    (true, None)
                }
                None => (true, slot.take()),
            }
        });
        self.note(
            key,
            |name| match (was_there, &removed) {
                (false, _) => format!("{} looks for {name} → miss", self.tier.as_str()),
                (true, None) => format!("{} keeps {name}", self.tier.as_str()),
                (true, Some(_)) if self.tier == TierName::Remote => {
                    format!("{} expires {name}", self.tier.as_str())
                }
                (true, Some(_)) => format!("{}.remove {name}", self.tier.as_str()),
            },
            |entry| removed.as_ref().map(|_| Effect::Left { entry, content: None }),
        );
        removed.map(Tagged::into_parts)
    }

    fn clear(&self, mut each: impl FnMut(&K, &V, u64)) {
        // Waits for locked keys, like production's iterator, so it also visits an entry that is
        // being filled.
        let keys = self.entries.unordered_keys();
        note(|step| Note {
            step,
            place: self.place(),
            what: format!("{} lists its keys", self.tier.as_str()),
            effect: None,
            time: None,
        });
        for key in keys {
            if let Some((value, tag)) = self.remove(&key) {
                each(&key, &value, tag);
            }
        }
    }
}

impl<K, V> fmt::Debug for EngineMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineMap").field("tier", &self.tier).finish_non_exhaustive()
    }
}

/// A queue on our engine.
pub struct EngineQueue<T> {
    name: &'static str,
    items: object::Queue<T>,
}

impl<T> EngineQueue<T> {
    fn note(&self, what: impl FnOnce(&str) -> String) {
        note(|step| Note { step, place: Place::Fence, what: what(self.name), effect: None, time: None });
    }
}

impl<T: Send> Queue<T> for EngineQueue<T> {
    fn new(name: &'static str) -> Self {
        EngineQueue { name, items: object::Queue::named(name) }
    }

    fn push(&self, item: T) {
        self.items.push(item);
        self.note(|name| format!("{name} takes one"));
    }

    fn pop(&self) -> Option<T> {
        let item = self.items.pop();
        self.note(|name| format!("{name} {}", if item.is_some() { "gives one" } else { "is empty" }));
        item
    }
}

impl<T> fmt::Debug for EngineQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineQueue").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Virtual time under our engine.
#[derive(Clone, Debug)]
pub struct EngineClock {
    /// `None` if the time is constant: reading it is then no step.
    nanoseconds: Option<Arc<object::OutsideWord>>,
}

impl Clock for EngineClock {
    fn now(&self) -> Duration {
        let Some(nanoseconds) = &self.nanoseconds else { return Duration::ZERO };
        let now = Duration::from_nanos(nanoseconds.load());
        let what = |step| Note {
            step,
            place: Place::Clock,
            what: format!("clock reads {} s", now.as_secs()),
            effect: None,
            time: None,
        };
        note(what);
        now
    }
}

thread_local! {
    /// The current operation of each engine task on this OS thread.
    static CURRENT: RefCell<Vec<OperationId>> = const { RefCell::new(Vec::new()) };
    /// The node to which new maps belong.
    static NODE: Cell<usize> = const { Cell::new(0) };
}

impl Simulated for Engine {
    type JoinHandle = thread::JoinHandle<()>;

    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Self::JoinHandle {
        thread::Builder::new().name(name.to_owned()).spawn(body).expect("the engine spawns, or panics itself")
    }

    fn scripted<S, O>(
        shared: &Arc<S>,
        scripts: impl IntoIterator<Item = (Script<O>, Alike)>,
        perform: fn(&S, &O),
    ) where
        S: Send + Sync + 'static,
        O: Send + 'static,
    {
        selvedge_engine::symmetric(shared, scripts, perform);
    }

    fn join(handle: Self::JoinHandle) {
        if let Err(payload) = handle.join() {
            panic::resume_unwind(payload);
        }
    }

    fn clock(moves: bool) -> EngineClock {
        EngineClock { nanoseconds: moves.then(|| Arc::new(object::OutsideWord::new(0))) }
    }

    fn advance(clock: &EngineClock, by: Duration) {
        let nanoseconds = clock.nanoseconds.as_ref().expect("the clock moves");
        let before = nanoseconds.fetch_add(by.as_nanos() as u64);
        let now = Duration::from_nanos(before) + by;
        note(|step| Note {
            step,
            place: Place::Clock,
            what: format!("clock advances to {} s", now.as_secs()),
            effect: None,
            time: Some(now),
        });
    }

    fn put<V: Entry>(map: &EngineMap<Key, V>, key: Key, value: V, written: impl FnOnce()) {
        // No other task runs between an event and the next announcement.
        map.insert(key, value);
        written();
    }

    fn put_if<V: Entry>(
        map: &EngineMap<Key, V>,
        key: Key,
        value: V,
        check: impl FnOnce(Option<&V>) -> bool,
        written: impl FnOnce(),
    ) -> bool {
        let new = notes::content(&value);
        let (is_put, held) = map.entries.update(key, |slot| {
            let held = slot.as_ref().map(|tagged| &tagged.value);
            let content = held.map_or(Some(None), |held| notes::content(held));
            let is_put = check(held);
            if is_put {
                *slot = Some(Tagged::new(value, 0));
            }
            (is_put, content)
        });
        map.note(
            &key,
            |name| match is_put {
                true => format!("{} CAS {name} = {}", map.tier.as_str(), notes::shown(new, "absent")),
                false => {
                    format!("{} CAS {name} refused: {}", map.tier.as_str(), notes::shown(held, "absent"))
                }
            },
            |entry| match is_put {
                true => Some(Effect::Left { entry, content: new? }),
                false => Some(Effect::Found { entry, content: held? }),
            },
        );
        if is_put {
            written();
        }
        is_put
    }

    fn hashed<T: Hash + Send + 'static>(name: &'static str, value: T) -> EngineMutex<T> {
        let inner = object::Lock::digested(name, value, |value, mut state| value.hash(&mut state));
        EngineMutex { name, inner: inner.outside_memory() }
    }

    fn building(node: usize) {
        NODE.set(node);
    }

    fn quiesce() -> Vec<String> {
        let blocked = selvedge_engine::quiesce();
        notes::blocked(&blocked);
        blocked
    }

    fn order<V: Entry>(map: &EngineMap<Key, V>, key: Key) {
        let content = map
            .entries
            .update(key, |slot| slot.as_ref().map_or(Some(None), |tagged| notes::content(&tagged.value)));
        map.note(
            &key,
            |name| {
                format!("returns, with {} {name} = {}", map.tier.as_str(), notes::shown(content, "absent"))
            },
            |_| None,
        );
    }

    fn begin() {
        NODE.set(0);
        CURRENT.with_borrow_mut(Vec::clear);
    }

    fn enter(operation: OperationId) {
        let (task, _) = selvedge_engine::next_event();
        CURRENT.with_borrow_mut(|current| {
            if current.len() <= task as usize {
                current.resize(task as usize + 1, OperationId::MAX);
            }
            current[task as usize] = operation;
        });
    }

    fn current() -> OperationId {
        let (task, _) = selvedge_engine::next_event();
        CURRENT.with_borrow(|current| current.get(task as usize).copied().unwrap_or(OperationId::MAX))
    }

    fn next_event() -> Option<Mark> {
        let (task, index) = selvedge_engine::next_event();
        Some(Mark { task, index })
    }

    fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> Option<R> {
        Some(selvedge_engine::causal_clock(read))
    }

    fn choose(alternatives: usize, what: impl FnOnce(usize) -> Option<String>) -> usize {
        let chosen = selvedge_engine::choose(alternatives);
        if let Some(what) = what(chosen) {
            note(|step| Note { step, place: Place::Other, what, effect: None, time: None });
        }
        chosen
    }

    fn observed(digest: u64) {
        selvedge_engine::observed(digest);
    }

    fn forget() {
        selvedge_engine::forget();
    }

    fn explore(budget: Budget, execution: impl Fn() + Send + Sync + 'static) -> Search {
        let report = explorer(Explorer::optimal(), budget).run_each(execution, |run| {
            match run.ending() {
                Ending::Complete => {}
                other => panic!("{other:?}"),
            }
            ControlFlow::Continue(())
        });
        Search { executions: report.executions, complete: report.is_complete() }
    }

    fn amend<V: Entry, T>(
        map: &EngineMap<Key, V>,
        key: Key,
        change: impl FnOnce(Option<&V>) -> (V, T),
        shown: impl FnOnce(&T) -> String,
    ) -> T {
        let (result, content) = map.entries.update(key, |slot| {
            let (value, result) = change(slot.as_ref().map(|tagged| &tagged.value));
            let content = notes::content(&value);
            *slot = Some(Tagged::new(value, 0));
            (result, content)
        });
        map.note(&key, |_| shown(&result), |entry| Some(Effect::Left { entry, content: content? }));
        result
    }
}

/// Applies the budget to the explorer.
pub(crate) fn explorer<M: ManyRuns>(mut explorer: Explorer<M>, budget: Budget) -> Explorer<M> {
    if let Some(schedules) = budget.schedules {
        explorer = explorer.max_executions(schedules);
    }
    if let Some(time) = budget.time {
        explorer = explorer.max_time(time);
    }
    explorer
}

/// A server's map is outside of the memory that the cache's orderings concern: a command must not
/// order the accesses of its client, or an ordering that the cache lacks would not be missed.
fn in_tier<K: Eq + Hash, V>(tier: TierName, entries: object::Map<K, V>) -> object::Map<K, V> {
    match tier {
        TierName::Remote | TierName::Database => entries.outside_memory(),
        TierName::Local | TierName::Other(_) => entries,
    }
}

impl EngineClock {
    /// Whether time can pass.
    pub(crate) fn moves(&self) -> bool {
        self.nanoseconds.is_some()
    }
}
