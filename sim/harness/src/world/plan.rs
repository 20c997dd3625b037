//! What the threads of a case are going to call: worked out once, for all of its executions.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use selvedge_engine::Alike;

use super::Beside;
use super::limits::{Limits, NO_LOST_NOTIFICATION};
use crate::history::{Call, Key, Specification, Value};
use crate::monitor::Planned;
use crate::protocols::Caches;
use crate::scenario::{Case, Local, OpKind, RemoteStart, Source, Special};

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub(crate) struct Plan<C> {
    pub(crate) cache: C,
    pub(crate) local: Local,
    pub(crate) remote: RemoteStart,
    pub(crate) source: Source,
    /// What the case says is derived from a key.
    pub(crate) declared: BTreeMap<Key, Vec<Key>>,
    /// What is derived from a key, and from what is derived from it.
    pub(crate) derived: BTreeMap<Key, Vec<Key>>,
    pub(crate) faults: u32,
    pub(crate) drops: u32,
    pub(crate) specials: BTreeSet<Special>,
    pub(crate) keys: Vec<Key>,
    pub(crate) threads: Vec<ThreadPlan>,
    /// See [`Caches::VALUES_ARE_OPAQUE`].
    pub(crate) values_are_opaque: bool,
    /// Whether an operation of the cache may send any commands, and not only those that the shipped ones send.
    pub(crate) sends_anything: bool,
    /// Gets each command of the run too. Of a run of our engine's alone.
    pub(crate) server: Option<Arc<Beside>>,
    /// What the runs came to that no schedule of the search goes on with.
    pub(crate) limits: Arc<Limits>,
}

/// A thread's calls, in order.
#[derive(Clone, Debug)]
pub(crate) struct ThreadPlan {
    pub(crate) name: String,
    pub(crate) calls: Vec<PlannedCall>,
    /// Whether nothing goes wrong in it.
    pub(crate) spared: bool,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedCall {
    pub(crate) kind: OpKind,
    pub(crate) key: Key,
    /// What the history says of it.
    pub(crate) call: Call,
}

impl<C: Caches> Plan<C> {
    /// The plan of a case on the cache that it names.
    ///
    /// # Panics
    ///
    /// If none of the caches has the name that the case has, or if that one does not support what the case requires: its
    /// scenario was read with other caches.
    pub(crate) fn new(case: &Case) -> Self {
        let cache = C::from_name(&case.cache).expect("a case names a cache that its scenario knows");
        if let Some(ability) = case.unsupported(cache.abilities()) {
            panic!("the cache `{}` does not support `{ability}`, which the case requires", case.cache);
        }
        Plan { values_are_opaque: C::VALUES_ARE_OPAQUE, ..Plan::of(case, cache) }
    }
}

impl<C> Plan<C> {
    /// The plan of a case on this cache. Writes are numbered from 1, key by key, in the order in which the case names
    /// them.
    pub(crate) fn of(case: &Case, cache: C) -> Self {
        let mut versions = BTreeMap::<Key, u32>::new();
        let mut call = |kind, key| match kind {
            OpKind::Get | OpKind::GetMany | OpKind::Stall => Call::Get,
            OpKind::Delete => Call::Delete,
            OpKind::Evict => Call::Evict,
            OpKind::Forget => Call::Forget,
            OpKind::Set | OpKind::Notified | OpKind::NotifiedAll | OpKind::Unnotified | OpKind::Load => {
                let version = versions.entry(key).or_default();
                *version += 1;
                let value = Value { key, version: *version };
                if kind == OpKind::Load { Call::Load(value) } else { Call::Set(value) }
            }
        };
        let threads = case.threads.iter().map(|thread| ThreadPlan {
            name: thread.name.clone(),
            spared: thread.spared,
            calls: (thread.ops.iter())
                .map(|op| PlannedCall { kind: op.kind, key: op.key, call: call(op.kind, op.key) })
                .collect(),
        });
        let limits = Arc::<Limits>::default();
        if case.faults > 0 && (case.has(OpKind::Notified) || case.has(OpKind::NotifiedAll)) {
            limits.note(NO_LOST_NOTIFICATION);
        }
        Plan {
            cache,
            local: case.local,
            remote: case.remote,
            source: case.source,
            declared: case.derived.clone(),
            derived: case.derived.keys().map(|&key| (key, all_derived(&case.derived, key))).collect(),
            faults: case.faults,
            drops: case.drops,
            specials: case.specials.clone(),
            threads: threads.collect(),
            keys: case.keys().into_iter().collect(),
            values_are_opaque: false,
            sends_anything: false,
            server: None,
            limits,
        }
    }

    /// Which threads are alike: they call the same, but for the values that they write, and the same can go wrong. Where values
    /// are a caller's own to look into, none is like another.
    pub(crate) fn alike(&self) -> Vec<Alike> {
        let calls = |at: usize| self.threads[at].calls.iter().map(|its| (its.kind, its.key));
        let is_like = |at: usize, other: usize| {
            let are_spared = [at, other].map(|thread| self.threads[thread].spared);
            self.values_are_opaque && are_spared[0] == are_spared[1] && calls(at).eq(calls(other))
        };
        let symbols = |its: &PlannedCall| {
            let Call::Set(value) = its.call else { return Vec::new() };
            let made =
                self.derived.get(&its.key).into_iter().flatten().map(move |&key| Value { key, ..value });
            iter::once(value).chain(made).map(|value| value.symbol().0).collect()
        };
        let of = |at: usize| {
            let class = (0..=at).find(|&other| is_like(at, other)).unwrap_or(at) as u32;
            Alike { class, symbols: self.threads[at].calls.iter().flat_map(symbols).collect() }
        };
        (0..self.threads.len()).map(of).collect()
    }

    /// Whether any thread does this.
    pub(crate) fn has(&self, kind: OpKind) -> bool {
        self.threads.iter().flat_map(|thread| &thread.calls).any(|call| call.kind == kind)
    }

    /// Whether the one write of which nobody tells can only make an absence too old: then values need no time to live, and
    /// the absence must have its own.
    pub(crate) fn only_absences_expire(&self) -> bool {
        let calls = self.threads.iter().flat_map(|thread| &thread.calls);
        let writes = |call: &&PlannedCall| !matches!(call.call, Call::Get);
        let is_one = calls.clone().filter(writes).count() == 1 && self.has(OpKind::Unnotified);
        is_one && self.remote == RemoteStart::Absent && self.specials.contains(&Special::KeepsAbsent)
    }

    /// Whether the clock moves.
    pub(crate) fn has_clock(&self) -> bool {
        self.local == Local::Expiring || self.remote == RemoteStart::Expiring
    }

    /// What the remote tier holds of a key at the start.
    pub(crate) fn at_start(&self, key: Key) -> Option<Value> {
        match self.remote {
            RemoteStart::Present | RemoteStart::Expiring => Some(Value { key, version: 0 }),
            RemoteStart::Absent => None,
        }
    }

    /// What the database holds at the start, if there is one: not what is made from another key's value.
    pub(crate) fn in_database(&self) -> impl Iterator<Item = Value> {
        let is_made = |key: &Key| self.derived.values().flatten().any(|made| made == key);
        self.keys.iter().filter(move |key| !is_made(key)).map(|&key| Value { key, version: 0 })
    }

    /// What is known of the runs before they are run.
    pub(crate) fn planned(&self, failed_may_land: bool) -> Planned {
        let specification = Specification { derived: self.derived.clone() };
        let mut planned = Planned { specification, failed_may_land, ..Planned::default() };
        for &key in &self.keys {
            planned.at_start.insert(key, self.versions_at_start(key).collect());
        }
        for &PlannedCall { key, call, .. } in self.threads.iter().flat_map(|thread| &thread.calls) {
            let called = planned.called.entry(key).or_default();
            match call {
                Call::Get | Call::Evict | Call::Forget => {}
                Call::Set(value) | Call::Load(value) => drop(called.insert(Some(value))),
                Call::Delete => drop(called.insert(None)),
            }
        }
        planned
    }

    /// The versions that the source of truth has been through at the start. If the local tier holds what the remote tier
    /// does not, and that is the truth, it was there once, and left.
    pub(crate) fn versions_at_start(&self, key: Key) -> impl Iterator<Item = Option<Value>> {
        let v0 = Some(Value { key, version: 0 });
        let (left, now) = match self.source {
            Source::Database => (None, v0),
            Source::Remote => {
                let left = self.local != Local::Cold && self.remote == RemoteStart::Absent;
                (left.then_some(v0), self.at_start(key))
            }
        };
        left.into_iter().chain([now])
    }
}

/// What is derived from the key, directly or not, each once.
fn all_derived(declared: &BTreeMap<Key, Vec<Key>>, key: Key) -> Vec<Key> {
    let (mut found, mut from) = (Vec::new(), vec![key]);
    while let Some(its) = from.pop() {
        for &derived in declared.get(&its).into_iter().flatten() {
            if derived != key && !found.contains(&derived) {
                found.push(derived);
                from.push(derived);
            }
        }
    }
    found
}
