//! An entry of the remote tier.

use std::time::Duration;

use crate::history::Value;

/// The remote tier's entry of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    /// The value. A deleted key has an entry without one.
    pub(crate) content: Option<Value>,
    /// When it expires, by the run's clock; `None` for never.
    pub(crate) deadline: Option<Duration>,
    /// The writes that have it open, at the level `Strict`: one bit each.
    pub(crate) open: u64,
}

impl Held {
    /// An entry that no write has open.
    pub(crate) fn of(content: Option<Value>, deadline: Option<Duration>) -> Self {
        Held { content, deadline, open: 0 }
    }
}
