//! Pseudo-random numbers, the same on every machine.

/// SplitMix64: Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Numbers(seed)
    }

    /// The next number.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..end`.
    #[inline]
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut numbers = Numbers::new(1_234_567);
        assert_eq!(
            [(); 3].map(|()| numbers.next()),
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn each_number_below_a_bound_occurs() {
        let mut numbers = Numbers::new(7);
        let mut seen = [0; 5];
        (0..1_000).for_each(|_| seen[numbers.below(5)] += 1);
        assert!(seen.iter().all(|&times| times > 150), "{seen:?}");
    }
}
