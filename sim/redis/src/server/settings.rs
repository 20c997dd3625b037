//! What `CONFIG SET` can change, and a test can.

use crate::notify::Events;

/// Settings of the server.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `notify-keyspace-events`.
    pub(crate) events: Events,
    /// A script that touches a key it was not given is refused.
    pub(crate) declared_keys_only: bool,
}
