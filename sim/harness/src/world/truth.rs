//! The source of truth, for a cache with its own remote tier.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::store::Store;
use super::{Limits, Recorder};
use crate::backends::Simulated;
use crate::history::{Key, Value};
use crate::protocols::Failure;

/// Makes a custom remote tier the source of truth: its contents at the start, and the recorder of
/// its versions.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only the simulated Redis uses all of it"))]
pub(crate) struct Truth {
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) start: Vec<(Key, Option<Value>)>,
    /// Time to live of the contents at the start, if they can expire.
    pub(crate) ttl: Option<Duration>,
    /// Whether the remote tier is the source of truth. If not, it makes no versions.
    pub(crate) is_source: bool,
    /// The maximum number of commands that fail in a run.
    pub(crate) faults: u32,
    pub(crate) order: Arc<Acknowledging>,
    /// The compare-and-set of the simulated remote tier.
    pub(crate) conditional: Conditional,
    /// The database behind the remote tier, if there is one.
    pub(crate) database: Option<Database>,
    /// Messages to the other nodes.
    pub(crate) publish: Publish,
    /// The omissions of the search.
    pub(crate) limits: Arc<Limits>,
    /// The node that is being built.
    pub(crate) node: usize,
}

/// Messages to the other nodes.
#[derive(Clone)]
pub(crate) struct Publish(Arc<dyn Fn(usize, Key) + Send + Sync>);

impl Publish {
    pub(super) fn new(publish: impl Fn(usize, Key) + Send + Sync + 'static) -> Self {
        Publish(Arc::new(publish))
    }

    /// The node sends a message about the key to every other node.
    pub(crate) fn publish(&self, node: usize, key: Key) {
        (self.0)(node, key);
    }
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish").finish_non_exhaustive()
    }
}

/// The database, for a cache that reads and writes it itself.
#[derive(Clone)]
pub(crate) struct Database {
    load: Arc<dyn Fn(Key) -> Loaded + Send + Sync>,
    write: Arc<dyn Fn(Key, Option<Value>) + Send + Sync>,
}

type Loaded = Pin<Box<dyn Future<Output = Result<Option<Value>, Failure>> + Send>>;

impl Database {
    pub(super) fn of<P: Simulated>(store: &Store<P>) -> Self
    where
        P::Clock: 'static,
    {
        let (read, written) = (store.clone(), store.clone());
        Database {
            load: Arc::new(move |key| {
                let store = read.clone();
                Box::pin(async move { store.load(key).await })
            }),
            write: Arc::new(move |key, content| written.write_database(key, content)),
        }
    }

    /// Reads the key. One step, which can fail.
    pub(crate) fn load(&self, key: Key) -> Loaded {
        (self.load)(key)
    }

    /// Writes the key. One step.
    pub(crate) fn write(&self, key: Key, content: Option<Value>) {
        (self.write)(key, content);
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// The compare-and-set of the simulated remote tier, which [`selvedge::Remote`] does not have.
#[derive(Clone)]
pub(crate) struct Conditional(Arc<dyn Fn(Key, Option<Value>, Value) -> Answer + Send + Sync>);

type Answer = Pin<Box<dyn Future<Output = Result<bool, Failure>> + Send>>;

impl Conditional {
    pub(super) fn at<P: Simulated>(store: &Store<P>) -> Self
    where
        P::Clock: 'static,
    {
        let store = store.clone();
        Conditional(Arc::new(move |key, expected, value| {
            let store = store.clone();
            Box::pin(async move { store.compare_and_set(key, expected, value).await })
        }))
    }

    /// Stores the value if the key has the content `expected`. Returns whether it did.
    pub(crate) fn compare_and_set(&self, key: Key, expected: Option<Value>, value: Value) -> Answer {
        (self.0)(key, expected, value)
    }
}

impl fmt::Debug for Conditional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conditional").finish_non_exhaustive()
    }
}

/// The step of a custom tier when a write is acknowledged that the operation's own task has not
/// made. It conflicts with each step of the tier, so that their order is the same in all schedules
/// of a class.
#[derive(Default)]
pub(crate) struct Acknowledging(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl Acknowledging {
    /// Sets the step of the tier. There is at most one tier.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only the simulated Redis is such a tier"))]
    pub(crate) fn by(&self, step: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(step));
    }

    /// Executes the step, when a write is acknowledged.
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
    /// Records that the calling thread wrote the key in its last event.
    pub(crate) fn written<P: Simulated>(&self, key: Key, content: Option<Value>) {
        if self.is_source {
            self.recorder.written::<P>(key, content);
        }
    }

    /// Records that the key expired in the calling thread's last event.
    pub(crate) fn expired<P: Simulated>(&self, key: Key) {
        if self.is_source {
            self.recorder.expired::<P>(key);
        }
    }

    /// Records that the calling thread read the key in its last event.
    pub(crate) fn found<P: Simulated>(&self, key: Key, content: Option<Value>) {
        if self.is_source {
            self.recorder.found::<P>(key, content);
        }
    }
}
