//! The source of truth, for a cache that brings its own remote tier.

use std::sync::Arc;
use std::time::Duration;

use super::Recorder;
#[cfg(feature = "redis")]
use crate::backends::Simulated;
use crate::history::{Key, Value};

/// What a remote tier that is not the world's must know to be the source of truth: what it holds at the start, and whom it
/// tells of each version.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only the simulated Redis is such a tier"))]
pub(crate) struct Truth {
    pub(super) recorder: Arc<Recorder>,
    pub(crate) start: Vec<(Key, Option<Value>)>,
    /// How long what is there at the start is there, if it can expire.
    pub(crate) ttl: Option<Duration>,
    /// Whether the remote tier is the source of truth. If not, it makes no versions.
    pub(crate) is_source: bool,
    /// How many commands fail at most in a run.
    pub(crate) faults: u32,
}

#[cfg(feature = "redis")]
impl Truth {
    /// The calling thread has made a version of the key, in its last event.
    pub(crate) fn written<P: Simulated>(&self, key: Key, content: Option<Value>) {
        if self.is_source {
            self.recorder.written::<P>(key, content);
        }
    }

    /// The key has expired, in the calling thread's last event.
    pub(crate) fn expired<P: Simulated>(&self, key: Key) {
        if self.is_source {
            self.recorder.expired::<P>(key);
        }
    }
}
