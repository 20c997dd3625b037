//! What the runs of a case came to that no schedule of its search goes on with: then it is bounded, and not clean.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What was left out. Filled by the runs, whichever of them comes there.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<BTreeSet<&'static str>>);

impl Limits {
    /// Something was left out.
    pub(super) fn note(&self, what: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
    }

    /// All that was left out, in a sentence; `None` if nothing was.
    pub(crate) fn told(&self) -> Option<String> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!noted.is_empty()).then(|| noted.iter().copied().collect::<Vec<_>>().join("; "))
    }
}

/// A command that the [choice](super::mishaps) of what goes wrong leaves out.
pub(super) const MORE_COMMANDS: &str = "an operation sent more commands than were let fail: only a read's first command, load and fill fail, and a write's \
     first command";

/// The notifications of other nodes, in a case with faults.
pub(super) const NO_LOST_NOTIFICATION: &str = "faults apply to commands and loads: that a notification from another node is lost \
     was not explored";

/// A deadline in a tier whose keys stay for the whole run.
pub(super) const NO_EXPIRY: &str =
    "a key of the remote tier has a deadline that could not pass: let it, with remote = \"expiring\"";
