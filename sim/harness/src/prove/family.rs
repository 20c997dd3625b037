//! A family of clients: the bounds, the operations, the starts and the world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use selvedge_engine::MAX_TASKS;
use thiserror::Error;

use super::Addition;
use super::clients::{Client, Enumeration, Program, calls, different};
use crate::diagnostic::Diagnostic;
use crate::history::Key;
use crate::scenario::{
    Ability, Case, Expectation, Expected, Level, Local, Op, OpKind, RemoteStart, Source, SourceLine, Special,
    ThreadSpec,
};
use crate::script::Script;

/// The maximum number of keys.
const MOST_KEYS: usize = 3;

/// Keys in different stripes of the simulated `TieredCache`.
const SEPARATE: [&str; MOST_KEYS] = ["user:1", "user:3", "user:4"];

/// Keys in one stripe of the simulated `TieredCache`.
const SHARING: [&str; MOST_KEYS] = ["user:1", "user:2", "user:9"];

/// The maximum number of clients.
const MOST_CLIENTS: usize = 2_000_000;

/// The operations that always write their key, and remove its local entry.
const WRITES: [OpKind; 5] =
    [OpKind::Set, OpKind::Delete, OpKind::Update, OpKind::Notified, OpKind::NotifiedAll];

/// The bounds of a family. Each client has at most these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The calls of all threads together.
    pub calls: usize,
    /// The threads.
    pub threads: usize,
    /// The keys, without derived ones.
    pub keys: usize,
}

/// The contents of the tiers at the start, the same for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The local tier.
    pub local: Local,
    /// The remote tier.
    pub remote: RemoteStart,
    /// Whether the keys share a stripe of `TieredCache`. Only for clients with several keys.
    pub shares_stripe: bool,
}

/// All clients of a cache within bounds.
#[derive(Clone, Debug)]
pub struct Family {
    /// The cache's name.
    pub cache: String,
    /// The bounds.
    pub bounds: Bounds,
    /// The operations of the clients, in the order of [`OpKind::ALL`].
    pub operations: Vec<OpKind>,
    /// The starts from which each client runs.
    pub starts: Vec<Start>,
    /// The level that no schedule may break.
    pub level: Level,
    /// The source of truth.
    pub source: Source,
    /// Whether each key has a derived key.
    pub derived: bool,
    /// The number of nodes.
    pub nodes: usize,
    /// The maximum number of failed commands and loads in a run.
    pub faults: u32,
    /// The maximum number of dropped operations in a run.
    pub drops: u32,
    /// Variations of the world or of the cache.
    pub specials: BTreeSet<Special>,
    /// The names of the keys; empty for the usual ones.
    pub(super) names: Vec<String>,
    /// The cache, if it is a script.
    pub(super) script: Option<Arc<Script>>,
    /// Whether neither threads nor keys are exchanged.
    pub(super) by_name: bool,
    /// Whether the searches see a part of the clients only.
    pub(super) in_parts: bool,
}

/// Why there is no such family.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct FamilyError {
    what: String,
    help: String,
}

impl FamilyError {
    /// No cache has this name.
    pub fn unknown_cache(name: &str, known: &[&str]) -> Self {
        error(format!("unknown cache: `{name}`"), format!("name one of: {}", known.join(", ")))
    }
}

impl Diagnostic for FamilyError {
    fn help(&self) -> Option<String> {
        Some(self.help.clone())
    }
}

pub(super) fn error(what: impl Into<String>, help: impl Into<String>) -> FamilyError {
    FamilyError { what: what.into(), help: help.into() }
}

/// A call of a client: an operation and a key, as indexes, or an operation of the thread's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Symbol {
    /// The index of the operation in [`Family::operations`].
    kind: usize,
    /// The index of the key in [`Family::keys`]; 0 for an operation of a node.
    key: usize,
}

impl Family {
    /// The family of all clients of `cache` within `bounds`, with `get`, `set` and the additions.
    /// The required level is `linearizable`; with several nodes, `notified`.
    ///
    /// # Errors
    ///
    /// If a bound is out of range, or if additions exclude each other.
    pub fn new(
        cache: impl Into<String>,
        bounds: Bounds,
        additions: &BTreeSet<Addition>,
    ) -> Result<Self, FamilyError> {
        Family::of(cache.into(), None, bounds, additions)
    }

    /// The family of a cache, or of a script.
    pub(super) fn of(
        cache: String,
        script: Option<Arc<Script>>,
        bounds: Bounds,
        additions: &BTreeSet<Addition>,
    ) -> Result<Self, FamilyError> {
        let has = |addition: Addition| additions.contains(&addition);
        for (number, most, what) in [
            (bounds.calls, MAX_TASKS, "calls"),
            (bounds.threads, MAX_TASKS - 2, "threads"),
            (bounds.keys, MOST_KEYS, "keys"),
        ] {
            if number == 0 || number > most {
                return Err(error(
                    format!("a bound of {number} {what}"),
                    format!("name a number of {what} from 1 to {most}"),
                ));
            }
        }
        let is_called =
            |kind: &OpKind| matches!(kind, OpKind::Get | OpKind::Set) || has(Addition::Operation(*kind));
        let local = [Local::Cold, Local::Warm, Local::Expired].into_iter();
        let local = local.chain(has(Addition::Expiry).then_some(Local::Expiring));
        let remote = [RemoteStart::Present, RemoteStart::Absent].into_iter();
        let remote = remote.chain(has(Addition::RemoteExpiry).then_some(RemoteStart::Expiring));
        let mut starts = Vec::new();
        for shares_stripe in [false, true].into_iter().take(bounds.keys) {
            for local in local.clone() {
                let start = |remote| Start { local, remote, shares_stripe };
                starts.extend(remote.clone().map(start));
            }
        }
        let specials = additions.iter().filter_map(|addition| match addition {
            Addition::Special(special) => Some(*special),
            _ => None,
        });
        let family = Family {
            cache,
            bounds,
            operations: OpKind::ALL.into_iter().filter(is_called).collect(),
            starts,
            level: if has(Addition::Nodes) { Level::Notified } else { Level::Linearizable },
            source: if has(Addition::Database) { Source::Database } else { Source::Remote },
            derived: has(Addition::Derived),
            nodes: if has(Addition::Nodes) { 2 } else { 1 },
            faults: has(Addition::Fault).into(),
            drops: has(Addition::Drop).into(),
            specials: specials.collect(),
            names: Vec::new(),
            script,
            by_name: false,
            in_parts: false,
        };
        family.check_combination()?;
        Ok(family)
    }

    /// The same family with another required level.
    pub fn consistency(self, level: Level) -> Self {
        Family { level, ..self }
    }

    /// The same family on keys of these names, of which there are as many as the bound allows. The
    /// cache must treat them alike, and share no state between some of them only.
    ///
    /// # Panics
    ///
    /// If their number is not that of the bound.
    pub fn named_keys(self, names: Vec<String>) -> Self {
        assert_eq!(names.len(), self.bounds.keys, "one name for each key");
        let starts = self.starts.into_iter().filter(|start| !start.shares_stripe).collect();
        Family { names, starts, ..self }
    }

    /// Additions that a scenario file rejects together are rejected here too.
    fn check_combination(&self) -> Result<(), FamilyError> {
        let has = |kind| self.operations.contains(&kind);
        let database = self.source == Source::Database;
        if database && has(OpKind::Load) && self.script.is_none() {
            return Err(error("`load` with `database`", "remove `load`: with a database, `get` loads"));
        }
        if !database && has(OpKind::Forget) {
            return Err(error(
                "`forget` without `database`: the key's only value would be lost",
                "add `database`, or remove `forget`",
            ));
        }
        if database && self.nodes > 1 {
            return Err(error(
                "`nodes` with `database`: a database's writes are not modelled for several nodes",
                "remove one of them",
            ));
        }
        if self.nodes > 1 && self.starts.iter().any(|start| start.remote == RemoteStart::Expiring) {
            return Err(error(
                "`nodes` with `remote-expiry`: the expiry of keys is not modelled for several nodes",
                "remove one of them",
            ));
        }
        if let Some(special) = self.specials.iter().find(|special| special.is_of_loads() && !database) {
            return Err(error(
                format!("`{special}` without `database`: nothing is loaded"),
                format!("add `database`, or remove `{special}`"),
            ));
        }
        let of_nodes = [OpKind::Reconnect, OpKind::Heartbeat].into_iter().find(|&kind| has(kind));
        if let (1, Some(kind)) = (self.nodes, of_nodes) {
            return Err(error(
                format!("`{kind}` without `nodes`: one node receives no notifications"),
                format!("add `nodes`, or remove `{kind}`"),
            ));
        }
        if self.nodes == 1 && self.specials.contains(&Special::NotifiesFirst) {
            return Err(error(
                "`notifies-first` without `nodes`: no node is notified",
                "add `nodes`, or remove `notifies-first`",
            ));
        }
        Ok(())
    }

    /// The keys of the operations: the named ones, then the derived ones.
    fn keys(&self, start: Start) -> Vec<Key> {
        let usual = if start.shares_stripe { SHARING } else { SEPARATE };
        let usual = usual.into_iter().map(str::to_owned).filter(|_| self.names.is_empty());
        let names: Vec<_> = self.names.iter().cloned().chain(usual).take(self.bounds.keys).collect();
        let derived = names.iter().filter(|_| self.derived).map(|name| match name.strip_prefix("user") {
            Some(rest) => format!("profile{rest}"),
            None => format!("profile-of-{name}"),
        });
        names.iter().cloned().chain(derived).map(|name| Key::new(&name)).collect()
    }

    /// The keys of a client with as many keys as the family allows, from this start.
    pub fn keys_from(&self, start: Start) -> Vec<Key> {
        let mut keys = self.keys(start);
        keys.truncate(self.bounds.keys);
        keys
    }

    /// The calls that a thread can make. Derived keys are only read.
    fn alphabet(&self) -> Vec<Symbol> {
        let keys = self.bounds.keys;
        let of_kind = |(kind, &its): (usize, &OpKind)| {
            let last = match its {
                OpKind::Reconnect | OpKind::Heartbeat => 1,
                OpKind::Get if self.derived => 2 * keys,
                _ => keys,
            };
            (0..last).map(move |key| Symbol { kind, key })
        };
        self.operations.iter().enumerate().flat_map(of_kind).collect()
    }

    /// One client of each class, the smallest first: by calls, then threads, then keys.
    pub(super) fn clients(&self) -> Result<Vec<Client<Symbol>>, FamilyError> {
        // The stripes of derived keys are arbitrary, so that their exchange can change a client.
        let exchanged = if self.derived || self.script.is_some() { 1 } else { self.bounds.keys };
        let renamings = permutations(exchanged);
        let rename = |order: &[usize], call: Symbol| match self.operations[call.kind].is_of_node()
            || order.len() == 1
        {
            true => call,
            false => Symbol { key: order[call.key], ..call },
        };
        let renamings: Vec<_> = renamings.iter().map(|order| move |call| rename(order, call)).collect();
        let renamings: Vec<&dyn Fn(Symbol) -> Symbol> = renamings.iter().map(|its| its as _).collect();
        let Bounds { calls, threads, .. } = self.bounds;
        let enumeration = Enumeration {
            alphabet: &self.alphabet(),
            nodes: self.nodes,
            calls,
            threads,
            renamings: &renamings,
            orders_threads: self.by_name,
            most: MOST_CLIENTS,
        };
        let mut clients = enumeration.all().ok_or_else(|| {
            error(
                format!("more than {} clients", crate::number::grouped(MOST_CLIENTS as u64)),
                "name smaller bounds or fewer operations",
            )
        })?;
        // The sort is stable: the order within one size is that of the enumeration.
        clients.sort_by_key(|client| self.size(client));
        Ok(clients)
    }

    /// The numbers of calls, threads and keys of a client.
    pub(super) fn size(&self, client: &Client<Symbol>) -> (usize, usize, usize) {
        let named = |call: Symbol| match self.operations[call.kind].is_of_node() {
            true => None,
            false => Some(call.key % self.bounds.keys),
        };
        let keys = different(client, named);
        (calls(client), client.len(), keys.max(1))
    }

    /// Whether the client runs from this start.
    ///
    /// A warm local tier over a remote tier that has lost the key disagrees with the source of
    /// truth before any call. A client that does not write the key shows that, with any cache. So
    /// from this start only the clients run that write each of their keys.
    pub(super) fn applies(&self, client: &Client<Symbol>, start: Start) -> bool {
        let disagrees =
            (start.local, start.remote, self.source) == (Local::Warm, RemoteStart::Absent, Source::Remote);
        let calls = || client.iter().flat_map(|program| &program.calls);
        let of_key = |call: &&Symbol| !self.operations[call.kind].is_of_node();
        let keys: BTreeSet<usize> = calls().filter(of_key).map(|call| call.key).collect();
        let is_write = |call: &&Symbol| WRITES.contains(&self.operations[call.kind]);
        let written: BTreeSet<usize> = calls().filter(is_write).map(|call| call.key).collect();
        (!disagrees || keys == written) && (!start.shares_stripe || self.size(client).2 > 1)
    }

    /// Whether larger clients of the family contain this one, from this start.
    pub(super) fn is_contained(&self, client: &Client<Symbol>, start: Start) -> bool {
        let (calls, _, keys) = self.size(client);
        // The observer reads derived keys too.
        let keys = if self.derived { 2 * keys } else { keys };
        let operations = client.iter().flat_map(|program| &program.calls);
        self.may_skip()
            && self.contains_larger(start, calls, keys, operations.map(|call| self.operations[call.kind]))
    }

    /// The client from this start, as a case.
    pub(super) fn case(&self, client: &Client<Symbol>, start: Start) -> Case {
        let keys = self.keys(start);
        let op = |call: &Symbol, node: usize| {
            let kind = self.operations[call.kind];
            let key = if kind.is_of_node() { Key::new(crate::scenario::NODES[node]) } else { keys[call.key] };
            Op { kind, key }
        };
        let ops = |program: &Program<Symbol>| {
            program.calls.iter().map(|call| op(call, program.node)).collect::<Vec<_>>()
        };
        let mut threads: Vec<_> = client
            .iter()
            .map(|program| {
                let ops = ops(program);
                ThreadSpec { name: name(&ops).to_owned(), node: program.node, ops, spared: false }
            })
            .collect();
        number(&mut threads);
        let used: BTreeSet<Key> = threads.iter().flat_map(|thread| &thread.ops).map(|op| op.key).collect();
        let (named, made) = keys.split_at(self.bounds.keys);
        let derived = named.iter().zip(made).filter(|(key, made)| used.contains(key) || used.contains(made));
        Case {
            scenario: format!("prove-{}", self.label()),
            name: "only".to_owned(),
            labels: Vec::new(),
            cache: self.cache.clone(),
            script: self.script.clone(),
            local: start.local,
            remote: start.remote,
            source: self.source,
            derived: derived.map(|(&key, &made)| (key, vec![made])).collect::<BTreeMap<_, _>>(),
            nodes: self.nodes,
            faults: self.faults,
            drops: self.drops,
            specials: self.specials.clone(),
            threads,
            expectation: Expectation { expected: Expected::Consistency(self.level), bounded: false },
            expected_at: SourceLine { file: "prove".to_owned(), line: 1 },
        }
    }

    /// Checks that the cache, with these abilities, and the engine can run every client.
    ///
    /// # Errors
    ///
    /// If the cache does not support an operation or an addition, or if a client needs more tasks
    /// than a run has.
    pub(super) fn check_abilities(&self, abilities: &[Ability]) -> Result<(), FamilyError> {
        let abilities = self.script.as_ref().map_or(abilities, |script| script.abilities());
        let spawned = self.script.as_ref().map_or(0, |script| script.most_tasks()) * self.nodes;
        let alphabet = self.alphabet();
        let start = self.starts[0];
        // The longest thread of each call has the most tasks of one kind.
        for &call in &alphabet {
            let calls = vec![call; self.bounds.calls];
            let case = self.case(&vec![Program::new(0, calls)], start);
            if let Some(ability) = case.unsupported(abilities) {
                return Err(error(
                    format!("the cache `{}` does not support `{ability}`", self.cache),
                    format!("remove what requires `{ability}`, or name another cache"),
                ));
            }
            let tasks = case.tasks() + self.bounds.threads + spawned;
            if tasks > MAX_TASKS {
                return Err(error(
                    format!(
                        "a client with {} calls needs {tasks} tasks, but a run has {MAX_TASKS}",
                        self.bounds.calls
                    ),
                    "name fewer calls or threads, or remove `fault`, `drop` or `nodes`",
                ));
            }
        }
        Ok(())
    }
}

/// The name of a thread by its operations.
fn name(ops: &[Op]) -> &'static str {
    let reads = |op: &Op| {
        matches!(op.kind, OpKind::Get | OpKind::GetMany | OpKind::Load | OpKind::Refresh | OpKind::Stall)
    };
    match (ops.iter().all(reads), ops.iter().any(reads)) {
        (true, _) => "reader",
        (false, false) => "writer",
        (false, true) => "both",
    }
}

/// Numbers the threads that have the same name.
fn number(threads: &mut [ThreadSpec]) {
    for base in ["reader", "writer", "both"] {
        let mut its: Vec<_> = threads.iter_mut().filter(|thread| thread.name == base).collect();
        if its.len() > 1 {
            its.iter_mut().enumerate().for_each(|(nth, thread)| thread.name = format!("{base}-{}", nth + 1));
        }
    }
}

/// Every order of the numbers from 0 to `count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |orders, new| {
        let with = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, new);
                longer
            })
        };
        orders.iter().flat_map(with).collect()
    })
}
