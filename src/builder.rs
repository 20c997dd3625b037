//! How a cache is set up.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::derived::Derived;
use crate::l1::{Bound, Listener, RemovalCause};
use crate::remote::Remote;
use crate::sync::{Entry, Key, Primitives, Std, StdClock};
use crate::tiered::{Kept, TieredCache};

/// How a [`TieredCache`] is set up: [`TieredCache::builder`] begins, [`build`](Builder::build) ends.
///
/// The cache serves a local entry until it is removed or expires, and it learns of another process's write only if it is
/// [notified](TieredCache::invalidate). So a builder has to be told how long such a write may be missed before it builds:
/// [`local_ttl`](Builder::local_ttl), or [`single_process`](Builder::single_process) if there is none. `S` says whether it
/// has been: a builder that is [`Undecided`] does not build.
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
pub struct Builder<K, V, R, P = Std, S = Undecided> {
    pub(crate) remote: R,
    pub(crate) settings: Settings,
    pub(crate) derived: Derived<K>,
    pub(crate) bound: Option<Bound<K, Kept<V>>>,
    pub(crate) on_removal: Option<Listener<K, V>>,
    of: PhantomData<fn() -> (V, P, S)>,
}

/// A [`Builder`] that does not know yet how long the cache may miss another process's writes.
#[derive(Debug)]
pub enum Undecided {}

/// A [`Builder`] that knows how long the cache may miss another process's writes.
#[derive(Debug)]
pub enum Decided {}

/// Whether a [`Builder`] builds. [`Decided`] does.
///
/// ```compile_fail,E0277
/// # use selvedge::{Remote, TieredCache};
/// # fn example<R: Remote<String, u32>>(redis: R) {
/// let cache = TieredCache::builder(redis).max_entries(10_000).build();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "it is not decided how long the cache may miss another process's writes",
    label = "call `local_ttl(...)` or `single_process()` first",
    note = "a local entry without a time to live is served until this process removes it, however old it is"
)]
pub trait Decision: private::Sealed {}

impl Decision for Decided {}

mod private {
    pub trait Sealed {}
    impl Sealed for super::Decided {}
}

/// What does not depend on the types.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) local_ttl: Option<Duration>,
    pub(crate) absent_ttl: Option<Duration>,
    pub(crate) remote_ttl: Option<Duration>,
    pub(crate) stripes: NonZeroUsize,
    pub(crate) remote_failure: RemoteFailure,
}

/// What [`get_or_load`](TieredCache::get_or_load) does if the remote tier cannot answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteFailure {
    /// It fails too.
    #[default]
    Fail,
    /// It asks the loader, and keeps locally what it says.
    ///
    /// Only for loaders that read the source of truth, which every write goes to first. If the remote tier itself is the
    /// truth, the loader knows nothing of its writes.
    ///
    /// No read is stale. But while the source has been written and the key not yet [deleted](TieredCache::delete) here, a read
    /// that passes over the remote tier may see the new version, and a later one that does not, the old.
    Load,
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives> Builder<K, V, R, P> {
    /// A builder of a cache in front of this remote tier, on the primitives `P`. In production they are [`Std`]: see
    /// [`TieredCache::builder`].
    pub fn new(remote: R) -> Self {
        let settings = Settings {
            local_ttl: None,
            absent_ttl: None,
            remote_ttl: None,
            stripes: const { NonZeroUsize::new(1024).unwrap() },
            remote_failure: RemoteFailure::default(),
        };
        Builder { remote, settings, derived: Derived::none(), bound: None, on_removal: None, of: PhantomData }
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, P: Primitives, S> Builder<K, V, R, P, S> {
    fn decided(self) -> Builder<K, V, R, P, Decided> {
        let Builder { remote, settings, derived, bound, on_removal, of: _ } = self;
        Builder { remote, settings, derived, bound, on_removal, of: PhantomData }
    }

    /// No other process writes the keys of this cache; or each of its writes is [notified](TieredCache::invalidate) here, and
    /// [all](TieredCache::invalidate_all) are where a notification may have been lost. Then entries need no time to live.
    ///
    /// If that is not so, the cache may serve an old value for as long as the process runs.
    pub fn single_process(self) -> Builder<K, V, R, P, Decided> {
        self.decided()
    }

    /// The local tier holds at most this many entries. Without a bound it grows with the keys that are read.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.bound = Some(Bound::entries(entries));
        self
    }

    /// The local tier holds entries of at most this weight, as the weigher has it: bytes, for example. An entry is weighed
    /// once, before it is put there, and weighs 1 at least; so does an absence that is kept. What weighs more than all may
    /// weigh together is not kept.
    ///
    /// `entries` is how many there will be about. It is no bound, and a wrong guess costs hits, not memory.
    pub fn max_weight(
        mut self,
        weight: u64,
        entries: u64,
        weigher: impl Fn(&K, &V) -> u32 + Send + Sync + 'static,
    ) -> Self {
        self.bound = Some(Bound::weight(weight, entries, move |key, kept: &Kept<V>| match kept {
            Kept::Value(value) => weigher(key, value),
            Kept::AbsentRemotely | Kept::AbsentAtSource => 1,
        }));
        self
    }

    /// Who is told of each value that has left the local tier, and why. It is called by the thread that has removed the value,
    /// when that is done, and under no lock.
    pub fn on_removal(mut self, listener: impl Fn(&K, &V, RemovalCause) + Send + Sync + 'static) -> Self {
        self.on_removal = Some(Box::new(listener));
        self
    }

    /// How long a local entry is served: at most this long after the read that fetched it began, and never longer than the
    /// remote tier keeps the value. It bounds how long this process can miss the writes of others. See also
    /// [`single_process`](Builder::single_process).
    pub fn local_ttl(mut self, ttl: Duration) -> Builder<K, V, R, P, Decided> {
        self.settings.local_ttl = Some(ttl);
        self.decided()
    }

    /// Keeps locally, for this long at most, that a key has no value (negative caching). Without it each read of such a key
    /// asks further.
    pub fn absent_ttl(mut self, ttl: Duration) -> Self {
        self.settings.absent_ttl = Some(ttl);
        self
    }

    /// How long the remote tier keeps what [`set`](TieredCache::set) and [`get_or_load`](TieredCache::get_or_load) put
    /// there. Without it, for ever.
    pub fn remote_ttl(mut self, ttl: Duration) -> Self {
        self.settings.remote_ttl = Some(ttl);
        self
    }

    /// How many stripes the keys are spread over; 1,024 by default. Each takes 128 bytes. While a key is written, reads of
    /// the keys that share its stripe are not kept locally: more stripes, fewer of those.
    pub fn stripes(mut self, count: NonZeroUsize) -> Self {
        self.settings.stripes = count;
        self
    }

    /// What [`get_or_load`](TieredCache::get_or_load) does if the remote tier cannot answer; by default it fails.
    pub fn remote_failure(mut self, what: RemoteFailure) -> Self {
        self.settings.remote_failure = what;
        self
    }

    /// Says which keys are *derived* from a key: their values are made from its value, such as a profile that is put together
    /// from a user's record. A write of the key then removes them from both tiers, and no read that began before the write
    /// ended keeps an old one. What is derived from a derived key follows too.
    ///
    /// Several can be said; each adds to the others. [`Template`](crate::Template) makes one from the patterns of string
    /// keys.
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

    /// The cache, with an empty local tier whose entries expire by this clock.
    pub fn build_with_clock(self, clock: P::Clock) -> TieredCache<K, V, R, P>
    where
        S: Decision,
    {
        TieredCache::new(self.decided(), clock)
    }
}

impl<K: Key, V: Entry, R: Remote<K, V>, S> Builder<K, V, R, Std, S> {
    /// The cache, with an empty local tier.
    pub fn build(self) -> TieredCache<K, V, R>
    where
        S: Decision,
    {
        self.build_with_clock(StdClock::default())
    }
}

impl<K, V, R, P, S> fmt::Debug for Builder<K, V, R, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
