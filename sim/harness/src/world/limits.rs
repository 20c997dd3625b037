//! Behaviour that the search of a case omits. The verdict is then bounded, not clean.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The omissions. All runs add to them.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<BTreeSet<Cow<'static, str>>>);

impl Limits {
    /// Adds an omission.
    pub(crate) fn note(&self, what: impl Into<Cow<'static, str>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(what.into());
    }

    /// All omissions in one sentence; `None` if there are none.
    pub(crate) fn summary(&self) -> Option<String> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!noted.is_empty()).then(|| noted.iter().map(Cow::as_ref).collect::<Vec<_>>().join("; "))
    }
}

/// A command that the [choice](super::faults) of faults omits.
pub(super) const MORE_COMMANDS: &str = "an operation sent more commands than were let fail: only a read's first command, load and fill fail, and a write's \
     first command";

/// Notifications of other nodes, in a case with faults.
pub(super) const NO_LOST_NOTIFICATION: &str = "faults apply to commands and loads: that a notification from another node is lost \
     was not explored";

/// A deadline in a tier whose keys do not expire.
pub(super) const NO_EXPIRY: &str =
    "a key of the remote tier has a deadline that could not pass: allow it with remote = \"expiring\"";
