//! What a cache is made of.

use std::fmt;
use std::sync::Arc;

use super::filling::Answer;
use super::{Blocking, Kept};
use crate::builder::{Builder, Decided, Settings};
use crate::derived::Derived;
use crate::error::Error;
use crate::fills::Fills;
use crate::flights::Board;
use crate::l1::{L1, RemovalCause};
use crate::lost::Lost;
use crate::remote::Remote;
use crate::stats::{Count, Counts, Stats};
use crate::stripe::Stripes;
use crate::sync::{Entry, Key, Primitives, Std};

/// What a load comes to, for all who wait for it.
pub(super) type Loaded<K, V, E> = Result<Option<V>, Error<K, E>>;

/// A two-level cache: a process-local tier in front of a [`Remote`] one. Linearizable for one process.
///
/// - A read that returns has the newest acknowledged version of its key, or a version that is being written, and is
///   never older than one that an earlier read returned.
/// - A write of *another* process is seen when the local entry expires, at the latest
///   [`local_ttl`](Builder::local_ttl) after it; or when [`invalidate`](TieredCache::invalidate) is told of it.
/// - A write that answers an error of unknown [outcome](crate::remote::Outcome), or whose future is dropped before it
///   ends, may still reach the remote tier at any time. Its stripe stays open: reads of its key and of those that share
///   its stripe are served by the remote tier and not kept locally, until the remote tier says that nothing can come any
///   more ([`settle`](Remote::settle)). They stay right; they are slower.
/// - Writes of the source of truth behind the remote tier are the caller's: write the source, then
///   [`delete`](TieredCache::delete) the key here, and repeat that until it answers `Ok`. Read such keys with
///   [`get_or_load`](TieredCache::get_or_load) alone. Then no read that begins after the delete is older than the write.
///
/// Its futures can be dropped at any point.
pub struct TieredCache<K: Key, V: Entry, R: Remote<K, V>, P: Primitives = Std> {
    pub(super) l1: L1<K, Kept<V>, P>,
    pub(super) stripes: Stripes<P>,
    /// Shared with the commands of fills, which writes may have to carry out: see `fills.rs`.
    pub(super) remote: Arc<R>,
    pub(super) derived: Derived<K>,
    pub(super) settings: Settings,
    pub(super) lost: Lost<P>,
    pub(super) fills: Fills<Answer<R::Error>, P>,
    pub(super) flights: Board<K, Loaded<K, V, R::Error>, P>,
    pub(super) counts: Arc<Counts>,
}

impl<K: Key, V: Entry, R: Remote<K, V>> TieredCache<K, V, R> {
    /// A builder of a cache in front of this remote tier. Before it builds it needs a
    /// [`local_ttl`](Builder::local_ttl), or to be told that this is the [`single_process`](Builder::single_process).
    pub fn builder(remote: R) -> Builder<K, V, R> {
        Builder::new(remote)
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    pub(crate) fn new(builder: Builder<K, V, R, P, Decided>, clock: P::Clock) -> Self {
        let Builder { remote, derived, settings, bound, on_removal, .. } = builder;
        let counts = Arc::new(Counts::new());
        let mut l1 = L1::new(clock, settings.local_ttl);
        if bound.is_some() || on_removal.is_some() {
            let counts = Arc::clone(&counts);
            l1 = l1.on_removal(move |key, kept, cause| {
                if cause == RemovalCause::Size {
                    counts.add(Count::Evicted);
                }
                if let (Some(tell), Kept::Value(value)) = (&on_removal, kept) {
                    tell(key, value, cause);
                }
            });
        }
        if let Some(bound) = bound {
            l1 = l1.bounded(bound);
        }
        TieredCache {
            l1,
            stripes: Stripes::new(settings.stripes),
            remote: Arc::new(remote),
            derived,
            settings,
            lost: Lost::new(),
            fills: Fills::new(),
            flights: Board::new(settings.stripes),
            counts,
        }
    }

    /// The stripes of these keys: in order, each once.
    pub(super) fn stripes_of<'k>(&self, keys: impl Iterator<Item = &'k K>) -> Vec<usize> {
        let mut stripes: Vec<_> = keys.map(|key| self.stripes.of(key)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        stripes
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        self.counts.stats()
    }

    /// The blocking face of the cache.
    pub fn blocking(&self) -> Blocking<'_, K, V, R, P> {
        Blocking { cache: self }
    }

    /// The local tier, for a simulator to start warm.
    #[doc(hidden)]
    pub fn l1(&self) -> &L1<K, Kept<V>, P> {
        &self.l1
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> fmt::Debug for TieredCache<K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredCache")
            .field("l1", &self.l1)
            .field("stripes", &self.stripes)
            .field("settings", &self.settings)
            .field("derived", &self.derived)
            .finish_non_exhaustive()
    }
}
