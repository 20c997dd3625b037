//! Words of 128 bits that stand for what was put into them.
//!
//! Two states are one to the search if their fingerprints are equal, so that a collision loses states. With n states there
//! is one with a chance of about n²/2^129: for a thousand million states, one in 10^21. That holds for words that are as
//! good as random, hence the mixing: each bit that goes in turns about half of those that come out.

use std::hash::Hasher;

/// A fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint(pub(crate) u128);

/// Two odd numbers without a pattern: the fractions of √2 and √3.
const FIRST: u128 = 0x6a09_e667_f3bc_c908_b2fb_1366_ea95_7d3f;
const SECOND: u128 = 0xbb67_ae85_84ca_a73b_2574_2d70_78b8_3b89;

/// A one-to-one mapping that leaves no pattern.
#[inline]
const fn mix(mut word: u128) -> u128 {
    word ^= word >> 67;
    word = word.wrapping_mul(FIRST);
    word ^= word >> 59;
    word = word.wrapping_mul(SECOND);
    word ^ word >> 64
}

impl Fingerprint {
    /// Of nothing.
    pub(crate) const NONE: Fingerprint = Fingerprint(0);

    /// The beginning of a chain of its own kind.
    #[inline]
    pub(crate) const fn of_kind(kind: u8) -> Self {
        Fingerprint(mix(FIRST ^ kind as u128))
    }

    /// What it stood for, and then these two words.
    #[inline]
    #[must_use]
    pub(crate) const fn with(self, high: u64, low: u64) -> Self {
        self.and(Fingerprint((high as u128) << 64 | low as u128))
    }

    /// What it stood for, and then what the other stands for.
    #[inline]
    #[must_use]
    pub(crate) const fn and(self, other: Fingerprint) -> Self {
        Fingerprint(mix(self.0.rotate_left(1) ^ mix(other.0 ^ SECOND)))
    }

    /// One more part of a whole whose parts have no order.
    #[inline]
    pub(crate) fn add(&mut self, part: Fingerprint) {
        self.0 = self.0.wrapping_add(part.0);
    }

    /// One part less.
    #[inline]
    pub(crate) fn take(&mut self, part: Fingerprint) {
        self.0 = self.0.wrapping_sub(part.0);
    }
}

/// Makes the fingerprint of whatever can be hashed. The same on every machine of the same width and byte order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digest(Fingerprint);

impl Digest {
    /// Of what was written so far. Never [`Fingerprint::NONE`], which is for what is not there.
    pub(crate) fn fingerprint(self) -> Fingerprint {
        Fingerprint(self.0.with(1, 1).0 | 1)
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0.0 as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = self.0.with(chunk.len() as u64, u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.with(8, word);
    }

    fn write_u32(&mut self, word: u32) {
        self.0 = self.0.with(8, word.into());
    }

    fn write_u8(&mut self, word: u8) {
        self.0 = self.0.with(8, word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.0 = self.0.with(8, word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_that_goes_in_turns_about_half_of_those_that_come_out() {
        let start = Fingerprint::of_kind(1);
        for word in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
            for bit in 0..128 {
                let turned = 1u128 << bit;
                let (high, low) = ((turned >> 64) as u64, turned as u64);
                let changed = start.with(word, !word).0 ^ start.with(word ^ high, !word ^ low).0;
                assert!((32..=96).contains(&changed.count_ones()), "bit {bit}: {changed:#x}");
            }
        }
    }

    #[test]
    fn small_numbers_in_chains_and_sums_do_not_meet() {
        let mut seen = std::collections::HashSet::new();
        for a in 0..64 {
            for b in 0..64 {
                let chain = Fingerprint::NONE.with(0, a).with(0, b);
                let mut sum = Fingerprint::of_kind(1).with(0, a);
                sum.add(Fingerprint::of_kind(2).with(0, b));
                // Each half by itself: a table looks at one of them.
                for word in [chain.0 as u64, (chain.0 >> 64) as u64, sum.0 as u64, (sum.0 >> 64) as u64] {
                    assert!(seen.insert(word), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn the_order_matters_in_a_chain_and_not_in_a_sum() {
        let (a, b) = (Fingerprint::of_kind(1), Fingerprint::of_kind(2));
        assert_ne!(a.and(b), b.and(a));
        let (mut one, mut other) = (a, b);
        one.add(b);
        other.add(a);
        assert_eq!(one, other);
        one.take(b);
        assert_eq!(one, a);
    }
}
