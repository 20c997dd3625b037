//! The local tier itself.

use std::fmt;
use std::time::Duration;

use super::bound::Bound;
use super::cached::Cached;
use super::eviction::Eviction;
use super::ghosts::Name;
use super::removal::{Listener, RemovalCause};
use super::tag::Tag;
use crate::sync::{Clock, Entry, Insertion, Key, Map, Primitives};

/// The local tier.
///
/// Without a [bound](L1::bounded) it keeps no books: an operation is one operation of the map. An expired entry is never
/// returned, but holds its memory until its key is given a value again or removed. With a bound it is removed by a later
/// insertion: see `eviction.rs`.
pub struct L1<K: Key, V: Entry, P: Primitives> {
    map: P::Map<K, Cached<V>>,
    clock: P::Clock,
    ttl: Option<Duration>,
    bounded: Option<(Bound<K, V>, Eviction<K, P>)>,
    on_removal: Option<Listener<K, V>>,
}

impl<K: Key, V: Entry, P: Primitives> L1<K, V, P> {
    /// An empty tier without a bound, whose entries live for `ttl`; for ever, if it is `None`.
    pub fn new(clock: P::Clock, ttl: Option<Duration>) -> Self {
        L1 { map: P::Map::new("L1"), clock, ttl, bounded: None, on_removal: None }
    }

    /// The same tier, which holds no more than this.
    #[must_use]
    pub fn bounded(mut self, bound: Bound<K, V>) -> Self {
        let eviction = Eviction::new(bound.capacity, bound.entries);
        self.bounded = Some((bound, eviction));
        self
    }

    /// The same tier, which tells the listener of each entry that has left. It is called by the thread that has removed
    /// the entry, when that is done, and under no lock. A panic of it goes to the caller of the operation, and does no
    /// harm to the tier.
    ///
    /// To tell an entry that was [replaced](RemovalCause::Replaced) from one that had expired before, the clock is read.
    #[must_use]
    pub fn on_removal(mut self, listener: impl Fn(&K, &V, RemovalCause) + Send + Sync + 'static) -> Self {
        self.on_removal = Some(Box::new(listener));
        self
    }

    /// The key's value, unless it has expired. The clock is read only if there is an entry, and it can expire.
    #[inline]
    #[track_caller]
    pub fn get(&self, key: &K) -> Option<V> {
        let cached = match &self.bounded {
            None => self.map.get(key),
            Some(_) => self.map.touch(key, Tag::VISITED),
        }?;
        if cached.can_expire() && cached.has_expired(self.clock.now()) {
            return None;
        }
        Some(cached.into_value())
    }

    /// The time from which a lifetime is counted that begins now. The clock may lag, so this is before the true time: what
    /// is counted from it ends too early rather than too late.
    #[track_caller]
    pub fn now(&self) -> Duration {
        self.clock.now().saturating_sub(self.clock.lag())
    }

    /// When an entry that begins to live now expires; `None` is "never". Without a TTL the clock is not read.
    #[track_caller]
    pub fn deadline(&self) -> Option<Duration> {
        match self.ttl {
            // A time past the end of `Duration` never comes.
            Some(ttl) => self.now().checked_add(ttl),
            None => None,
        }
    }

    /// Puts a value there.
    #[track_caller]
    pub fn insert(&self, key: K, value: V, expires_at: Option<Duration>) {
        if self.bounded.is_some() {
            self.insert_if(key, value, expires_at, || true);
            return;
        }
        let name = self.on_removal.is_some().then(|| key.clone());
        let old = self.map.insert(key, Cached::new(value, expires_at));
        if let (Some(name), Some((old, _))) = (name, old) {
            self.tell_replaced(&name, &old);
        }
    }

    /// Puts a value there if `check` holds, which runs under the lock of the key; returns whether it did.
    ///
    /// What is heavier than all that the tier may hold is not kept: if `check` holds, it is as if it had been inserted and
    /// evicted at once.
    #[track_caller]
    pub fn insert_if(
        &self,
        key: K,
        value: V,
        expires_at: Option<Duration>,
        check: impl FnOnce() -> bool,
    ) -> bool {
        let Some((bound, eviction)) = &self.bounded else {
            let name = self.on_removal.is_some().then(|| key.clone());
            let mut new = Some((Cached::new(value, expires_at), 0));
            let insertion = self.map.insert_with(key, |_| if check() { new.take() } else { None });
            if let (Some(name), Insertion::Replaced(old, _)) = (name, &insertion) {
                self.tell_replaced(&name, old);
            }
            return !matches!(insertion, Insertion::Refused);
        };
        let weight = bound.weigh(&key, &value);
        if u64::from(weight) > bound.capacity {
            // Nothing is put there, so that no lock is needed. To remove what is there is always right.
            let holds = check();
            if holds {
                if let Some((old, tag)) = self.map.remove(&key) {
                    eviction.release(Tag(tag));
                    self.tell_replaced(&key, &old);
                }
                self.tell(&key, &Cached::new(value, expires_at), RemovalCause::Size);
            }
            return holds;
        }
        let (name, own) = (Name::of(&key), key.clone());
        let mut new = Some(Cached::new(value, expires_at));
        let mut tag = Tag(0);
        let insertion = self.map.insert_with(key, |old| {
            if !check() {
                return None;
            }
            tag = eviction.admit(name, old.map(|(_, tag)| Tag(tag)), weight);
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
                self.tell_replaced(&own, &old);
                (0, old.can_expire())
            }
        };
        eviction.settle(&self.map, newcomer, sweeps, self.clock.now(), |key, cached, cause| {
            self.tell(key, &cached, cause);
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

    /// Removes every key's value: of each at some point of the call.
    #[track_caller]
    pub fn clear(&self) {
        self.map.clear(|key, cached, tag| self.removed(key, cached, Tag(tag)));
    }

    #[track_caller]
    fn removed(&self, key: &K, cached: &Cached<V>, tag: Tag) {
        if let Some((_, eviction)) = &self.bounded {
            eviction.forget(key, tag);
        }
        self.tell(key, cached, RemovalCause::Explicit);
    }

    #[track_caller]
    fn tell_replaced(&self, key: &K, old: &Cached<V>) {
        if self.on_removal.is_some() {
            let expired = old.can_expire() && old.has_expired(self.clock.now());
            self.tell(key, old, if expired { RemovalCause::Expired } else { RemovalCause::Replaced });
        }
    }

    fn tell(&self, key: &K, cached: &Cached<V>, cause: RemovalCause) {
        if let Some(listener) = &self.on_removal {
            listener(key, cached.value(), cause);
        }
    }
}

#[cfg(test)]
impl<K: Key, V: Entry, P: Primitives> L1<K, V, P> {
    /// The books of a tier that is bounded.
    pub(super) fn eviction(&self) -> &Eviction<K, P> {
        &self.bounded.as_ref().expect("a tier with a bound").1
    }

    pub(super) fn capacity(&self) -> u64 {
        self.bounded.as_ref().expect("a tier with a bound").0.capacity
    }

    /// What there is of the key, expired or not. Nobody notices.
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
