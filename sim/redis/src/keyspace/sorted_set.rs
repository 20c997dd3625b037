//! Sorted sets: members with scores.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use bytes::Bytes;
use rustc_hash::FxHashMap;

/// A score. It is never NaN: commands reject NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Score(f64);

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.partial_cmp(&other.0).expect("a score is never NaN")
    }
}

/// Members with scores, sorted by score and then by the member's bytes. Access by rank costs O(n).
#[derive(Clone, Debug, Default)]
pub(crate) struct SortedSet {
    /// For lookups only; never iterated.
    scores: FxHashMap<Bytes, f64>,
    order: BTreeSet<(Score, Bytes)>,
}

impl SortedSet {
    pub(crate) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Adds a member, or changes its score.
    pub(crate) fn insert(&mut self, member: Bytes, score: f64) {
        // A small sorted set of Redis does not retain the sign of a zero.
        let score = score + 0.0;
        if let Some(old) = self.scores.insert(member.clone(), score) {
            self.order.remove(&(Score(old), member.clone()));
        }
        self.order.insert((Score(score), member));
    }

    /// Removes a member, and returns whether it existed.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        let Some((member, score)) = self.scores.remove_entry(member) else { return false };
        self.order.remove(&(Score(score), member))
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Iterates from the lowest score to the highest.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Bytes, f64)> {
        self.order.iter().map(|(score, member)| (member, score.0))
    }
}
