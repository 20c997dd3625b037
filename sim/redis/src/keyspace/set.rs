//! Sets.

use std::collections::BTreeSet;

use bytes::Bytes;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::owned;
use crate::resp::{integer, whole_number};

/// Maximum number of members for which a set of integers is sorted (`set-max-intset-entries`).
const MAX_INTEGERS: usize = 512;

/// Members. As in Redis, a small set of integers iterates in ascending order, and any other set in
/// an unspecified order.
#[derive(Clone, Debug)]
pub(crate) enum Set {
    Integers(BTreeSet<i64>),
    Members(IndexSet<Bytes, FxBuildHasher>),
}

impl Default for Set {
    fn default() -> Self {
        Set::Integers(BTreeSet::new())
    }
}

impl Set {
    /// Adds a member, and returns whether it is new.
    pub(crate) fn insert(&mut self, member: Bytes) -> bool {
        if let Set::Integers(integers) = self {
            match whole_number(&member) {
                Some(number) if integers.contains(&number) => return false,
                Some(number) if integers.len() < MAX_INTEGERS => return integers.insert(number),
                _ => *self = Set::Members(self.iter().collect()),
            }
        }
        match self {
            Set::Integers(_) => false,
            Set::Members(members) => members.insert(owned(&member)),
        }
    }

    /// Removes a member, and returns whether it existed.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Integers(integers) => whole_number(member).is_some_and(|number| integers.remove(&number)),
            Set::Members(members) => members.swap_remove(member),
        }
    }

    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Integers(integers) => whole_number(member).is_some_and(|number| integers.contains(&number)),
            Set::Members(members) => members.contains(member),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Set::Integers(integers) => integers.len(),
            Set::Members(members) => members.len(),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        match self {
            Set::Integers(integers) => Box::new(integers.iter().map(|&number| integer(number).into())),
            Set::Members(members) => Box::new(members.iter().cloned()),
        }
    }
}
