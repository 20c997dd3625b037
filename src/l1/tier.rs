//! The operations of the local tier.

use std::fmt;
use std::time::Duration;

use super::bound::Bound;
use super::cached::Cached;
use super::eviction::Eviction;
use super::ghosts::KeyHash;
use super::removal::{Listener, RemovalCause};
use super::tag::Tag;
use crate::sync::{Clock, Entry, Insertion, Key, Map, Primitives, TierName};

/// The local tier.
///
/// Without a [bound](L1::bounded) each operation is one operation of the map. An expired entry is
/// never returned, but uses memory until its key is set again or removed. With a bound a later
/// insertion removes it: see `eviction.rs`.
pub struct L1<K: Key, V: Entry, P: Primitives> {
    map: P::Map<K, Cached<V>>,
    clock: P::Clock,
    ttl: Option<Duration>,
    bounded: Option<(Bound<K, V>, Eviction<K, P>)>,
    on_removal: Option<Listener<K, V>>,
}

impl<K: Key, V: Entry, P: Primitives> L1<K, V, P> {
    /// Creates an empty tier without a bound, whose entries live for `ttl`, or forever if it is
    /// `None`.
    pub fn new(clock: P::Clock, ttl: Option<Duration>) -> Self {
        L1 { map: P::Map::new(TierName::Local), clock, ttl, bounded: None, on_removal: None }
    }

    /// Adds this bound.
    #[must_use]
    pub fn bounded(mut self, bound: Bound<K, V>) -> Self {
        let eviction = Eviction::new(bound.capacity, bound.entries);
        self.bounded = Some((bound, eviction));
        self
    }

    /// Adds a listener for each entry that leaves. The thread that removed the entry calls it after
    /// the removal, under no lock. A panic of the listener propagates to the caller of the
    /// operation, and leaves the tier consistent.
    ///
    /// To distinguish a [replaced](RemovalCause::Replaced) entry from one that had expired before,
    /// the clock is read.
    #[must_use]
    pub fn on_removal(mut self, listener: impl Fn(&K, &V, RemovalCause) + Send + Sync + 'static) -> Self {
        self.on_removal = Some(Box::new(listener));
        self
    }

    /// The key's value, unless it has expired. The clock is read only if there is an entry that can
    /// expire.
    #[inline]
    #[track_caller]
    pub fn get(&self, key: &K) -> Option<V> {
        let cached = self.look_up(key)?;
        if cached.can_expire() && cached.has_expired(self.clock.now()) {
            return None;
        }
        Some(cached.into_value())
    }

    /// [`get`](L1::get) at a time that the clock has shown.
    #[inline]
    #[track_caller]
    pub fn get_at(&self, key: &K, now: Duration) -> Option<V> {
        let cached = self.look_up(key)?;
        (!cached.has_expired(now)).then(|| cached.into_value())
    }

    #[inline]
    #[track_caller]
    fn look_up(&self, key: &K) -> Option<Cached<V>> {
        match &self.bounded {
            None => self.map.get(key),
            Some(_) => self.map.touch(key, Tag::VISITED),
        }
    }

    /// The time on the clock.
    #[inline]
    #[track_caller]
    pub fn clock_time(&self) -> Duration {
        self.clock.now()
    }

    /// The start of a lifetime that begins now. The clock may lag, so that this is before the true
    /// time: lifetimes end early rather than late.
    #[track_caller]
    pub fn now(&self) -> Duration {
        self.clock.now().saturating_sub(self.clock.lag())
    }

    /// The expiry time of an entry that is inserted now; `None` is "never". Without a TTL the clock
    /// is not read.
    #[track_caller]
    pub fn deadline(&self) -> Option<Duration> {
        match self.ttl {
            // A time beyond the range of `Duration` means "never".
            Some(ttl) => self.now().checked_add(ttl),
            None => None,
        }
    }

    /// Inserts a value.
    #[track_caller]
    pub fn insert(&self, key: K, value: V, expires_at: Option<Duration>) {
        if self.bounded.is_some() {
            self.insert_if(key, value, expires_at, || true);
            return;
        }
        let removed = self.on_removal.is_some().then(|| key.clone());
        let old = self.map.insert(key, Cached::new(value, expires_at));
        if let (Some(key), Some((old, _))) = (removed, old) {
            self.notify_replaced(&key, &old);
        }
    }

    /// Inserts a value if `check`, which runs under the lock of the key, returns `true`. Returns
    /// the result of `check`.
    ///
    /// A value that is heavier than the bound is not stored: if `check` succeeds, this is
    /// equivalent to inserting and evicting it at once.
    #[track_caller]
    pub fn insert_if(
        &self,
        key: K,
        value: V,
        expires_at: Option<Duration>,
        check: impl FnOnce() -> bool,
    ) -> bool {
        let Some((bound, eviction)) = &self.bounded else {
            let removed = self.on_removal.is_some().then(|| key.clone());
            let mut new = Some((Cached::new(value, expires_at), 0));
            let insertion = self.map.insert_with(key, |_| if check() { new.take() } else { None });
            if let (Some(key), Insertion::Replaced(old, _)) = (removed, &insertion) {
                self.notify_replaced(&key, old);
            }
            return !matches!(insertion, Insertion::Refused);
        };
        let weight = bound.weigh(&key, &value);
        if u64::from(weight) > bound.capacity {
            // Nothing is inserted, so that no lock is needed. Removing the old entry is always
            // correct.
            let holds = check();
            if holds {
                if let Some((old, tag)) = self.map.remove(&key) {
                    eviction.release(Tag(tag));
                    self.notify_replaced(&key, &old);
                }
                self.notify(&key, &Cached::new(value, expires_at), RemovalCause::Size);
            }
            return holds;
        }
        let (hash, own) = (KeyHash::of(&key), key.clone());
        let mut new = Some(Cached::new(value, expires_at));
        let mut tag = Tag(0);
        let insertion = self.map.insert_with(key, |old| {
            if !check() {
                return None;
            }
            tag = eviction.admit(hash, old.map(|(_, tag)| Tag(tag)), weight);
            Some((new.take()?, tag.0))
        });
        let (newcomer, sweeps) = match insertion {
            Insertion::Refused => return false,
            Insertion::New => {
                eviction.enqueue(own, tag);
                (if tag.is_main() { 0 } else { weight }, true)
            }
            Insertion::Replaced(old, old_tag) => {
                eviction.release(Tag(old_tag));
                self.notify_replaced(&own, &old);
                (0, old.can_expire())
            }
        };
        eviction.settle(&self.map, newcomer, sweeps, self.clock.now(), |key, cached, cause| {
            self.notify(key, &cached, cause);
        });
        true
    }

    /// Removes the key's value.
    #[track_caller]
    pub fn remove(&self, key: &K) {
        if let Some((cached, tag)) = self.map.remove(key) {
            self.removed(key, &cached, Tag(tag));
        }
    }

    /// Removes every key's value, each at some point during the call.
    #[track_caller]
    pub fn clear(&self) {
        self.map.clear(|key, cached, tag| self.removed(key, cached, Tag(tag)));
    }

    #[track_caller]
    fn removed(&self, key: &K, cached: &Cached<V>, tag: Tag) {
        if let Some((_, eviction)) = &self.bounded {
            eviction.forget(key, tag);
        }
        self.notify(key, cached, RemovalCause::Explicit);
    }

    #[track_caller]
    fn notify_replaced(&self, key: &K, old: &Cached<V>) {
        if self.on_removal.is_some() {
            let expired = old.can_expire() && old.has_expired(self.clock.now());
            self.notify(key, old, if expired { RemovalCause::Expired } else { RemovalCause::Replaced });
        }
    }

    fn notify(&self, key: &K, cached: &Cached<V>, cause: RemovalCause) {
        if let Some(listener) = &self.on_removal {
            listener(key, cached.value(), cause);
        }
    }
}

#[cfg(test)]
impl<K: Key, V: Entry, P: Primitives> L1<K, V, P> {
    /// The eviction state of a tier with a bound.
    pub(super) fn eviction(&self) -> &Eviction<K, P> {
        &self.bounded.as_ref().expect("a tier with a bound").1
    }

    pub(super) fn capacity(&self) -> u64 {
        self.bounded.as_ref().expect("a tier with a bound").0.capacity
    }

    /// The key's entry, expired or not. Has no side effect.
    pub(super) fn peek(&self, key: &K) -> Option<(Cached<V>, Tag)> {
        let mut there = Tag(0);
        self.map.remove_unless(key, |_, tag| {
            there = Tag(tag);
            Some(tag)
        });
        Some((self.map.get(key)?, there))
    }
}

impl<K: Key, V: Entry, P: Primitives> fmt::Debug for L1<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L1")
            .field("ttl", &self.ttl)
            .field("bound", &self.bounded.as_ref().map(|(bound, _)| bound))
            .finish_non_exhaustive()
    }
}
