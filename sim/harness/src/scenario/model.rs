//! A scenario, read and expanded: what the runner and the reports see of it.

use std::collections::BTreeSet;
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
}

impl RemoteStart {
    /// All of them.
    pub const ALL: [RemoteStart; 2] = [RemoteStart::Present, RemoteStart::Absent];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            RemoteStart::Present => "present",
            RemoteStart::Absent => "absent",
        }
    }
}

/// Which operation on the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpKind {
    /// Read the key.
    Get,
    /// Write the key's next version.
    Set,
    /// Delete the key.
    Delete,
}

impl OpKind {
    /// All of them.
    pub const ALL: [OpKind; 3] = [OpKind::Get, OpKind::Set, OpKind::Delete];

    /// Its name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            OpKind::Get => "get",
            OpKind::Set => "set",
            OpKind::Delete => "delete",
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
    /// The threads, in the order of the file; never empty.
    pub threads: Vec<ThreadSpec>,
    /// What must come of it.
    pub expectation: Expectation,
    /// Where that is said.
    pub expected_at: SourceLine,
}

impl Case {
    /// Every key that an operation names, in the order of their names.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.threads.iter().flat_map(|thread| &thread.ops).map(|op| op.key).collect()
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
