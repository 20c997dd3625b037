//! The server's settings.

use bytes::Bytes;

use super::Policy;
use crate::notify::Events;

/// The settings of the server.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `notify-keyspace-events`.
    pub(crate) events: Events,
    /// `requirepass`.
    pub(crate) password: Bytes,
    /// `maxmemory` in bytes; 0 if there is no limit.
    pub(crate) max_memory: usize,
    /// `maxmemory-policy`.
    pub(crate) policy: Policy,
    /// Whether scripts that access undeclared keys are rejected.
    pub(crate) declared_keys_only: bool,
    /// Whether commands that choose at random are rejected if there is more than one choice: an
    /// exploration would cover only one of them.
    pub(crate) rejects_random_choices: bool,
}
