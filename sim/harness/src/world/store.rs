//! The remote tier: a key-value store, one event for each command.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use selvedge::Remote;
use selvedge::remote::Found;
use selvedge::sync::Map;

use super::{Beside, Recorder};
use crate::backends::Simulated;
use crate::history::{Key, Value};

/// The remote tier and the source of truth: each write makes a version. A deleted key is kept as absent.
pub(crate) struct Store<P: Simulated> {
    entries: Arc<P::Map<Key, Option<Value>>>,
    recorder: Arc<Recorder>,
    server: Option<Arc<Beside>>,
}

impl<P: Simulated> Store<P> {
    /// A store that holds this at the start.
    pub(crate) fn new(
        start: impl Iterator<Item = (Key, Option<Value>)>,
        recorder: Arc<Recorder>,
        server: Option<Arc<Beside>>,
    ) -> Self {
        let entries = P::Map::new("redis");
        for (key, content) in start {
            if content.is_some() {
                entries.insert(key, content);
            }
            if let Some(server) = &server {
                server.starts_with(key, content);
            }
        }
        Store { entries: Arc::new(entries), recorder, server }
    }

    #[track_caller]
    fn write(&self, key: Key, content: Option<Value>) {
        P::put(&self.entries, key, content, || self.recorder.written::<P>(key, content));
        if let Some(server) = &self.server {
            server.write(key, content);
        }
    }
}

impl<P: Simulated> Clone for Store<P> {
    fn clone(&self) -> Self {
        Store {
            entries: Arc::clone(&self.entries),
            recorder: Arc::clone(&self.recorder),
            server: self.server.clone(),
        }
    }
}

impl<P: Simulated> Remote<Key, Value> for Store<P> {
    type Error = Infallible;

    async fn get(&self, key: &Key) -> Result<Option<Found<Value>>, Infallible> {
        let held = self.entries.get(key).flatten();
        let held = self.server.as_ref().map_or(held, |server| server.get(*key, held));
        Ok(held.map(Found::lasting))
    }

    async fn set(&self, key: &Key, value: &Value, _: Option<Duration>) -> Result<(), Infallible> {
        self.write(*key, Some(*value));
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<(), Infallible> {
        self.write(*key, None);
        Ok(())
    }
}

impl<P: Simulated> fmt::Debug for Store<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
