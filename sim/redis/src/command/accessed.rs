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
        let key = |at: usize| self.words()[at].clone();
        if spec.keys.is_any(self.words()) {
            return Keys::All;
        }
        let writes = match spec.access {
            // A script may change the keys passed to it.
            Access::Neither
                if matches!(spec.keys, KeyPositions::Counted(_)) && !spec.name.ends_with("_ro") =>
            {
                positions.clone()
            }
            // `WATCH` only reads its keys.
            Access::Read | Access::Neither => Vec::new(),
            Access::Write | Access::ReadAlone => {
                spec.keys.destination(self.words()).unwrap_or_else(|| positions.clone())
            }
        };
        let reads = positions.into_iter().filter(|at| !writes.contains(at)).map(key).collect();
        let writes: BTreeSet<_> = writes.iter().map(|at| key(*at)).collect();
        let reads: BTreeSet<_> = reads;
        Keys::Known { reads: reads.difference(&writes).cloned().collect(), writes }
    }
}
