//! One numbered database.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::{mem, slice};

use bytes::Bytes;
use rustc_hash::FxHasher;

use super::{Draw, Value, owned};

/// A key with its value and deadline.
#[derive(Clone, Debug)]
struct Entry {
    // Without the counter of `Bytes`, so that a key takes less memory.
    key: Box<[u8]>,
    value: Value,
    rare: Option<Box<Rare>>,
    /// The time of the last access, in milliseconds since the Unix epoch.
    accessed: i64,
}

/// What most keys do not have.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// In milliseconds since the Unix epoch. The key exists during that millisecond, and has
    /// expired in the next one.
    deadline: Option<i64>,
    /// The deadline's number in the database. Setting a deadline again gives it a new number, even
    /// if the time is the same.
    given: u64,
    /// The number of random choices from this value so far.
    draws: u64,
}

impl Entry {
    fn deadline(&self) -> Option<i64> {
        self.rare.as_ref()?.deadline
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// Whether a key that is accessed exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Present,
    /// It is past its deadline, and was not removed yet.
    Expired,
    Absent,
}

/// Keys with values and deadlines.
///
/// Keys are sorted by an unseeded hash, so `SCAN` needs no state: its cursor is the hash at which
/// to continue. A key that exists throughout a scan is returned, whatever is inserted or removed
/// meanwhile. The resulting order is as arbitrary as that of Redis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    /// Keys by hash.
    entries: BTreeMap<u64, Bucket>,
    deadlines: BTreeSet<(i64, Bytes)>,
    len: usize,
    /// The number of deadlines set so far.
    given: u64,
    /// The number of random choices among all keys so far.
    draws: u64,
}

/// The entries with one hash: nearly always one, which then needs no allocation of its own.
#[derive(Clone, Debug)]
enum Bucket {
    One(Entry),
    Several(Vec<Entry>),
}

impl Default for Bucket {
    fn default() -> Self {
        Bucket::Several(Vec::new())
    }
}

impl Bucket {
    fn as_slice(&self) -> &[Entry] {
        match self {
            Bucket::One(entry) => slice::from_ref(entry),
            Bucket::Several(entries) => entries,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [Entry] {
        match self {
            Bucket::One(entry) => slice::from_mut(entry),
            Bucket::Several(entries) => entries,
        }
    }

    fn push(&mut self, entry: Entry) {
        *self = match mem::take(self) {
            Bucket::Several(entries) if entries.is_empty() => Bucket::One(entry),
            Bucket::Several(mut entries) => {
                entries.push(entry);
                Bucket::Several(entries)
            }
            Bucket::One(other) => Bucket::Several(vec![other, entry]),
        };
    }

    /// Removes the entry at this index.
    fn remove(&mut self, at: usize) -> Entry {
        match mem::take(self) {
            Bucket::One(entry) => entry,
            Bucket::Several(mut entries) => {
                let entry = entries.remove(at);
                *self = Bucket::Several(entries);
                entry
            }
        }
    }
}

/// An unseeded hash of a key or an element.
pub(crate) fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

impl Database {
    fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(&hash(key))?.as_slice().iter().find(|entry| *entry.key == *key)
    }

    fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        self.entries.get_mut(&hash(key))?.as_mut_slice().iter_mut().find(|entry| *entry.key == *key)
    }

    /// The number of keys, including expired keys that have not been removed.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The number of keys with a deadline.
    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The key's value, if it is a string.
    #[cfg(feature = "engine")]
    pub(crate) fn text(&self, key: &[u8]) -> Option<&Bytes> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.entry_mut(key).map(|entry| &mut entry.value)
    }

    /// Sets a value and leaves the deadline unchanged. Returns whether the key is new. Copies the
    /// bytes of the key and of a string: see [`owned`].
    pub(crate) fn insert(&mut self, key: &Bytes, value: Value) -> bool {
        let value = match value {
            Value::Text(text) => Value::Text(owned(&text)),
            other => other,
        };
        if let Some(entry) = self.entry_mut(key) {
            entry.value = value;
            return false;
        }
        let entry = Entry { key: Box::from(&**key), value, rare: None, accessed: 0 };
        self.entries.entry(hash(key)).or_default().push(entry);
        self.len += 1;
        true
    }

    /// Removes a key, and returns its value and deadline.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<(Value, Option<i64>)> {
        let hash = hash(key);
        let bucket = self.entries.get_mut(&hash)?;
        let entry = bucket.remove(bucket.as_slice().iter().position(|entry| *entry.key == *key)?);
        if bucket.as_slice().is_empty() {
            self.entries.remove(&hash);
        }
        let deadline = entry.deadline();
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, entry.key.into()));
        }
        self.len -= 1;
        Some((entry.value, deadline))
    }

    pub(crate) fn deadline(&self, key: &[u8]) -> Option<i64> {
        self.entry(key).and_then(Entry::deadline)
    }

    /// Sets or removes the deadline of an existing key. Returns the previous deadline.
    pub(crate) fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) -> Option<i64> {
        let given = self.given + 1;
        let entry = self.entry_mut(key)?;
        let old = entry.deadline();
        if old.is_none() && deadline.is_none() {
            return None;
        }
        let key = Bytes::copy_from_slice(&entry.key);
        let rare = entry.rare();
        rare.deadline = deadline;
        if deadline.is_some() {
            rare.given = given;
            self.given = given;
        }
        if let Some(old) = old {
            self.deadlines.remove(&(old, key.clone()));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, key));
        }
        old
    }

    /// The keys with a deadline, each with its deadline and the deadline's [number](Self::given).
    #[cfg(feature = "engine")]
    pub(crate) fn given_deadlines(&self) -> impl Iterator<Item = (&Bytes, i64, u64)> {
        self.deadlines.iter().map(|(deadline, key)| (key, *deadline, self.given(key).unwrap_or_default()))
    }

    /// The number of the key's deadline, if it has one. Each deadline that is set has a new number.
    #[cfg(feature = "engine")]
    pub(crate) fn given(&self, key: &[u8]) -> Option<u64> {
        self.entry(key)?.rare.as_ref().filter(|rare| rare.deadline.is_some()).map(|rare| rare.given)
    }

    /// Records an access to a key at `now`, unless it has expired by then.
    pub(crate) fn access(&mut self, key: &[u8], now: i64) -> Access {
        match self.entry_mut(key) {
            None => Access::Absent,
            Some(entry) if entry.deadline().is_some_and(|deadline| deadline < now) => Access::Expired,
            Some(entry) => {
                entry.accessed = now;
                Access::Present
            }
        }
    }

    /// The time of the last access to a key.
    pub(crate) fn accessed(&self, key: &[u8]) -> Option<i64> {
        self.entry(key).map(|entry| entry.accessed)
    }

    /// The source of the next random choice from the key's value. Choices from one key do not
    /// affect those from another.
    pub(crate) fn draw(&mut self, key: &[u8]) -> Draw {
        let number = self.entry_mut(key).map_or(0, |entry| {
            let rare = entry.rare();
            rare.draws += 1;
            rare.draws
        });
        Draw::new(hash(key) ^ number)
    }

    /// The source of the next random choice among all keys.
    pub(crate) fn draw_key(&mut self) -> Draw {
        self.draws += 1;
        Draw::new(self.draws)
    }

    /// Whether the key exists and is past its deadline.
    pub(crate) fn is_expired(&self, key: &[u8], now: i64) -> bool {
        self.deadline(key).is_some_and(|deadline| deadline < now)
    }

    /// The expired key with the earliest deadline.
    pub(crate) fn first_expired(&self, now: i64) -> Option<Bytes> {
        self.deadlines.first().filter(|(deadline, _)| *deadline < now).map(|(_, key)| key.clone())
    }

    /// The earliest time at which a key will have expired.
    pub(crate) fn next_expiry(&self) -> Option<i64> {
        self.deadlines.first().map(|(deadline, _)| deadline.saturating_add(1))
    }

    /// The keys from `cursor` on, in the order of `SCAN`, each with its own cursor.
    pub(crate) fn scan(&self, cursor: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let buckets = self.entries.range(cursor..);
        buckets.flat_map(|(hash, bucket)| bucket.as_slice().iter().map(|entry| (*hash, &*entry.key)))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.scan(0).map(|(_, key)| key)
    }

    /// Removes all keys.
    pub(crate) fn clear(&mut self) {
        *self = Database::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_exists_during_the_millisecond_of_its_deadline() {
        let mut database = Database::default();
        let key = Bytes::from_static(b"k");
        database.insert(&key, Value::Text(Bytes::new()));
        assert_eq!(database.set_deadline(&key, Some(5)), None);
        assert!(!database.is_expired(&key, 5));
        assert!(database.is_expired(&key, 6));
        assert_eq!((database.first_expired(5), database.first_expired(6)), (None, Some(key.clone())));
        assert_eq!(database.next_expiry(), Some(6));
        database.remove(&key);
        assert_eq!((database.first_expired(6), database.len(), database.deadlines()), (None, 0, 0));
    }

    #[test]
    fn a_bucket_has_every_entry_of_its_hash() {
        let entry =
            |key: &[u8]| Entry { key: key.into(), value: Value::Text(Bytes::new()), rare: None, accessed: 0 };
        let keys = |bucket: &Bucket| -> Vec<Bytes> {
            bucket.as_slice().iter().map(|entry| entry.key.clone().into()).collect()
        };
        let mut bucket = Bucket::default();
        for key in [b"a", b"b", b"c"] {
            bucket.push(entry(key));
        }
        assert_eq!(keys(&bucket), ["a", "b", "c"]);
        assert_eq!(*bucket.remove(1).key, *b"b");
        assert_eq!(bucket.as_mut_slice().len(), 2);
        assert_eq!((&*bucket.remove(1).key, &*bucket.remove(0).key), (&b"c"[..], &b"a"[..]));
        assert_eq!(keys(&bucket), <[&str; 0]>::default());
        bucket.push(entry(b"d"));
        assert!(matches!(bucket, Bucket::One(_)));
        assert_eq!((&*bucket.remove(0).key, keys(&bucket).len()), (&b"d"[..], 0));
    }
}
