//! Random choices, equal in each run.

/// A source of random numbers: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Draw(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// An index below `count`, which is positive.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Different indices below `count`, in random order: `wanted` of them, or all.
    pub(crate) fn distinct(&mut self, count: usize, wanted: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        let wanted = wanted.min(count);
        for at in 0..wanted {
            let other = at + self.index(count - at);
            all.swap(at, other);
        }
        all.truncate(wanted);
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Draw;

    #[test]
    fn distinct_indices_cover_the_range() {
        for wanted in [0, 1, 3, 9, 10, 20] {
            let drawn = Draw::new(wanted as u64).distinct(10, wanted);
            assert_eq!(drawn.len(), wanted.min(10));
            assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), drawn.len());
            assert!(drawn.iter().all(|index| *index < 10));
        }
    }
}
