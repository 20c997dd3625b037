//! The source of truth, for a cache that brings its own remote tier.

use std::sync::Arc;

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
}

#[cfg(feature = "redis")]
impl Truth {
    /// The calling thread has made a version of the key, in its last event.
    pub(crate) fn written<P: Simulated>(&self, key: Key, content: Option<Value>) {
        self.recorder.written::<P>(key, content);
    }
}
