//! What the threads of a case are going to call: worked out once, for all of its executions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Beside;
use crate::history::{Call, Key, Value};
use crate::protocols::Caches;
use crate::scenario::{Case, Local, OpKind, RemoteStart};

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub(crate) struct Plan<C> {
    pub(crate) cache: C,
    pub(crate) local: Local,
    pub(crate) remote: RemoteStart,
    pub(crate) keys: Vec<Key>,
    pub(crate) threads: Vec<ThreadPlan>,
    /// Gets each command of the run too. Of a run of our engine's alone.
    pub(crate) server: Option<Arc<Beside>>,
}

/// A thread's calls, in order.
#[derive(Clone, Debug)]
pub(crate) struct ThreadPlan {
    pub(crate) name: String,
    pub(crate) calls: Vec<(Key, Call)>,
}

impl<C: Caches> Plan<C> {
    /// The plan of a case on the cache that it names.
    ///
    /// # Panics
    ///
    /// If none of the caches has the name that the case has: its scenario was read with other names.
    pub(crate) fn new(case: &Case) -> Self {
        let cache = C::from_name(&case.cache).expect("a case names a cache that its scenario knows");
        Plan::of(case, cache)
    }
}

impl<C> Plan<C> {
    /// The plan of a case on this cache. Writes are numbered from 1, key by key, in the order in which the case names
    /// them.
    pub(crate) fn of(case: &Case, cache: C) -> Self {
        let mut versions = BTreeMap::<Key, u32>::new();
        let mut call = |kind, key| match kind {
            OpKind::Get => Call::Get,
            OpKind::Delete => Call::Delete,
            OpKind::Set => {
                let version = versions.entry(key).or_default();
                *version += 1;
                Call::Set(Value { key, version: *version })
            }
        };
        let threads = case.threads.iter().map(|thread| ThreadPlan {
            name: thread.name.clone(),
            calls: thread.ops.iter().map(|op| (op.key, call(op.kind, op.key))).collect(),
        });
        Plan {
            cache,
            local: case.local,
            remote: case.remote,
            threads: threads.collect(),
            keys: case.keys().into_iter().collect(),
            server: None,
        }
    }

    /// What the remote tier holds of a key at the start.
    pub(crate) fn at_start(&self, key: Key) -> Option<Value> {
        match self.remote {
            RemoteStart::Present => Some(Value { key, version: 0 }),
            RemoteStart::Absent => None,
        }
    }

    /// The versions that the source of truth has been through at the start. If the local tier holds what the remote tier
    /// does not, it was there once, and left.
    pub(crate) fn versions_at_start(&self, key: Key) -> impl Iterator<Item = Option<Value>> {
        let left = self.local != Local::Cold && self.remote == RemoteStart::Absent;
        left.then_some(Some(Value { key, version: 0 })).into_iter().chain([self.at_start(key)])
    }
}
