//! Fingerprints: 128-bit hashes.
//!
//! The search treats two states with equal fingerprints as one state, so that a collision loses
//! states. The probability of a collision among n states is about n²/2^129: 10^-21 for 10^9 states.
//! This holds for uniformly distributed fingerprints; therefore the mixing function changes about
//! half of the output bits for each input bit.

use std::hash::Hasher;

use super::kinds::FingerprintKind;

/// A 128-bit hash of a state or of a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fingerprint(pub(crate) u128);

/// Two odd numbers without a pattern: the fractions of √2 and √3.
const FIRST: u128 = 0x6a09_e667_f3bc_c908_b2fb_1366_ea95_7d3f;
const SECOND: u128 = 0xbb67_ae85_84ca_a73b_2574_2d70_78b8_3b89;

/// A bijection that leaves no pattern.
#[inline]
const fn mix(mut word: u128) -> u128 {
    word ^= word >> 67;
    word = word.wrapping_mul(FIRST);
    word ^= word >> 59;
    word = word.wrapping_mul(SECOND);
    word ^ word >> 64
}

impl Fingerprint {
    /// The fingerprint of nothing.
    pub(crate) const NONE: Fingerprint = Fingerprint(0);

    /// The start of a chain of this kind.
    #[inline]
    pub(crate) const fn of_kind(kind: FingerprintKind) -> Self {
        Fingerprint(mix(FIRST ^ kind as u128))
    }

    /// Appends these two words to the chain.
    #[inline]
    #[must_use]
    pub(crate) const fn with(self, high: u64, low: u64) -> Self {
        self.and(Fingerprint((high as u128) << 64 | low as u128))
    }

    /// Appends another fingerprint to the chain.
    #[inline]
    #[must_use]
    pub(crate) const fn and(self, other: Fingerprint) -> Self {
        Fingerprint(mix(self.0.rotate_left(1) ^ mix(other.0 ^ SECOND)))
    }

    /// Adds a part to an unordered sum.
    #[inline]
    pub(crate) fn add(&mut self, part: Fingerprint) {
        self.0 = self.0.wrapping_add(part.0);
    }

    /// Subtracts a part from an unordered sum.
    #[inline]
    pub(crate) fn take(&mut self, part: Fingerprint) {
        self.0 = self.0.wrapping_sub(part.0);
    }
}

/// A hasher that computes a fingerprint. The result is the same on every machine with the same word
/// size and byte order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digest(Fingerprint);

impl Digest {
    /// The fingerprint of the words written so far. It is never [`Fingerprint::NONE`], which stands
    /// for an absent value.
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
    fn each_input_bit_changes_about_half_of_the_output_bits() {
        let start = Fingerprint::of_kind(FingerprintKind::Task);
        for word in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
            for bit in 0..128 {
                let flipped = 1u128 << bit;
                let (high, low) = ((flipped >> 64) as u64, flipped as u64);
                let changed = start.with(word, !word).0 ^ start.with(word ^ high, !word ^ low).0;
                assert!((32..=96).contains(&changed.count_ones()), "bit {bit}: {changed:#x}");
            }
        }
    }

    #[test]
    fn small_numbers_in_chains_and_sums_do_not_collide() {
        let mut seen = std::collections::HashSet::new();
        for a in 0..64 {
            for b in 0..64 {
                let chain = Fingerprint::NONE.with(0, a).with(0, b);
                let mut sum = Fingerprint::of_kind(FingerprintKind::Task).with(0, a);
                sum.add(Fingerprint::of_kind(FingerprintKind::Local).with(0, b));
                // Check each half by itself, because a table uses only one of them.
                for word in [chain.0 as u64, (chain.0 >> 64) as u64, sum.0 as u64, (sum.0 >> 64) as u64] {
                    assert!(seen.insert(word), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn the_order_matters_in_a_chain_and_not_in_a_sum() {
        let (a, b) =
            (Fingerprint::of_kind(FingerprintKind::Task), Fingerprint::of_kind(FingerprintKind::Local));
        assert_ne!(a.and(b), b.and(a));
        let (mut one, mut other) = (a, b);
        one.add(b);
        other.add(a);
        assert_eq!(one, other);
        one.take(b);
        assert_eq!(one, a);
    }
}
