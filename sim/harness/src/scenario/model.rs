//! A scenario with its cases, for the runner and the reports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Expectation;
use crate::history::Key;
use crate::script::Script;

/// The initial content of the local tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Local {
    /// No entry.
    Cold,
    /// Version 0 of every key, which does not expire in the run.
    Warm,
    /// Version 0 of every key, already expired.
    Expired,
    /// Version 0 of every key, which may expire at any point of the run.
    Expiring,
}

impl Local {
    /// Every variant.
    pub const ALL: [Local; 4] = [Local::Cold, Local::Warm, Local::Expired, Local::Expiring];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Local::Cold => "cold",
            Local::Warm => "warm",
            Local::Expired => "expired",
            Local::Expiring => "expiring",
        }
    }
}

/// The initial content of the remote tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemoteStart {
    /// Version 0 of every key.
    Present,
    /// No entry.
    Absent,
    /// Version 0 of every key, which may expire at any point of the run. So may entries that the
    /// cache stores with a TTL.
    Expiring,
}

impl RemoteStart {
    /// Every variant.
    pub const ALL: [RemoteStart; 3] = [RemoteStart::Present, RemoteStart::Absent, RemoteStart::Expiring];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            RemoteStart::Present => "present",
            RemoteStart::Absent => "absent",
            RemoteStart::Expiring => "expiring",
        }
    }
}

/// The source of truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The remote tier: a write to it creates the newest version.
    #[default]
    Remote,
    /// A database behind the remote tier. `get` loads from it on a miss. `set` and `delete` write
    /// it, then delete the key from the cache until this is acknowledged.
    Database,
}

impl Source {
    /// Every variant.
    pub const ALL: [Source; 2] = [Source::Remote, Source::Database];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Source::Remote => "remote",
            Source::Database => "database",
        }
    }
}

/// A variation of the world or of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Special {
    /// The remote tier gives leases.
    Leases,
    /// The remote tier can never confirm that a lost write has settled.
    NeverSettles,
    /// The cache stores locally that a key has no value.
    KeepsAbsent,
    /// The cache queries the database if the remote tier fails.
    PassesOver,
    /// The local tier has room for one entry.
    OneEntry,
    /// A writer notifies the other nodes before it writes the remote tier.
    NotifiesFirst,
    /// The nodes are at the level `Strict`.
    Strict,
    /// A node's lease is measured from the reply to its renewal, and not from before the request.
    LeaseFromReply,
    /// A node answers an opening before it has applied it.
    AnswersFirst,
}

impl Special {
    /// Every variant.
    pub const ALL: [Special; 9] = [
        Special::Leases,
        Special::NeverSettles,
        Special::KeepsAbsent,
        Special::PassesOver,
        Special::OneEntry,
        Special::NotifiesFirst,
        Special::Strict,
        Special::LeaseFromReply,
        Special::AnswersFirst,
    ];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Special::Leases => "leases",
            Special::NeverSettles => "never-settles",
            Special::KeepsAbsent => "keeps-absent",
            Special::PassesOver => "passes-over",
            Special::OneEntry => "one-entry",
            Special::NotifiesFirst => "notifies-first",
            Special::Strict => "strict",
            Special::LeaseFromReply => "lease-from-reply",
            Special::AnswersFirst => "answers-first",
        }
    }

    /// Whether it affects only loads from a source of truth behind the remote tier.
    pub(crate) fn is_of_loads(self) -> bool {
        match self {
            Special::Leases | Special::PassesOver => true,
            Special::NeverSettles | Special::KeepsAbsent | Special::OneEntry | Special::NotifiesFirst => {
                false
            }
            Special::Strict | Special::LeaseFromReply | Special::AnswersFirst => false,
        }
    }
}

macro_rules! shown_by_name {
    ($($type:ty),*) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        })*
    };
}

shown_by_name!(Local, RemoteStart, Source, Special, OpKind);

/// The type of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpKind {
    /// Read the key.
    Get,
    /// Write the key's next version.
    Set,
    /// Delete the key.
    Delete,
    /// Read the key, and write the key's next version, which is computed from the value read.
    Update,
    /// Same as `Update`, but the write is refused if the source of truth no longer has the value
    /// read.
    CompareAndSet,
    /// Evict the key from the local tier.
    Evict,
    /// Evict the key from the remote tier. Only with a database as the source of truth.
    Forget,
    /// Another node writes the key's next version, as this one would, and notifies this one of it.
    Notified,
    /// Same as `Notified`, but the notification is that any key may have been written.
    NotifiedAll,
    /// Another node writes the key's next version without a notification. The write is acknowledged
    /// once every local entry that was read before has expired.
    Unnotified,
    /// Read all keys of the case in one call, without loading.
    GetMany,
    /// Read the key with a loader that creates its next version. Only with the remote tier as the
    /// source of truth. A script reads with its own `load`.
    Load,
    /// The cache loads the key again, in the foreground. The call answers nothing.
    Refresh,
    /// The node's connection for notifications is lost, with the notifications in flight; the node
    /// learns of it and connects again. Each at any later point.
    Reconnect,
    /// The node sends a command over its connection for notifications, and receives the answer
    /// after the notifications before it; or no answer, if the connection is lost.
    Heartbeat,
    /// Begin a `get`, stop polling its future at one of its commands, and resume or drop it after
    /// the thread's last operation.
    Stall,
    /// The node's clock passes the end of the lease that the node has. Only at the level `Strict`.
    LeaseEnds,
    /// The remote tier closes the key for all writes that have opened it: the time for which a key
    /// can be open has passed. Only at the level `Strict`.
    OpenEnds,
    /// The node stops: none of its later commands arrives, and no message reaches it. It may still
    /// serve its local tier, as a node does that is cut off from the network. Only at the level
    /// `Strict`.
    Stop,
    /// The remote tier loses its registry of nodes, and what is open, but no value. Only at the
    /// level `Strict`.
    RegistryLost,
}

impl OpKind {
    /// Every variant.
    pub const ALL: [OpKind; 20] = [
        OpKind::Get,
        OpKind::Set,
        OpKind::Delete,
        OpKind::Update,
        OpKind::CompareAndSet,
        OpKind::Evict,
        OpKind::Forget,
        OpKind::Notified,
        OpKind::NotifiedAll,
        OpKind::Unnotified,
        OpKind::GetMany,
        OpKind::Load,
        OpKind::Refresh,
        OpKind::Stall,
        OpKind::Reconnect,
        OpKind::Heartbeat,
        OpKind::LeaseEnds,
        OpKind::OpenEnds,
        OpKind::Stop,
        OpKind::RegistryLost,
    ];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            OpKind::Get => "get",
            OpKind::Set => "set",
            OpKind::Delete => "delete",
            OpKind::Update => "update",
            OpKind::CompareAndSet => "compare-and-set",
            OpKind::Evict => "evict",
            OpKind::Forget => "forget",
            OpKind::Notified => "notified",
            OpKind::NotifiedAll => "notified-all",
            OpKind::Unnotified => "unnotified",
            OpKind::GetMany => "get-many",
            OpKind::Load => "load",
            OpKind::Refresh => "refresh",
            OpKind::Stall => "stall",
            OpKind::Reconnect => "reconnect",
            OpKind::Heartbeat => "heartbeat",
            OpKind::LeaseEnds => "lease-ends",
            OpKind::OpenEnds => "open-ends",
            OpKind::Stop => "stop",
            OpKind::RegistryLost => "registry-lost",
        }
    }

    /// Whether its argument is a node, and not a key.
    pub(crate) fn is_of_node(self) -> bool {
        matches!(self, OpKind::Reconnect | OpKind::Heartbeat | OpKind::LeaseEnds | OpKind::Stop)
    }

    /// Whether it has an effect at the level `Strict` only.
    pub(super) fn is_strict(self) -> bool {
        matches!(self, OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost)
    }

    /// Whether it is modelled at the level `Strict`.
    pub(super) fn is_for_strict(self) -> bool {
        match self {
            OpKind::Get | OpKind::Set | OpKind::Delete | OpKind::Update | OpKind::Evict | OpKind::GetMany => {
                true
            }
            OpKind::Reconnect | OpKind::Heartbeat => true,
            OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost => true,
            // They write the remote tier without opening the key.
            OpKind::CompareAndSet | OpKind::Notified | OpKind::NotifiedAll | OpKind::Unnotified => false,
            OpKind::Forget | OpKind::Load | OpKind::Refresh | OpKind::Stall => false,
        }
    }
}

/// The names of the nodes, in order.
pub const NODES: [&str; 3] = ["a", "b", "c"];

/// One operation of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// The type of operation.
    pub kind: OpKind,
    /// The key; the node's name, if the operation is of a node.
    pub key: Key,
}

/// A thread with its operations, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadSpec {
    /// Its name; unique in the case.
    pub name: String,
    /// The node on which it runs: an index into [`NODES`].
    pub node: usize,
    /// Its operations; never empty.
    pub ops: Vec<Op>,
    /// Whether the thread is exempt from the case's faults and drops.
    pub spared: bool,
}

/// A line of a file, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file, as named by the user.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// A case: one combination of the axes' values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The scenario's name.
    pub scenario: String,
    /// The case's name: `local=cold,readers=1`.
    pub name: String,
    /// Its label on each of [`Scenario::axes`].
    pub labels: Vec<String>,
    /// The cache under test: its name, or its script's.
    pub cache: String,
    /// The script, if the cache is one.
    pub script: Option<Arc<Script>>,
    /// The initial content of the local tier.
    pub local: Local,
    /// The initial content of the remote tier.
    pub remote: RemoteStart,
    /// The source of truth.
    pub source: Source,
    /// The derived keys of each key.
    pub derived: BTreeMap<Key, Vec<Key>>,
    /// The number of nodes, each with a local tier of its own, from 1. With more than one, the
    /// remote tier notifies each node of the others' writes.
    pub nodes: usize,
    /// The maximum number of failed commands and loads in a run: any of them, in any way.
    pub faults: u32,
    /// The maximum number of dropped operations in a run: at any point at which they wait.
    pub drops: u32,
    /// A variation of the world or of the cache.
    pub specials: BTreeSet<Special>,
    /// The threads, in the order of the file; never empty.
    pub threads: Vec<ThreadSpec>,
    /// The expected result.
    pub expectation: Expectation,
    /// The line of the expectation.
    pub expected_at: SourceLine,
}

impl Case {
    /// Whether time passes in a run: a thread `clock` advances it past the deadlines, at any point.
    pub fn has_clock(&self) -> bool {
        self.local == Local::Expiring || self.remote == RemoteStart::Expiring
    }

    /// Every key of an operation, and every derived or deriving key, sorted by name.
    pub fn keys(&self) -> BTreeSet<Key> {
        let ops = self.threads.iter().flat_map(|thread| &thread.ops);
        let named = ops.filter(|op| !op.kind.is_of_node()).map(|op| op.key);
        let derived = self.derived.iter().flat_map(|(key, derived)| std::iter::once(key).chain(derived));
        named.chain(derived.copied()).collect()
    }

    /// Whether any thread has such an operation.
    pub(crate) fn has(&self, kind: OpKind) -> bool {
        self.threads.iter().flat_map(|thread| &thread.ops).any(|op| op.kind == kind)
    }

    /// Why the case does not support a stateful search, if so.
    pub(crate) fn unfit_for_states(&self) -> Option<String> {
        let unfit = [OpKind::Unnotified, OpKind::GetMany, OpKind::Load, OpKind::Stall, OpKind::Heartbeat]
            .into_iter()
            // A script's `load` is a read.
            .find(|&kind| self.has(kind) && !(kind == OpKind::Load && self.script.is_some()))?;
        Some(format!("the operation `{}` leaves an effect outside the state", unfit.name()))
    }
}

/// An axis: its name and its values' labels, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The axis's name.
    pub name: String,
    /// Its values' labels.
    pub labels: Vec<String>,
}

/// A scenario and all its cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Its description, in one line.
    pub about: String,
    /// Its file; `None` for a shipped one.
    pub file: Option<PathBuf>,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// Its cases; the last axis varies fastest. Remove those that are not to be explored.
    pub cases: Vec<Case>,
    /// The names of all cases in the file.
    pub every_case: Vec<String>,
}
