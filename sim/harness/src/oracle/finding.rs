//! What the oracle says of a history.

use std::fmt;

use crate::history::{Key, OperationId, Value};

/// A rule that a read can break. The order is that of reports: the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The read returned a value that was never its key's, but is another key's.
    Crossed,
    /// The read returned a value that nobody wrote.
    Phantom,
    /// The read returned a version older than one whose write was acknowledged before the read was invoked.
    Stale,
    /// The read returned a version older than one that an earlier, finished read returned.
    Inverted,
    /// After everything had settled, the read returned a version that is not the last.
    Lasting,
}

impl Rule {
    /// Every rule, in the order of reports.
    pub const ALL: [Rule; 5] = [Rule::Crossed, Rule::Phantom, Rule::Stale, Rule::Inverted, Rule::Lasting];

    /// The rule's name, as scenarios and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Crossed => "crossed",
            Rule::Phantom => "phantom",
            Rule::Stale => "stale",
            Rule::Inverted => "inverted",
            Rule::Lasting => "lasting",
        }
    }

    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Rule::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A read that broke a rule, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The read that broke it.
    pub read: OperationId,
    /// The key that was read.
    pub key: Key,
    /// What the read returned; `None` is "absent".
    pub returned: Option<Value>,
    /// What it should have returned at the least: the newer version. (`Some(None)`: the key had been deleted.) `None`
    /// where there is no such version, for `crossed` and `phantom`.
    pub newer: Option<Option<Value>>,
    /// The operation that ended before the read was invoked: the acknowledged write (stale), the earlier read
    /// (inverted), the write that made the last version (lasting, if it was not the read itself). A schedule that shows the
    /// violation puts all of it before all of the read. It may have to have more in order: see [`ways`](super::ways).
    pub before: Option<OperationId>,
}
