//! The source of truth, for a cache that brings its own remote tier.

use std::fmt;
use std::sync::{Arc, OnceLock};
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
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) start: Vec<(Key, Option<Value>)>,
    /// How long what is there at the start is there, if it can expire.
    pub(crate) ttl: Option<Duration>,
    /// Whether the remote tier is the source of truth. If not, it makes no versions.
    pub(crate) is_source: bool,
    /// How many commands fail at most in a run.
    pub(crate) faults: u32,
    pub(crate) order: Arc<Acknowledging>,
}

/// What a tier that is not the world's does when a write is acknowledged that the operation's own task has not made: a step
/// which conflicts with each of the tier's, so that the order of the two is the same in all schedules of a class.
#[derive(Default)]
pub(crate) struct Acknowledging(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl Acknowledging {
    /// The tier is in use. There is one at the most.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only the simulated Redis is such a tier"))]
    pub(crate) fn by(&self, step: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(step));
    }

    /// A write is acknowledged.
    pub(super) fn step(&self) {
        if let Some(step) = self.0.get() {
            step();
        }
    }
}

impl fmt::Debug for Acknowledging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledging").finish_non_exhaustive()
    }
}

#[cfg(feature = "redis")]
impl Truth {
    /// The calling thread has written the key, in its last event.
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

    /// The calling thread has read the key, in its last event.
    pub(crate) fn found<P: Simulated>(&self, key: Key, content: Option<Value>) {
        if self.is_source {
            self.recorder.found::<P>(key, content);
        }
    }
}
