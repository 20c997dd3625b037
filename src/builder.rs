//! The builder of a cache.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::derived::Derived;
use crate::l1::{Bound, Listener, RemovalCause};
use crate::lookup::Lookup;
use crate::nodes::{Coordinates, Node, Notified, Notifies, Strict};
use crate::remote::{Coordinator, Remote};
use crate::settings::{Level, RemoteFailure, Settings};
use crate::sync::{Entry, Key, Primitives, Std, StdClock};
use crate::tiered::{OwnCoordinator, TieredCache};

/// Builder of a [`TieredCache`]: begin with [`TieredCache::builder`], end with
/// [`build`](Builder::build).
///
/// The cache serves a local entry until it expires or is removed. It sees another process's write
/// in the meantime only if it is [notified](TieredCache::invalidate). So a cache cannot be built
/// before it is decided how long it may miss such a write: call [`local_ttl`](Builder::local_ttl),
/// or [`single_process`](Builder::single_process) if there is none. `S` is this state: a builder
/// that is [`Undecided`] has no `build`.
///
/// ```
/// use std::time::Duration;
/// # use selvedge::{Remote, TieredCache};
///
/// # fn example<R: Remote<String, u32>>(redis: R) {
/// let cache = TieredCache::builder(redis)
///     .local_ttl(Duration::from_secs(60))
///     .absent_ttl(Duration::from_secs(5))
///     .build();
/// # }
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct Builder<K: Sync, V: Send + Sync, R: Remote<K, V>, P = Std, S = Undecided> {
    remote: R,
    settings: Settings,
    derived: Derived<K>,
    bound: Option<Bound<K, Lookup<V>>>,
    on_removal: Option<Listener<K, V>>,
    /// Connects the node, if the remote tier does.
    connect: Option<Connect<K, R>>,
    /// Makes the coordinator, at the level `Strict`.
    coordinate: Option<Coordinate<K, V, R>>,
    of: Types<V, P, S>,
}

type Connect<K, R> = fn(&R, &Arc<dyn Node<K>>);

type Coordinate<K, V, R> =
    Box<dyn FnOnce(&Arc<R>) -> OwnCoordinator<K, V, <R as Remote<K, V>>::Error> + Send>;

/// The types that a builder does not store.
type Types<V, P, S> = PhantomData<fn() -> (V, P, S)>;

/// State of a [`Builder`]: how long the cache may miss another process's writes is not decided.
#[derive(Debug)]
pub enum Undecided {}

/// State of a [`Builder`]: how long the cache may miss another process's writes is decided.
#[derive(Debug)]
pub enum Decided {}

/// The states in which a [`Builder`] can build: [`Decided`].
///
/// ```compile_fail,E0277
/// # use selvedge::{Remote, TieredCache};
/// # fn example<R: Remote<String, u32>>(redis: R) {
/// let cache = TieredCache::builder(redis).max_entries(10_000).build();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "this cache has no limit on how long it may miss another process's writes",
    label = "call `local_ttl(...)` or `single_process()` first",
    note = "a local entry without a time to live is served until this process removes it"
)]
pub trait Decision: private::Sealed {}

impl Decision for Decided {}

mod private {
    pub trait Sealed {}
    impl Sealed for super::Decided {}
}

impl<K: Key, V: Entry, R: Remote<K, V>> TieredCache<K, V, R> {
    /// A builder of a cache in front of this remote tier. Before it can build, call
    /// [`local_ttl`](Builder::local_ttl) or [`single_process`](Builder::single_process).
    pub fn builder(remote: R) -> Builder<K, V, R> {
        Builder::new(remote)
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Builder<K, V, R, P> {
    /// A builder of a cache in front of this remote tier, on the primitives `P`. In production they
    /// are
    /// [`Std`]: see [`TieredCache::builder`].
    pub fn new(remote: R) -> Self {
        let settings = Settings::default();
        Builder {
            remote,
            settings,
            derived: Derived::none(),
            bound: None,
            on_removal: None,
            connect: None,
            coordinate: None,
            of: PhantomData,
        }
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives, S> Builder<K, V, R, P, S> {
    fn decided(self) -> Builder<K, V, R, P, Decided> {
        let Builder { remote, settings, derived, bound, on_removal, connect, coordinate, of: _ } = self;
        Builder { remote, settings, derived, bound, on_removal, connect, coordinate, of: PhantomData }
    }

    /// Selects the level [`Notified`]: the server notifies this node of other nodes' writes.
    /// Entries then need no time to live. See [`nodes`](crate::nodes) for the guarantees.
    ///
    /// At this level the absence of a key is cached too, without
    /// [`absent_ttl`](Builder::absent_ttl).
    pub fn notified(mut self, level: Notified) -> Builder<K, V, R, P, Decided>
    where
        R: Notifies<K>,
    {
        self.connect = Some(R::notify);
        self.notified_by_caller(level)
    }

    /// Selects the level [`Notified`]; the caller connects the [node](TieredCache::node).
    #[doc(hidden)]
    pub fn notified_by_caller(mut self, level: Notified) -> Builder<K, V, R, P, Decided> {
        self.settings.level = Level::Notified(level);
        self.decided()
    }

    /// Selects the level [`Strict`]: the cache is linearizable over all nodes that use this level
    /// with the same keys. All writers of the keys must use it. See [`nodes`](crate::nodes) for the
    /// protocol and its cost: a hit sends no request; a write waits for the other nodes.
    ///
    /// At this level the absence of a key is never cached locally, also with an
    /// [`absent_ttl`](Builder::absent_ttl).
    pub fn strict(mut self, level: Strict) -> Builder<K, V, R, P, Decided>
    where
        R: Coordinates<K> + Coordinator<K, V, Error = <R as Remote<K, V>>::Error>,
    {
        self.connect = Some(R::coordinate);
        self.coordinate = Some(Box::new(|remote| Arc::clone(remote) as OwnCoordinator<K, V, _>));
        self.settings.level = Level::Strict(level);
        self.decided()
    }

    /// Selects the level [`Strict`] with this coordinator; the caller connects the
    /// [node](TieredCache::node).
    #[doc(hidden)]
    pub fn strict_by_caller(
        mut self,
        level: Strict,
        coordinator: Arc<dyn Coordinator<K, V, Error = R::Error>>,
    ) -> Builder<K, V, R, P, Decided> {
        self.coordinate = Some(Box::new(|_| coordinator));
        self.settings.level = Level::Strict(level);
        self.decided()
    }

    /// Declares that no other process writes the keys of this cache, or that each such write is
    /// [notified](TieredCache::invalidate) here, and all keys are
    /// [invalidated](TieredCache::invalidate_all) when a notification may have been lost. Then
    /// entries need no time to live.
    ///
    /// Otherwise the cache may serve an old value for as long as the process runs.
    pub fn single_process(self) -> Builder<K, V, R, P, Decided> {
        self.decided()
    }

    /// Limits the local tier to this many entries. Without a bound it grows with the keys that are
    /// read.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.bound = Some(Bound::entries(entries));
        self
    }

    /// Limits the local tier to this total weight, in units of the weigher: bytes, for example. An
    /// entry is weighed once, before it is inserted. Its weight is at least 1; that of a cached
    /// absence is 1. An entry that is heavier than the limit is not cached.
    ///
    /// `entries` is the expected number of entries. It is not a limit; a wrong value costs hits,
    /// not memory.
    pub fn max_weight(
        mut self,
        weight: u64,
        entries: u64,
        weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        self.bound = Some(Bound::weight(weight, entries, move |key, entry: &Lookup<V>| match entry {
            Lookup::Value(value) => weigher(key, value),
            Lookup::AbsentRemotely | Lookup::AbsentAtSource => 1,
        }));
        self
    }

    /// Listener for each value that leaves the local tier, with the cause. The thread that removed
    /// the value calls it after the removal, under no lock.
    pub fn on_removal(mut self, listener: impl Fn(&K, &V, RemovalCause) + Send + Sync + 'static) -> Self {
        self.on_removal = Some(Box::new(listener));
        self
    }

    /// Time to live of a local entry, from the begin of the read that fetched it. The remote tier's
    /// time to live limits it too. This is the longest time for which this process can miss another
    /// one's write. See also [`single_process`](Builder::single_process).
    pub fn local_ttl(mut self, ttl: Duration) -> Builder<K, V, R, P, Decided> {
        self.settings.local_ttl = Some(ttl);
        self.decided()
    }

    /// Caches locally, for at most this long, that a key has no value (negative caching). Without
    /// it each read of such a key queries the remote tier.
    pub fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.settings.absent_ttl = Some(ttl);
        self
    }

    /// Time to live in the remote tier of values from [`set`](TieredCache::set) and
    /// [`get_or_load`](TieredCache::get_or_load). Without it they do not expire.
    pub fn remote_ttl(mut self, ttl: Duration) -> Self {
        self.settings.remote_ttl = Some(ttl);
        self
    }

    /// Number of stripes that the keys are divided into; 1,024 by default. Each takes 128 bytes.
    /// While a key is written, reads of the keys that share its stripe are not cached locally; more
    /// stripes make that rarer.
    pub fn stripes(mut self, count: NonZeroUsize) -> Self {
        self.settings.stripes = count;
        self
    }

    /// What [`get_or_load`](TieredCache::get_or_load) does if the remote tier fails to answer; by
    /// default it fails too.
    pub fn remote_failure(mut self, reaction: RemoteFailure) -> Self {
        self.settings.remote_failure = reaction;
        self
    }

    /// Declares the keys that are *derived* from a key: their values are computed from its value,
    /// such as a profile from a user's record. A write of the key removes them from both tiers, and
    /// no read that began before the write completed caches an old one. This is transitive.
    ///
    /// Each call adds to the earlier ones. [`Template`](crate::Template) derives string keys by
    /// patterns.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use selvedge::{Remote, TieredCache};
    /// #[derive(Clone, PartialEq, Eq, Hash)]
    /// enum Key {
    ///     User(u64),
    ///     Profile(u64),
    /// }
    ///
    /// # fn example<R: Remote<Key, u32>>(redis: R) {
    /// let cache = TieredCache::builder(redis)
    ///     .local_ttl(Duration::from_secs(60))
    ///     .derive(|key| match key {
    ///         Key::User(id) => vec![Key::Profile(*id)],
    ///         Key::Profile(_) => vec![],
    ///     })
    ///     .build();
    /// # }
    /// ```
    pub fn derive<I: IntoIterator<Item = K>>(
        mut self,
        keys: impl Fn(&K) -> I + Send + Sync + 'static,
    ) -> Self {
        self.derived.add(move |key| keys(key).into_iter().collect());
        self
    }

    /// Builds the cache, with an empty local tier whose entries expire by this clock.
    pub fn build_with_clock(self, clock: P::Clock) -> TieredCache<K, V, R, P>
    where
        S: Decision,
    {
        let Builder { remote, settings, derived, bound, on_removal, connect, coordinate, of: _ } = self;
        let remote = Arc::new(remote);
        let coordinator = coordinate.map(|make| make(&remote));
        let tiers = (remote, coordinator);
        let cache = TieredCache::new(tiers, settings, derived, bound, on_removal, clock);
        if let (Some(connect), Some(node)) = (connect, cache.node()) {
            connect(&cache.remote, &node);
        }
        cache
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, S> Builder<K, V, R, Std, S> {
    /// Builds the cache, with an empty local tier.
    pub fn build(self) -> TieredCache<K, V, R>
    where
        S: Decision,
    {
        self.build_with_clock(StdClock::default())
    }
}

impl<K: Sync, V: Send + Sync, R: Remote<K, V>, P, S> fmt::Debug for Builder<K, V, R, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
