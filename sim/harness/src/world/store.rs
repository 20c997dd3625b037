//! The remote tier, a key-value store with one event per command, and the optional database behind
//! it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::{Change, CommandFuture, Coordinator, Fill, Found, Lease, Outcome, Reading, Registry};
use selvedge::sync::{Clock as _, Map, Mutex as _, TierName};

use super::connections::Connections;
use super::limits::NO_EXPIRY;
use super::network::Network;
use super::{Beside, Limits, Plan, Recorder, TTL};
use crate::backends::{Held, Simulated};
use crate::history::{Key, Value};
use crate::protocols::Failure;
use crate::scenario::{NODES, RemoteStart, Source, Special};

/// The remote tier. If it is the source of truth, each write makes a version. A deleted key has an
/// absent entry.
pub(crate) struct Store<P: Simulated> {
    tier: Arc<Tier<P>>,
    network: Arc<Network<P>>,
    /// The node whose commands these are.
    node: usize,
}

struct Tier<P: Simulated> {
    entries: P::Map<Key, Held>,
    /// If keys can expire.
    clock: Option<P::Clock>,
    /// If there are leases.
    leases: Option<P::Mutex<Leases>>,
    database: Option<P::Map<Key, Option<Value>>>,
    derived: BTreeMap<Key, Vec<Key>>,
    recorder: Arc<Recorder>,
    server: Option<Arc<Beside>>,
    limits: Arc<Limits>,
    connections: Arc<Connections<P>>,
}

/// The current leases, by key. Numbers are unique.
#[derive(Default, Hash)]
struct Leases {
    held: BTreeMap<Key, u64>,
    last: u64,
}

impl<P: Simulated> Store<P> {
    /// Creates the store with the plan's contents at the start.
    pub(super) fn new<C>(
        plan: &Plan<C>,
        recorder: &Arc<Recorder>,
        network: &Arc<Network<P>>,
        connections: &Arc<Connections<P>>,
        clock: &P::Clock,
    ) -> Self {
        let entries = P::Map::new(TierName::Remote);
        let expires = plan.remote == RemoteStart::Expiring;
        for &key in &plan.keys {
            if let Some(value) = plan.at_start(key) {
                let deadline = expires.then_some(TTL);
                entries.insert(key, Held::of(Some(value), deadline));
            }
            if let Some(server) = &plan.server {
                server.starts_with(key, plan.at_start(key));
            }
        }
        let database = (plan.source == Source::Database).then(|| {
            let database = P::Map::new(TierName::Database);
            for value in plan.in_database() {
                database.insert(value.key, Some(value));
            }
            database
        });
        let leases = plan.specials.contains(&Special::Leases);
        let leases = leases.then(|| P::hashed("leases", Leases::default()));
        let (derived, recorder, server) = (plan.derived.clone(), Arc::clone(recorder), plan.server.clone());
        let (clock, limits) = (expires.then(|| clock.clone()), Arc::clone(&plan.limits));
        let connections = Arc::clone(connections);
        let tier = Tier { entries, clock, leases, database, derived, recorder, server, limits, connections };
        Store { tier: Arc::new(tier), network: Arc::clone(network), node: 0 }
    }

    /// The store, for this node's commands.
    pub(super) fn of_node(&self, node: usize) -> Self {
        Store { node, ..self.clone() }
    }

    /// Writes the key as another node does, which is not simulated. With a database: writes the
    /// database, and then deletes the key here. Notifies no node.
    pub(super) fn write_elsewhere(&self, key: Key, value: Value) {
        if self.has_database() {
            self.write_database(key, Some(value));
        }
        self.tier.write(None, key, (!self.has_database()).then_some(value), None);
        for &made in self.tier.derived.get(&key).into_iter().flatten() {
            self.tier.write(None, made, None, None);
        }
    }

    /// Removes the key from the store, which is not the source of truth.
    pub(super) fn forget(&self, key: Key) {
        self.tier.entries.remove(&key);
        if let Some(server) = &self.tier.server {
            server.write(key, None);
        }
    }

    /// Removes the key if its deadline has passed.
    pub(super) fn expire(&self, key: Key) {
        if let Some(clock) = &self.tier.clock {
            self.tier.expire(key, clock.now());
        }
    }

    /// Closes the key for all writes, at the level `Strict`.
    pub(super) fn end_open(&self, key: Key) {
        let close = |held: Option<&Held>| (Held { open: 0, ..held.copied().unwrap_or(NOTHING) }, ());
        P::amend(&self.tier.entries, key, close, |()| format!("redis closes {key} for all writes"));
    }

    /// Closes the key, and loses the registry of nodes.
    pub(super) fn lose_registry(&self, key: Key) {
        self.end_open(key);
        self.tier.connections.lose_registry();
    }

    /// Sends a command of the level `Strict`. It does not arrive if the node has stopped.
    async fn coordinate<T: Send>(
        &self,
        command: impl FnOnce(&Tier<P>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        if self.tier.connections.has_stopped(self.node) {
            return Err(Failure { outcome: Outcome::Unknown });
        }
        let tier = Arc::clone(&self.tier);
        self.network.send(move || command(&tier)).await
    }

    /// Orders the acknowledgement of a write that the operation's own task has not made.
    pub(super) fn acknowledge(&self, key: Key) {
        P::order(&self.tier.entries, key);
    }

    /// Whether there is a database behind the store.
    pub(super) fn has_database(&self) -> bool {
        self.tier.database.is_some()
    }

    /// Writes the database: makes a version of the key, and of each key derived from it.
    pub(super) fn write_database(&self, key: Key, content: Option<Value>) {
        let Tier { database, derived, recorder, .. } = &*self.tier;
        let database = database.as_ref().expect("the case has a database");
        P::put(database, key, content, || {
            recorder.written::<P>(key, content);
            for &made in derived.get(&key).into_iter().flatten() {
                recorder.written::<P>(made, content.map(|value| Value { key: made, ..value }));
            }
        });
    }

    /// Writes the database, as [`write_database`](Store::write_database), if the key has the
    /// content `expected` there. Returns whether it did: `UPDATE … WHERE value = expected`.
    pub(super) fn compare_and_set_database(&self, key: Key, expected: Option<Value>, value: Value) -> bool {
        let Tier { database, derived, recorder, .. } = &*self.tier;
        let database = database.as_ref().expect("the case has a database");
        let is_expected = |held: Option<&Option<Value>>| held.copied().flatten() == expected;
        P::put_if(database, key, Some(value), is_expected, || {
            recorder.written::<P>(key, Some(value));
            for &made in derived.get(&key).into_iter().flatten() {
                recorder.written::<P>(made, Some(Value { key: made, ..value }));
            }
        })
    }

    /// Writes the key if it has the content `expected`, and then deletes the keys derived from it.
    /// Returns whether it did. One command: a script, or `SET` with `IFEQ`.
    pub(super) async fn compare_and_set(
        &self,
        key: Key,
        expected: Option<Value>,
        value: Value,
    ) -> Result<bool, Failure> {
        let (tier, node) = (Arc::clone(&self.tier), Some(self.node));
        self.network.send(move || tier.compare_and_set(node, key, expected, value)).await
    }

    /// Reads the database.
    pub(super) async fn load(&self, key: Key) -> Result<Option<Value>, Failure> {
        let Tier { database, derived, .. } = &*self.tier;
        // The first key of the chain, which is derived from no other.
        let is_made = |from: &Key| derived.values().flatten().any(|made| made == from);
        let from = derived
            .iter()
            .find(|(from, made)| made.contains(&key) && !is_made(from))
            .map_or(key, |(from, _)| *from);
        let database = database.as_ref().expect("the case has a database");
        let loaded = self.network.load(|| database.get(&from).flatten()).await?;
        Ok(loaded.map(|value| Value { key, ..value }))
    }

    /// Loads this value, as an operation with its own loader.
    pub(super) async fn make(&self, value: Value) -> Result<Option<Value>, Failure> {
        self.network.load(|| Some(value)).await
    }
}

impl<P: Simulated> Tier<P> {
    #[track_caller]
    fn write(&self, node: Option<usize>, key: Key, content: Option<Value>, ttl: Option<Duration>) {
        match &self.leases {
            None => self.put(node, key, content, ttl),
            Some(leases) => leases.with(|leases| {
                leases.held.remove(&key);
                self.put(node, key, content, ttl);
            }),
        }
    }

    /// Stores the content, and notifies the nodes other than the writer's. `None` notifies none.
    #[track_caller]
    fn put(&self, node: Option<usize>, key: Key, content: Option<Value>, ttl: Option<Duration>) {
        let notify = |is_first: bool| {
            if let Some(node) = node.filter(|_| is_first == self.connections.notifies_first) {
                self.connections.notify(node, key, content);
            }
        };
        notify(true);
        let deadline = match (&self.clock, ttl) {
            // The clock moves once, past every deadline.
            (Some(clock), Some(_)) => Some(clock.now() + TTL),
            (None, Some(_)) => {
                self.limits.note(NO_EXPIRY);
                None
            }
            (_, None) => None,
        };
        P::put(&self.entries, key, Held::of(content, deadline), || {
            if self.database.is_none() {
                self.recorder.written::<P>(key, content);
            }
        });
        if let Some(server) = &self.server {
            server.write(key, content);
        }
        notify(false);
    }

    #[track_caller]
    fn compare_and_set(&self, node: Option<usize>, key: Key, expected: Option<Value>, value: Value) -> bool {
        if let Some(clock) = &self.clock {
            self.expire(key, clock.now());
        }
        let compare = || {
            let is_expected = |held: Option<&Held>| held.and_then(|held| held.content) == expected;
            let held = Held::of(Some(value), None);
            P::put_if(&self.entries, key, held, is_expected, || {
                if self.database.is_none() {
                    self.recorder.written::<P>(key, Some(value));
                }
            })
        };
        let is_set = match &self.leases {
            None => compare(),
            Some(leases) => leases.with(|leases| {
                let is_set = compare();
                if is_set {
                    leases.held.remove(&key);
                }
                is_set
            }),
        };
        if is_set {
            if let Some(server) = &self.server {
                server.write(key, Some(value));
            }
            if let Some(node) = node {
                self.connections.notify(node, key, Some(value));
            }
            for &made in self.derived.get(&key).into_iter().flatten() {
                self.write(node, made, None, None);
            }
        }
        is_set
    }

    #[track_caller]
    fn get(&self, key: Key) -> Option<Found<Value>> {
        loop {
            let held = self.entries.get(&key);
            let content = held.as_ref().and_then(|held| held.content);
            if self.database.is_none() {
                self.recorder.found::<P>(key, content);
            }
            let content = self.server.as_ref().map_or(content, |server| server.get(key, content));
            let mut found = content.map(Found::lasting);
            if let (Some(found), Some(clock)) = (&mut found, &self.clock)
                && let Some(deadline) = held.and_then(|held| held.deadline)
            {
                let now = clock.now();
                let left = deadline.saturating_sub(now);
                if left.is_zero() {
                    self.expire(key, now);
                    continue;
                }
                found.ttl = Some(left);
            }
            return found;
        }
    }

    /// Removes the key if its deadline has passed at `now`. If the tier is the source of truth, the
    /// expiry is a version that no operation made, and nothing is notified of it.
    #[track_caller]
    fn expire(&self, key: Key, now: Duration) {
        let removed = self.entries.remove_unless(&key, |held, tag| {
            if held.deadline.is_none_or(|deadline| deadline > now) {
                return Some(tag);
            }
            if self.database.is_none() {
                self.recorder.expired::<P>(key);
            }
            None
        });
        if let (Some(_), Some(server)) = (removed, &self.server) {
            server.write(key, None);
        }
    }
}

/// At the level `Strict`.
impl<P: Simulated> Tier<P> {
    #[track_caller]
    fn read(&self, key: Key) -> Reading<Value> {
        let held = self.entries.get(&key).unwrap_or(NOTHING);
        if self.database.is_none() {
            self.recorder.found::<P>(key, held.content);
        }
        let content = self.server.as_ref().map_or(held.content, |server| server.get(key, held.content));
        Reading { found: content.map(Found::lasting), is_open: held.open != 0 }
    }

    #[track_caller]
    fn open(&self, (node, write): (usize, u64), key: Key) -> Registry {
        let open = |held: Option<&Held>| {
            let held = held.copied().unwrap_or(NOTHING);
            (Held { open: held.open | bit(node, write), ..held }, ())
        };
        P::amend(&self.entries, key, open, |()| format!("redis opens {key} for {}", NODES[node]));
        self.connections.open(node, write, key)
    }

    #[track_caller]
    fn write_open(
        &self,
        (node, write): (usize, u64),
        key: Key,
        content: Option<Value>,
        outlasted: &Registry,
    ) -> bool {
        let bit = bit(node, write);
        let change = |held: Option<&Held>| {
            let held = held.copied().unwrap_or(NOTHING);
            let is_open = held.open & bit != 0;
            let changed = Held { content, open: held.open & !bit, ..held };
            (if is_open { changed } else { held }, is_open)
        };
        let is_written = P::amend(&self.entries, key, change, |is_written| match (is_written, content) {
            (true, Some(value)) => format!("redis SET {key} = {value}, closes it"),
            (true, None) => format!("redis DEL {key}, closes it"),
            (false, _) => format!("redis refuses the write: {key} is not open"),
        });
        if is_written {
            if self.database.is_none() {
                self.recorder.written::<P>(key, content);
            }
            if let Some(server) = &self.server {
                server.write(key, content);
            }
            self.connections.remove(outlasted);
        }
        is_written
    }
}

/// An entry of a key without a value.
const NOTHING: Held = Held { content: None, deadline: None, open: 0 };

/// The bit of a node's write in [`Held::open`]: 16 for each node.
fn bit(node: usize, write: u64) -> u64 {
    1 << (16 * node as u64 + write % 16)
}

impl<P: Simulated> Coordinator<Key, Value> for Store<P> {
    type Error = Failure;

    fn read<'a>(&'a self, keys: &'a [Key]) -> CommandFuture<'a, Result<Vec<Reading<Value>>, Failure>> {
        Box::pin(async move {
            let mut read = Vec::with_capacity(keys.len());
            for &key in keys {
                read.push(self.coordinate(move |tier| tier.read(key)).await?);
            }
            Ok(read)
        })
    }

    fn open<'a>(&'a self, write: u64, keys: &'a [Key]) -> CommandFuture<'a, Result<Registry, Failure>> {
        let (by, key) = ((self.node, write), only(keys));
        Box::pin(self.coordinate(move |tier| tier.open(by, key)))
    }

    fn write<'a>(
        &'a self,
        write: u64,
        keys: &'a [Key],
        change: Change<'a, Value>,
        outlasted: &'a Registry,
    ) -> CommandFuture<'a, Result<bool, Failure>> {
        let (by, key, outlasted) = ((self.node, write), only(keys), outlasted.clone());
        let content = match change {
            Change::Set(value, _) => Some(*value),
            Change::Delete => None,
        };
        Box::pin(self.coordinate(move |tier| tier.write_open(by, key, content, &outlasted)))
    }

    fn sleep(&self, time: Duration) -> CommandFuture<'_, ()> {
        self.tier.connections.clocks.sleep(self.node, time)
    }
}

/// The only key of a write: derived keys are not modelled at the level `Strict`.
fn only(keys: &[Key]) -> Key {
    let [key] = keys else { panic!("derived keys at the level `strict` are not modelled") };
    *key
}

impl<P: Simulated> Clone for Store<P> {
    fn clone(&self) -> Self {
        Store { tier: Arc::clone(&self.tier), network: Arc::clone(&self.network), node: self.node }
    }
}

impl<P: Simulated> Remote<Key, Value> for Store<P> {
    type Error = Failure;

    async fn get(&self, key: &Key) -> Result<Option<Found<Value>>, Failure> {
        let (tier, key) = (Arc::clone(&self.tier), *key);
        self.network.send(move || tier.get(key)).await
    }

    async fn set(&self, key: &Key, value: &Value, ttl: Option<Duration>) -> Result<(), Failure> {
        let (tier, node, key, value) = (Arc::clone(&self.tier), Some(self.node), *key, *value);
        self.network.send(move || tier.write(node, key, Some(value), ttl)).await
    }

    async fn delete(&self, key: &Key) -> Result<(), Failure> {
        let (tier, node, key) = (Arc::clone(&self.tier), Some(self.node), *key);
        self.network.send(move || tier.write(node, key, None, None)).await
    }

    async fn get_for_fill(&self, key: &Key) -> Result<(Option<Found<Value>>, Lease), Failure> {
        let (tier, key) = (Arc::clone(&self.tier), *key);
        let ask = move || match &tier.leases {
            None => (tier.get(key), Lease::none()),
            Some(leases) => leases.with(|leases| {
                let found = tier.get(key);
                if found.is_some() {
                    return (found, Lease::none());
                }
                let Leases { held, last } = leases;
                let lease = *held.entry(key).or_insert_with(|| {
                    *last += 1;
                    *last
                });
                (None, Lease::new(lease))
            }),
        };
        self.network.send(ask).await
    }

    async fn fill(
        &self,
        key: &Key,
        value: &Value,
        ttl: Option<Duration>,
        lease: Lease,
    ) -> Result<Fill, Failure> {
        let (tier, node, key, value) = (Arc::clone(&self.tier), Some(self.node), *key, *value);
        let fill = move || match &tier.leases {
            None => {
                tier.put(node, key, Some(value), ttl);
                Fill::Filled
            }
            Some(leases) => leases.with(|leases| {
                let holds = leases.held.get(&key).copied() == lease.token();
                if !holds || tier.get(key).is_some() {
                    return Fill::Refused;
                }
                leases.held.remove(&key);
                tier.put(node, key, Some(value), ttl);
                Fill::Filled
            }),
        };
        self.network.send(fill).await
    }

    fn outcome(&self, error: &Failure) -> Outcome {
        error.outcome
    }

    async fn settle(&self) -> bool {
        self.network.settle()
    }
}

impl<P: Simulated> fmt::Debug for Store<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
