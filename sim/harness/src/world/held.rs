//! What the remote tier holds of a key.

use std::time::Duration;

use crate::history::Value;

/// What the remote tier holds of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    /// The value. A deleted key is held as absent.
    pub(crate) content: Option<Value>,
    /// When it expires, by the run's clock; `None` is "never".
    pub(crate) deadline: Option<Duration>,
}
