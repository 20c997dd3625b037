//! A concurrent set. Each operation is one event on one key. The kind of access depends on the
//! state: inserting a key that is present only reads it.
//!
//! A key's state is 1 while it is in the set.

use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::map::hash;
use crate::event::{Action, Mode, NOTHING, Orders, Rule, RuleTag};
use crate::history::Holds;
use crate::runtime::{Granted, Handle};

/// The key and the set as a whole. The set changes only if the key does.
static INSERT: Rule = Rule {
    tag: RuleTag::SetInsert,
    alternatives: |_, _| 1,
    outcome: |&[key, whole, _], _, _| match key {
        0 => [(Mode::Write, 1), (Mode::Update, whole), NOTHING],
        _ => [(Mode::Read, key), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "insert into",
};

static REMOVE: Rule = Rule {
    tag: RuleTag::SetRemove,
    alternatives: |_, _| 1,
    outcome: |&[key, whole, _], _, _| match key {
        0 => [(Mode::Read, key), NOTHING, NOTHING],
        _ => [(Mode::Write, 0), (Mode::Update, whole), NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "remove from",
};

/// A shared set.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Set, thread};
///
/// // The first task to insert the key is observable; the order of the other two is not.
/// let report = Explorer::optimal().run(|| {
///     let set = Arc::new(Set::new());
///     for _ in 0..3 {
///         let set = Arc::clone(&set);
///         thread::spawn(move || set.insert("key"));
///     }
/// });
/// assert_eq!(report.executions, 3);
/// ```
pub struct Set<K> {
    handle: Handle,
    keys: Mutex<FxHashSet<K>>,
}

impl<K: Eq + Hash> Set<K> {
    /// Creates an empty set.
    #[track_caller]
    pub fn new() -> Self {
        Set::named("a set")
    }

    /// Creates an empty set with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str) -> Self {
        Set { handle: Handle::new(name, Holds::Word, 0), keys: Mutex::new(FxHashSet::default()) }
    }

    /// Whether the set contains `key`.
    #[track_caller]
    pub fn contains(&self, key: &K) -> bool {
        self.handle.perform_on_key(
            hash(key),
            Action::Read,
            Action::Glance,
            Orders::default(),
            Location::caller(),
        );
        self.keys().contains(key)
    }

    /// Inserts `key`, and returns whether it was absent.
    ///
    /// # Panics
    ///
    /// If another key of the set has the same hash.
    #[track_caller]
    pub fn insert(&self, key: K) -> bool {
        let granted = self.handle.perform_rule_on_key(hash(&key), &INSERT, Location::caller());
        checked(self.keys().insert(key), granted)
    }

    /// Removes `key`, and returns whether it was present.
    ///
    /// # Panics
    ///
    /// Like [`insert`](Set::insert).
    #[track_caller]
    pub fn remove(&self, key: &K) -> bool {
        let granted = self.handle.perform_rule_on_key(hash(key), &REMOVE, Location::caller());
        checked(self.keys().remove(key), granted)
    }

    /// The number of keys. Conflicts with every operation that changes it.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.handle.perform(Action::Read, Location::caller());
        self.keys().len()
    }

    /// Whether the set is empty.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys in ascending order. One event; conflicts like [`len`](Set::len).
    #[track_caller]
    pub fn to_vec(&self) -> Vec<K>
    where
        K: Ord + Clone,
    {
        self.handle.perform(Action::Read, Location::caller());
        let mut keys: Vec<K> = self.keys().iter().cloned().collect();
        keys.sort_unstable();
        keys
    }

    fn keys(&self) -> MutexGuard<'_, FxHashSet<K>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks that the set changed exactly if the engine predicted it from the key's state.
#[track_caller]
fn checked(changed: bool, granted: Option<Granted>) -> bool {
    assert!(
        granted.is_none_or(|granted| changed == (granted.before != granted.after)),
        "two different keys of this set have the same hash, so the engine cannot distinguish them. Give the key a Hash that feeds \
         everything that its Eq compares"
    );
    changed
}

impl<K: Eq + Hash> Default for Set<K> {
    #[track_caller]
    fn default() -> Self {
        Set::new()
    }
}

impl<K> fmt::Debug for Set<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set").finish_non_exhaustive()
    }
}
