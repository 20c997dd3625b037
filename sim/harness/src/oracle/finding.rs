//! The oracle's findings in a history.

use std::fmt;

use crate::history::{Key, OperationId, Value};

/// A rule that a read or an update can violate. Ordered as in reports: the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The read returned another key's value, which its own key never had.
    Crossed,
    /// The read returned a value that no operation wrote.
    Phantom,
    /// The update overwrote an acknowledged version that it had not read: its value is computed
    /// from an older one.
    LostUpdate,
    /// The read returned a version older than one acknowledged before the read was invoked.
    Stale,
    /// The read returned a version older than one whose notification its node had applied before
    /// the read was invoked.
    OlderThanDelivered,
    /// The read returned a version older than one that was acknowledged longer ago than the node's
    /// bound on staleness.
    BeyondBound,
    /// The read returned a version older than one that an earlier, finished read returned.
    Inverted,
    /// The read returned a version older than one that an earlier, finished read of its own node
    /// returned.
    Backwards,
    /// After all threads had ended, the read returned a version that is not the last.
    Lasting,
}

impl Rule {
    /// Every rule, in the order of reports.
    pub const ALL: [Rule; 9] = [
        Rule::Crossed,
        Rule::Phantom,
        Rule::LostUpdate,
        Rule::Stale,
        Rule::OlderThanDelivered,
        Rule::BeyondBound,
        Rule::Inverted,
        Rule::Backwards,
        Rule::Lasting,
    ];

    /// The rule's name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Crossed => "crossed",
            Rule::Phantom => "phantom",
            Rule::LostUpdate => "lost-update",
            Rule::Stale => "stale",
            Rule::OlderThanDelivered => "older-than-delivered",
            Rule::BeyondBound => "beyond-bound",
            Rule::Inverted => "inverted",
            Rule::Backwards => "backwards",
            Rule::Lasting => "lasting",
        }
    }

    /// Whether the rule judges a read by its own node's operations.
    pub fn is_of_nodes(self) -> bool {
        matches!(self, Rule::OlderThanDelivered | Rule::BeyondBound | Rule::Backwards)
    }

    /// Returns the rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Rule::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A read or an update that violates a rule, with the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The read that violates it; for `lost-update`, the update that overwrote the version.
    pub read: OperationId,
    /// The key that was read.
    pub key: Key,
    /// The value that the read returned, or from which the update computed its own; `None` is
    /// "absent".
    pub returned: Option<Value>,
    /// The oldest version that the read may return, newer than the returned one. (`Some(None)`: the
    /// key had been deleted.) For `lost-update`, the version that was lost. `None` for `crossed`
    /// and `phantom`, which have no such version.
    pub newer: Option<Option<Value>>,
    /// The operation that completed before the read was invoked: the acknowledged write (stale),
    /// the earlier read (inverted), the write of the last version (lasting, unless it is the read
    /// itself). A schedule that shows the violation has all of it before all of the read. It may
    /// require more order: see [`evidence`](super::evidence()). For `lost-update`, the operation
    /// whose version was lost: every schedule of the class shows it.
    pub before: Option<OperationId>,
}
