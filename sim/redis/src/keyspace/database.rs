//! One numbered database.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use bytes::Bytes;
use rustc_hash::FxHasher;

use super::{Draw, Value, owned};

/// A value with its deadline.
#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    /// In milliseconds since the Unix epoch. The key exists during that millisecond, and has
    /// expired in the next one.
    deadline: Option<i64>,
    /// The deadline's number in the database. Setting a deadline again gives it a new number, even
    /// if the time is the same.
    given: u64,
    /// The number of random choices from this value so far.
    draws: u64,
    /// The time of the last access, in milliseconds since the Unix epoch.
    accessed: i64,
}

/// Keys with values and deadlines.
///
/// Keys are sorted by an unseeded hash, so `SCAN` needs no state: its cursor is the hash at which
/// to continue. A key that exists throughout a scan is returned, whatever is inserted or removed
/// meanwhile. The resulting order is as arbitrary as that of Redis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    /// Sorted by the key's hash, and then by the key. Collisions are rare.
    entries: BTreeMap<(u64, Bytes), Entry>,
    deadlines: BTreeSet<(i64, Bytes)>,
    /// The number of deadlines set so far.
    given: u64,
    /// The number of random choices among all keys so far.
    draws: u64,
}

/// An unseeded hash of a key or an element.
pub(crate) fn hash(key: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    hasher.finish()
}

impl Database {
    /// The key as stored, and its entry.
    fn find(&self, key: &[u8]) -> Option<(&Bytes, &Entry)> {
        let hash = hash(key);
        let mut same = self.entries.range((hash, Bytes::new())..).take_while(|((its, _), _)| *its == hash);
        same.find(|((_, its), _)| its == key).map(|((_, its), entry)| (its, entry))
    }

    fn entry(&self, key: &[u8]) -> Option<&Entry> {
        self.find(key).map(|(_, entry)| entry)
    }

    fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let hash = hash(key);
        let mut same = self.entries.range_mut((hash, Bytes::new())..).take_while(|((its, _), _)| *its == hash);
        same.find(|((_, its), _)| its == key).map(|(_, entry)| entry)
    }

    /// The number of keys, including expired keys that have not been removed.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
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
        let entry = Entry { value, deadline: None, given: 0, draws: 0, accessed: 0 };
        self.entries.insert((hash(key), owned(key)), entry);
        true
    }

    /// Removes a key, and returns its value and deadline.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<(Value, Option<i64>)> {
        let stored = self.find(key)?.0.clone();
        let entry = self.entries.remove(&(hash(key), stored.clone()))?;
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, stored));
        }
        Some((entry.value, entry.deadline))
    }

    pub(crate) fn deadline(&self, key: &[u8]) -> Option<i64> {
        self.entry(key).and_then(|entry| entry.deadline)
    }

    /// Sets or removes the deadline of an existing key. Returns the previous deadline.
    pub(crate) fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) -> Option<i64> {
        let given = self.given + 1;
        let key = self.find(key)?.0.clone();
        let entry = self.entry_mut(&key)?;
        let old = std::mem::replace(&mut entry.deadline, deadline);
        if deadline.is_some() {
            entry.given = given;
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
        self.entry(key).filter(|entry| entry.deadline.is_some()).map(|entry| entry.given)
    }

    /// Records an access to a key.
    pub(crate) fn access(&mut self, key: &[u8], now: i64) {
        if let Some(entry) = self.entry_mut(key) {
            entry.accessed = now;
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
            entry.draws += 1;
            entry.draws
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
    pub(crate) fn scan(&self, cursor: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        self.entries.range((cursor, Bytes::new())..).map(|((hash, key), _)| (*hash, key))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Bytes> {
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
}
