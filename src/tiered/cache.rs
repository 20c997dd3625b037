//! The parts of a cache.

use std::fmt;
use std::sync::Arc;

use super::Blocking;
use super::strict::{OwnCoordinator, Tier};
use crate::derived::Derived;
use crate::error::Error;
use crate::fence::Fence;
use crate::flights::FlightTable;
use crate::l1::{Bound, L1, Listener, RemovalCause};
use crate::lookup::Lookup;
use crate::member::Member;
use crate::nodes::Node;
use crate::remote::{Fill, Remote};
use crate::settings::{Level, Settings};
use crate::stats::{Count, Counts, Stats};
use crate::sync::{Entry, Key, Primitives, Std};

/// The remote tier's answer to a fill.
pub(super) type Answer<E> = Result<Fill, E>;

/// The cache as a node.
pub(super) type OwnMember<K, V, E, P> = Arc<Member<K, V, Answer<E>, P>>;

/// The result of a load, for all callers that wait for it.
pub(super) type Loaded<K, V, E> = Result<Option<V>, Error<K, E>>;

/// A two-level cache: a process-local tier in front of a [`Remote`] one. Linearizable for one
/// process.
///
/// - A read returns the newest acknowledged version of its key or a version that is being written,
///   and never an older version than an earlier read.
/// - A write of *another* process is seen when the local entry expires, at the latest
///   [`local_ttl`](crate::Builder::local_ttl) after the write; or when the key is
///   [invalidated](TieredCache::invalidate).
/// - A write that fails with an unknown [outcome](crate::remote::Outcome), or whose future is
///   dropped before it completes, may still take effect at any time. Its stripe stays open: reads
///   of its key, and of the keys that share the stripe, query the remote tier and are not cached
///   locally, until the write can no longer take effect ([`settle`](Remote::settle)). They stay
///   correct, but are slower.
/// - The caller writes the source of truth behind the remote tier: write the source, then
///   [`delete`](TieredCache::delete) the key here, and repeat that until it returns `Ok`. Read such
///   keys only with [`get_or_load`](TieredCache::get_or_load). Then no read that begins after the
///   delete is older than the write.
///
/// All futures can be dropped at any point.
pub struct TieredCache<K: Key, V: Entry, R: Remote<K, V>, P: Primitives = Std> {
    pub(super) l1: Arc<L1<K, Lookup<V>, P>>,
    pub(super) fence: Arc<Fence<Answer<R::Error>, P>>,
    /// Shared with the commands of fills, which waiting writes may run: see `fence/fills.rs`.
    pub(crate) remote: Arc<R>,
    pub(super) derived: Arc<Derived<K>>,
    /// At the level `Strict`.
    pub(super) coordinator: Option<OwnCoordinator<K, V, R::Error>>,
    /// `None` at the single-process level.
    pub(super) member: Option<OwnMember<K, V, R::Error, P>>,
    pub(super) settings: Settings,
    pub(super) flights: FlightTable<K, Loaded<K, V, R::Error>, P>,
    pub(super) counts: Arc<Counts>,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> TieredCache<K, V, R, P> {
    pub(crate) fn new(
        (remote, coordinator): Tier<K, V, R>,
        settings: Settings,
        derived: Derived<K>,
        bound: Option<Bound<K, Lookup<V>>>,
        on_removal: Option<Listener<K, V>>,
        clock: P::Clock,
    ) -> Self {
        let counts = Arc::new(Counts::new());
        let mut l1 = L1::new(clock, settings.local_ttl);
        if bound.is_some() || on_removal.is_some() {
            let counts = Arc::clone(&counts);
            l1 = l1.on_removal(move |key, entry, cause| {
                if cause == RemovalCause::Size {
                    counts.add(Count::Evicted);
                }
                if let (Some(listener), Lookup::Value(value)) = (&on_removal, entry) {
                    listener(key, value, cause);
                }
            });
        }
        if let Some(bound) = bound {
            l1 = l1.bounded(bound);
        }
        let (l1, fence, derived) = (Arc::new(l1), Arc::new(Fence::new(settings.stripes)), Arc::new(derived));
        let bound = match settings.level {
            Level::SingleProcess => None,
            Level::Notified(level) => Some((level.bound(), false)),
            Level::Strict(level) => Some((level.length(), true)),
        };
        let member = bound.map(|(bound, is_strict)| {
            let member = Member::new(&l1, &fence, &derived, bound, is_strict);
            Arc::new(member)
        });
        TieredCache {
            l1,
            fence,
            remote,
            derived,
            coordinator,
            member,
            settings,
            flights: FlightTable::new(settings.stripes),
            counts,
        }
    }

    /// The counts of the cache's operations so far.
    pub fn stats(&self) -> Stats {
        self.counts.stats()
    }

    /// The blocking interface of the cache.
    pub fn blocking(&self) -> Blocking<'_, K, V, R, P> {
        Blocking { cache: self }
    }

    /// The cache as a node of the levels [`Notified`](crate::nodes::Notified) and
    /// [`Strict`](crate::nodes::Strict), which a simulator connects.
    #[doc(hidden)]
    pub fn node(&self) -> Option<Arc<dyn Node<K>>> {
        self.member.as_ref().map(|member| Arc::clone(member) as Arc<dyn Node<K>>)
    }

    /// The local tier, which a simulator fills before a run.
    #[doc(hidden)]
    pub fn l1(&self) -> &L1<K, Lookup<V>, P> {
        &self.l1
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> fmt::Debug for TieredCache<K, V, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredCache")
            .field("l1", &self.l1)
            .field("fence", &self.fence)
            .field("settings", &self.settings)
            .field("derived", &self.derived)
            .finish_non_exhaustive()
    }
}
