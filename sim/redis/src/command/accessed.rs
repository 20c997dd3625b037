//! The keys that a command accesses.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::spec::{Access, KeyPositions};
use super::table::find;
use crate::request::Command;

/// The keys that a command accesses, as derived from its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Exactly these keys.
    Known {
        /// Keys that are read and not changed. Reading an expired key removes it.
        reads: BTreeSet<Bytes>,
        /// Keys that may be changed.
        writes: BTreeSet<Bytes>,
    },
    /// Any key.
    All,
}

impl Keys {
    /// No keys.
    pub fn none() -> Self {
        Keys::Known { reads: BTreeSet::new(), writes: BTreeSet::new() }
    }
}

impl Command {
    /// The keys that the command accesses. `EXEC` accesses the keys of its queued commands, which
    /// its own arguments do not contain: see [`Server::footprint`](crate::Server::footprint).
    pub fn keys(&self) -> Keys {
        let Ok(spec) = find(self.words()) else { return Keys::none() };
        let Ok(positions) = spec.keys.positions(self.words()) else { return Keys::none() };
        let keys = positions.map(|at| self.words()[at].clone()).collect();
        match (spec.keys, spec.access) {
            (KeyPositions::Any, _) => Keys::All,
            (KeyPositions::None, _) => Keys::none(),
            // A script may change the keys passed to it; `WATCH` only reads its keys.
            (KeyPositions::Counted, _) => Keys::Known { reads: BTreeSet::new(), writes: keys },
            (_, Access::Read | Access::Neither) => Keys::Known { reads: keys, writes: BTreeSet::new() },
            (_, Access::Write) => Keys::Known { reads: BTreeSet::new(), writes: keys },
        }
    }
}
