//! One cache as a node: its steps at each event of its connection.

use std::fmt;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use super::answers::Answers;
use super::horizon::Horizon;
use crate::derived::Derived;
use crate::fence::Fence;
use crate::l1::L1;
use crate::lookup::Lookup;
use crate::nodes::Node;
use crate::sync::{Entry, Key, Primitives};

/// One cache as a node. The steps are in the header of `nodes/mod.rs`.
pub(crate) struct Member<K: Key, V: Entry, A: Send + 'static, P: Primitives> {
    l1: Arc<L1<K, Lookup<V>, P>>,
    fence: Arc<Fence<A, P>>,
    derived: Arc<Derived<K>>,
    horizon: Horizon<P>,
    bound: Duration,
    /// At the level `Strict`.
    answers: Option<Answers<P>>,
}

impl<K: Key, V: Entry, A: Send + 'static, P: Primitives> Member<K, V, A, P> {
    /// A node that is not connected.
    pub(crate) fn new(
        l1: &Arc<L1<K, Lookup<V>, P>>,
        fence: &Arc<Fence<A, P>>,
        derived: &Arc<Derived<K>>,
        bound: Duration,
        is_strict: bool,
    ) -> Self {
        let (l1, fence, derived) = (Arc::clone(l1), Arc::clone(fence), Arc::clone(derived));
        Member { l1, fence, derived, horizon: Horizon::new(), bound, answers: is_strict.then(Answers::new) }
    }

    /// The answers to the node's writes.
    ///
    /// # Panics
    ///
    /// If the level is not `Strict`.
    pub(crate) fn answers(&self) -> &Answers<P> {
        self.answers.as_ref().expect("the level is `Strict`")
    }

    /// The local entry, if the node may serve it.
    #[inline]
    pub(crate) fn find(&self, key: &K) -> Option<Lookup<V>> {
        // The horizon before the entry: the entry is then as new as the horizon promises.
        let now = self.l1.clock_time();
        if !self.horizon.covers(now) {
            return None;
        }
        self.l1.get_at(key, now)
    }

    /// Removes the local entry of a key that a read is about to return an uncached version of.
    pub(crate) fn drop_older(&self, key: &K, stripe: usize) {
        self.fence.stripe(stripe).advance();
        self.l1.remove(key);
    }
}

impl<K: Key, V: Entry, A: Send + 'static, P: Primitives> Node<K> for Member<K, V, A, P> {
    fn now(&self) -> Duration {
        self.l1.now()
    }

    fn connected(&self, asked: Duration) {
        // Stripes, then entries: a fill is refused, or its entry is removed.
        self.notified_all();
        self.heard(asked);
    }

    fn notified(&self, key: &K) {
        let derived = self.derived.of(key);
        for stripe in self.fence.stripes_of(iter::once(key).chain(&derived)) {
            self.fence.stripe(stripe).advance();
        }
        for key in iter::once(key).chain(&derived) {
            self.l1.remove(key);
        }
    }

    fn notified_all(&self) {
        for stripe in self.fence.stripes() {
            stripe.advance();
        }
        self.l1.clear();
    }

    fn heard(&self, asked: Duration) {
        self.horizon.set(asked.saturating_add(self.bound));
    }

    fn lost(&self) {
        self.horizon.end();
    }

    fn answered(&self, write: u64, node: u64) {
        if let Some(answers) = &self.answers {
            answers.add(write, node);
        }
    }

    fn bound(&self) -> Duration {
        self.bound
    }
}

impl<K: Key, V: Entry, A: Send + 'static, P: Primitives> fmt::Debug for Member<K, V, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("bound", &self.bound).finish_non_exhaustive()
    }
}
