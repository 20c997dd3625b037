//! The calls of a case's threads, computed once for all executions.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use selvedge_engine::Alike;

use super::Beside;
use super::limits::{Limits, NO_LOST_NOTIFICATION};
use crate::history::{Call, Key, Specification, Value};
use crate::monitor::Planned;
use crate::protocols::Caches;
use crate::scenario::{Case, Local, NODES, OpKind, RemoteStart, Source, Special};

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub(crate) struct Plan<C> {
    pub(crate) cache: C,
    pub(crate) local: Local,
    pub(crate) remote: RemoteStart,
    pub(crate) source: Source,
    /// The keys that the case declares as derived from a key.
    pub(crate) declared: BTreeMap<Key, Vec<Key>>,
    /// The keys derived from a key, directly or not.
    pub(crate) derived: BTreeMap<Key, Vec<Key>>,
    pub(crate) nodes: usize,
    /// See [`History::is_by_node`](crate::history::History::is_by_node).
    pub(crate) by_node: bool,
    pub(crate) faults: u32,
    pub(crate) drops: u32,
    pub(crate) specials: BTreeSet<Special>,
    pub(crate) keys: Vec<Key>,
    pub(crate) threads: Vec<ThreadPlan>,
    /// See [`Caches::VALUES_ARE_OPAQUE`].
    pub(crate) values_are_opaque: bool,
    /// Whether an operation of the cache may send other commands than the shipped caches do.
    pub(crate) sends_anything: bool,
    /// Whether the nodes publish their writes themselves.
    pub(crate) is_published: bool,
    /// Also receives each command of the run. Only in a run of our engine.
    pub(crate) server: Option<Arc<Beside>>,
    /// Omissions of the search, found by the runs.
    pub(crate) limits: Arc<Limits>,
}

/// A thread's calls, in order.
#[derive(Clone, Debug)]
pub(crate) struct ThreadPlan {
    pub(crate) name: String,
    pub(crate) node: usize,
    pub(crate) calls: Vec<PlannedCall>,
    /// Whether it has no faults.
    pub(crate) spared: bool,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedCall {
    pub(crate) kind: OpKind,
    pub(crate) key: Key,
    /// The call as the history records it.
    pub(crate) call: Call,
}

impl<C: Caches> Plan<C> {
    /// Creates the plan of a case for its cache.
    ///
    /// # Panics
    ///
    /// If no cache has the case's name, or if the cache does not support a requirement of the case:
    /// the scenario was read with other caches.
    pub(crate) fn new(case: &Case) -> Self {
        let cache = C::from_name(&case.cache).expect("the scenario has checked the cache's name");
        if let Some(ability) = case.unsupported(cache.abilities()) {
            panic!("the cache `{}` does not support `{ability}`, which the case requires", case.cache);
        }
        Plan { values_are_opaque: C::VALUES_ARE_OPAQUE, ..Plan::of(case, cache) }
    }
}

impl<C> Plan<C> {
    /// Creates the plan of a case for this cache. Writes are numbered from 1 for each key, in the
    /// case's order.
    pub(crate) fn of(case: &Case, cache: C) -> Self {
        let mut versions = BTreeMap::<Key, u32>::new();
        let mut call = |kind, key| match kind {
            OpKind::Get | OpKind::GetMany | OpKind::Stall => Call::Get,
            // A script loads by itself: the operation is a read.
            OpKind::Load if case.script.is_some() => Call::Get,
            OpKind::Refresh => Call::Refresh,
            OpKind::Delete => Call::Delete,
            OpKind::Evict => Call::Evict,
            OpKind::Reconnect => Call::Reconnect,
            OpKind::Heartbeat => Call::Heartbeat,
            OpKind::LeaseEnds => Call::LeaseEnds,
            OpKind::OpenEnds => Call::OpenEnds,
            OpKind::Stop => Call::Stop,
            OpKind::RegistryLost => Call::RegistryLost,
            OpKind::Forget => Call::Forget,
            OpKind::Set
            | OpKind::Update
            | OpKind::CompareAndSet
            | OpKind::Notified
            | OpKind::NotifiedAll
            | OpKind::Unnotified
            | OpKind::Load => {
                let version = versions.entry(key).or_default();
                *version += 1;
                let value = Value { key, version: *version };
                match kind {
                    OpKind::Load => Call::Load(value),
                    OpKind::Update => Call::Update(value),
                    OpKind::CompareAndSet => Call::CompareAndSet(value),
                    _ => Call::Set(value),
                }
            }
        };
        let threads = case.threads.iter().map(|thread| ThreadPlan {
            name: thread.name.clone(),
            node: thread.node,
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
            nodes: case.nodes,
            by_node: case.expectation.is_by_node(),
            faults: case.faults,
            drops: case.drops,
            specials: case.specials.clone(),
            threads: threads.collect(),
            keys: case.keys().into_iter().collect(),
            values_are_opaque: false,
            sends_anything: false,
            is_published: false,
            server: None,
            limits,
        }
    }

    /// The same plan for another representation of the cache.
    pub(crate) fn map<D>(self, convert: impl FnOnce(C) -> D) -> Plan<D> {
        Plan {
            cache: convert(self.cache),
            local: self.local,
            remote: self.remote,
            source: self.source,
            declared: self.declared,
            derived: self.derived,
            nodes: self.nodes,
            by_node: self.by_node,
            faults: self.faults,
            drops: self.drops,
            specials: self.specials,
            keys: self.keys,
            threads: self.threads,
            values_are_opaque: self.values_are_opaque,
            sends_anything: self.sends_anything,
            is_published: self.is_published,
            server: self.server,
            limits: self.limits,
        }
    }

    /// The symmetric threads: they make the same calls on the same node, except for the written
    /// values, and have the same possible faults. If a caller's code can inspect the values, no
    /// threads are symmetric.
    pub(crate) fn alike(&self) -> Vec<Alike> {
        let calls = |at: usize| self.threads[at].calls.iter().map(|its| (its.kind, its.key));
        let is_like = |at: usize, other: usize| {
            let runs = [at, other].map(|thread| (self.threads[thread].node, self.threads[thread].spared));
            self.values_are_opaque && runs[0] == runs[1] && calls(at).eq(calls(other))
        };
        let symbols = |its: &PlannedCall| {
            let Some(Some(value)) = its.call.written() else { return Vec::new() };
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

    /// Whether any thread calls this operation.
    pub(crate) fn has(&self, kind: OpKind) -> bool {
        self.threads.iter().flat_map(|thread| &thread.calls).any(|call| call.kind == kind)
    }

    /// Whether the only write without a notification can only make an absence stale. Then values
    /// need no time to live, and the absence has its own.
    pub(crate) fn only_absences_expire(&self) -> bool {
        let calls = self.threads.iter().flat_map(|thread| &thread.calls);
        let writes = |call: &&PlannedCall| !matches!(call.call, Call::Get);
        let is_one = calls.clone().filter(writes).count() == 1 && self.has(OpKind::Unnotified);
        is_one && self.remote == RemoteStart::Absent && self.specials.contains(&Special::KeepsAbsent)
    }

    /// Whether the nodes are at the level `Strict`.
    pub(crate) fn is_strict(&self) -> bool {
        self.specials.contains(&Special::Strict)
    }

    /// Whether a write may have to wait until the lease of this node has ended.
    pub(crate) fn can_be_silent(&self, node: usize) -> bool {
        self.threads.iter().flat_map(|thread| &thread.calls).any(|call| match call.kind {
            // A write waits for the leases of all nodes at once.
            OpKind::LeaseEnds | OpKind::Reconnect | OpKind::Stop => {
                self.nodes > 2 || call.key.name() == NODES[node]
            }
            OpKind::RegistryLost => true,
            _ => false,
        })
    }

    /// Whether the clock advances.
    pub(crate) fn has_clock(&self) -> bool {
        self.local == Local::Expiring || self.remote == RemoteStart::Expiring
    }

    /// The remote tier's content of a key at the start.
    pub(crate) fn at_start(&self, key: Key) -> Option<Value> {
        match self.remote {
            RemoteStart::Present | RemoteStart::Expiring => Some(Value { key, version: 0 }),
            RemoteStart::Absent => None,
        }
    }

    /// The database's contents at the start, without derived keys.
    pub(crate) fn in_database(&self) -> impl Iterator<Item = Value> {
        let is_made = |key: &Key| self.derived.values().flatten().any(|made| made == key);
        self.keys.iter().filter(move |key| !is_made(key)).map(|&key| Value { key, version: 0 })
    }

    /// The monitor's input, which is known before the run.
    pub(crate) fn planned(&self, failed_may_land: bool) -> Planned {
        let specification = Specification { derived: self.derived.clone() };
        let by_node = self.by_node;
        let mut planned = Planned { specification, failed_may_land, by_node, ..Planned::default() };
        for &key in &self.keys {
            planned.at_start.insert(key, self.versions_at_start(key).collect());
        }
        for &PlannedCall { key, call, .. } in self.threads.iter().flat_map(|thread| &thread.calls) {
            if call.is_update() {
                planned.updated.insert(key);
            }
            let content = match call {
                Call::Load(value) => Some(Some(value)),
                call => call.written(),
            };
            let refusable = matches!(call, Call::CompareAndSet(_));
            let called = if refusable { &mut planned.compared } else { &mut planned.called };
            called.entry(key).or_default().extend(content);
        }
        planned
    }

    /// The versions of the source of truth at the start. If the local tier has a key that the
    /// remote tier, as the source of truth, does not, then the key existed there before.
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

/// The keys derived from `key`, directly or not, each once.
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
