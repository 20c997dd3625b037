//! Sorted sets: members with scores.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::owned;

/// Maximum number of members of a small sorted set (`zset-max-listpack-entries`).
const MAX_SMALL: usize = 128;
/// Maximum length of a member of a small sorted set, in bytes (`zset-max-listpack-value`).
const MAX_SHORT: usize = 64;

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
    is_large: bool,
}

impl SortedSet {
    pub(crate) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Adds a member, or changes its score.
    pub(crate) fn insert(&mut self, member: Bytes, score: f64) {
        // A small sorted set of Redis does not retain the sign of a zero.
        let score = score + 0.0;
        let member = owned(&member);
        self.is_large |= member.len() > MAX_SHORT;
        if let Some(old) = self.scores.insert(member.clone(), score) {
            self.order.remove(&(Score(old), member.clone()));
        }
        self.order.insert((Score(score), member));
        self.is_large |= self.order.len() > MAX_SMALL;
    }

    /// Whether Redis would store it in a hash table. It stays large when members are removed.
    pub(crate) fn is_large(&self) -> bool {
        self.is_large
    }

    /// The member's index in ascending order.
    pub(crate) fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        let before = |(other, bytes): &(Score, Bytes)| {
            (other.0, &bytes[..]).partial_cmp(&(score, member)) == Some(Ordering::Less)
        };
        Some(self.order.iter().take_while(|entry| before(entry)).count())
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
