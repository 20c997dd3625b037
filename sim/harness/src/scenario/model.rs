//! A scenario, read and expanded: what the runner and the reports see of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::Expectation;
use crate::history::Key;

/// What the process-local tier holds at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Local {
    /// Nothing.
    Cold,
    /// Version 0 of every key, with a deadline that the run does not reach.
    Warm,
    /// Version 0 of every key, its deadline past.
    Expired,
    /// Version 0 of every key, and the deadline may pass at any point of the run.
    Expiring,
}

impl Local {
    /// All of them.
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

/// What the remote tier holds at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemoteStart {
    /// Version 0 of every key.
    Present,
    /// Nothing.
    Absent,
    /// Version 0 of every key, and the deadline may pass at any point of the run. So may that of what the cache puts there
    /// with a time to live.
    Expiring,
}

impl RemoteStart {
    /// All of them.
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

/// Where the truth is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The remote tier: what is written there is the newest version.
    #[default]
    Remote,
    /// A database behind it. A get loads from it what no tier has; a set or a delete writes it, and then deletes the key in
    /// the cache until that is acknowledged.
    Database,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 2] = [Source::Remote, Source::Database];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Source::Remote => "remote",
            Source::Database => "database",
        }
    }
}

/// What is otherwise than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Special {
    /// The remote tier gives leases.
    Leases,
    /// The remote tier is never certain that a lost write cannot come any more.
    NeverSettles,
    /// The cache keeps locally that a key has no value.
    KeepsAbsent,
    /// The cache asks the database if the remote tier fails.
    PassesOver,
    /// The local tier has room for one entry.
    OneEntry,
}

impl Special {
    /// All of them.
    pub const ALL: [Special; 5] = [
        Special::Leases,
        Special::NeverSettles,
        Special::KeepsAbsent,
        Special::PassesOver,
        Special::OneEntry,
    ];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Special::Leases => "leases",
            Special::NeverSettles => "never-settles",
            Special::KeepsAbsent => "keeps-absent",
            Special::PassesOver => "passes-over",
            Special::OneEntry => "one-entry",
        }
    }

    /// Whether it concerns loads from a source of truth behind the remote tier, and nothing else.
    pub(super) fn is_of_loads(self) -> bool {
        match self {
            Special::Leases | Special::PassesOver => true,
            Special::NeverSettles | Special::KeepsAbsent | Special::OneEntry => false,
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

/// Which operation on the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpKind {
    /// Read the key.
    Get,
    /// Write the key's next version.
    Set,
    /// Delete the key.
    Delete,
    /// The local tier makes room: the key leaves it.
    Evict,
    /// The remote tier makes room: the key leaves it. Only where the truth is behind it.
    Forget,
    /// Another node writes the key's next version, as this one would, and tells this one.
    Told,
    /// As `Told`, but what is told is that any key may have been written.
    ToldAll,
    /// Another node writes the key's next version and notifies nobody. It is acknowledged once every local entry that was read
    /// before has expired.
    Untold,
    /// Read the key in one call with all keys of the case, which loads nothing.
    GetMany,
    /// Read the key, with a loader that makes its next version. Only where the truth is the remote tier.
    Load,
    /// Begin a `get`, leave its future unpolled at one of its commands, and resume or drop it after the thread's last
    /// operation.
    Stall,
}

impl OpKind {
    /// All of them.
    pub const ALL: [OpKind; 11] = [
        OpKind::Get,
        OpKind::Set,
        OpKind::Delete,
        OpKind::Evict,
        OpKind::Forget,
        OpKind::Told,
        OpKind::ToldAll,
        OpKind::Untold,
        OpKind::GetMany,
        OpKind::Load,
        OpKind::Stall,
    ];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            OpKind::Get => "get",
            OpKind::Set => "set",
            OpKind::Delete => "delete",
            OpKind::Evict => "evict",
            OpKind::Forget => "forget",
            OpKind::Told => "told",
            OpKind::ToldAll => "told-all",
            OpKind::Untold => "untold",
            OpKind::GetMany => "get-many",
            OpKind::Load => "load",
            OpKind::Stall => "stall",
        }
    }
}

/// One operation of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Which operation.
    pub kind: OpKind,
    /// On which key.
    pub key: Key,
}

/// A thread with its operations, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadSpec {
    /// Its name; unique in the case.
    pub name: String,
    /// What it does; never empty.
    pub ops: Vec<Op>,
    /// Whether nothing goes wrong in it, whatever the case's faults and drops.
    pub spared: bool,
}

/// A line of a file, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file, as it was named.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// One combination of the axes' values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The scenario's name.
    pub scenario: String,
    /// The case's name: `local=cold,readers=1`.
    pub name: String,
    /// Its label on each of [`Scenario::axes`].
    pub labels: Vec<String>,
    /// The cache under test.
    pub cache: String,
    /// What the process-local tier holds at the start.
    pub local: Local,
    /// What the remote tier holds at the start.
    pub remote: RemoteStart,
    /// Where the truth is.
    pub source: Source,
    /// Keys whose values are made from another key's, by that key.
    pub derived: BTreeMap<Key, Vec<Key>>,
    /// How many commands and loads fail at most in a run: any of them, in any way.
    pub faults: u32,
    /// How many operations are dropped at most in a run: at any point at which they wait.
    pub drops: u32,
    /// What is otherwise than usual.
    pub specials: BTreeSet<Special>,
    /// The threads, in the order of the file; never empty.
    pub threads: Vec<ThreadSpec>,
    /// What must come of it.
    pub expectation: Expectation,
    /// Where that is said.
    pub expected_at: SourceLine,
}

impl Case {
    /// Whether the clock moves in a run: a thread `clock` moves it past the deadlines, at any point.
    pub fn has_clock(&self) -> bool {
        self.local == Local::Expiring || self.remote == RemoteStart::Expiring
    }

    /// Every key that an operation names, or that is derived or derived from, in the order of their names.
    pub fn keys(&self) -> BTreeSet<Key> {
        let named = self.threads.iter().flat_map(|thread| &thread.ops).map(|op| op.key);
        let derived = self.derived.iter().flat_map(|(key, derived)| std::iter::once(key).chain(derived));
        named.chain(derived.copied()).collect()
    }

    /// Whether any thread does this.
    pub(crate) fn has(&self, kind: OpKind) -> bool {
        self.threads.iter().flat_map(|thread| &thread.ops).any(|op| op.kind == kind)
    }

    /// Why the case has no states that a search could tell apart, if it has none.
    pub(crate) fn unfit_for_states(&self) -> Option<String> {
        let unfit = [OpKind::Untold, OpKind::GetMany, OpKind::Load, OpKind::Stall]
            .into_iter()
            .find(|&kind| self.has(kind))?;
        Some(format!("the operation `{}` leaves something that no state has", unfit.name()))
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
    /// One line of what it shows.
    pub about: String,
    /// The file that it was read from; `None` for one that ships.
    pub file: Option<PathBuf>,
    /// What multiplies it.
    pub axes: Vec<Axis>,
    /// Every combination, the last axis running fastest. Who wants some of them alone takes the others out.
    pub cases: Vec<Case>,
    /// The names of all cases that the text has.
    pub every_case: Vec<String>,
}
