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
}
