//! Hit ratio for skewed key popularity.

use super::contender::{self, BenchCache, Contender, with_cache};

/// Number of keys.
const KEYS: usize = 100_000;

/// Number of operations of a trace. The first quarter fills the cache, and is not counted.
const OPERATIONS: u64 = 1_000_000;

/// A Zipf distribution: the n-th most popular key is accessed with a probability proportional to n
/// to the power of minus `skew`. Accesses are independent, so recency gives a policy no advantage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trace {
    skew: f64,
    /// The capacity of the cache, in thousandths of the number of keys.
    capacity: u64,
    /// The percentage of writes, which invalidate the key.
    writes: u64,
}

impl Trace {
    /// All traces.
    pub(super) fn all() -> Vec<Trace> {
        let sizes = [1, 10, 100];
        let reads = [0.7, 0.9, 1.0, 1.2]
            .into_iter()
            .flat_map(|skew| sizes.map(|capacity| Trace { skew, capacity, writes: 0 }));
        let writes = sizes.map(|capacity| Trace { skew: 0.9, capacity, writes: 10 });
        reads.chain(writes).collect()
    }

    /// The trace with this index in [`Trace::all`].
    ///
    /// # Panics
    ///
    /// If the index is out of bounds.
    pub(crate) fn numbered(number: usize) -> Trace {
        Trace::all()[number]
    }

    /// The name in reports: the skew, and the capacity as a percentage of the keys.
    pub(super) fn name(self) -> String {
        let Trace { skew, capacity, writes } = self;
        let written = if writes == 0 { String::new() } else { format!("-{writes}%-written") };
        format!("zipf-{skew:.1}-{}%{written}", capacity as f64 / 10.0)
    }
}

/// The hit ratio of the trace.
pub(crate) fn measure(contender: Contender, trace: Trace) -> f64 {
    with_cache!(contender, hit_ratio(trace, OPERATIONS))
}

fn hit_ratio<C: BenchCache>(trace: Trace, operations: u64) -> f64 {
    let cache = C::new(KEYS as u64 * trace.capacity / 1_000, None);
    let popular = Popularity::new(trace.skew);
    let mut random = Random::new(0);
    let (mut reads, mut hits) = (0_u64, 0_u64);
    for operation in 0..operations {
        let key = popular.draw(&mut random);
        if random.below(100) < trace.writes {
            cache.remove(key);
            continue;
        }
        let hit = cache.get(key).is_some();
        if !hit {
            cache.put(key, key);
        }
        if operation >= operations / 4 {
            reads += 1;
            hits += u64::from(hit);
        }
    }
    hits as f64 / reads as f64
}

/// A distribution of keys by popularity.
struct Popularity {
    /// The sum of the weights up to each key.
    sums: Vec<f64>,
}

impl Popularity {
    fn new(skew: f64) -> Self {
        let weights = (1..=KEYS).map(|rank| (rank as f64).powf(-skew));
        let sums = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Popularity { sums: sums.collect() }
    }

    fn draw(&self, random: &mut Random) -> u64 {
        let all = self.sums[KEYS - 1];
        // The upper 53 bits, the precision of a float.
        let at = (random.next() >> 11) as f64 / (1_u64 << 53) as f64 * all;
        self.sums.partition_point(|&sum| sum <= at) as u64
    }
}

/// A deterministic random number generator. SplitMix64: Steele, Lea, Flood, "Fast splittable
/// pseudorandom number generators" (OOPSLA 2014).
pub(super) struct Random(u64);

impl Random {
    /// Creates a generator for this stream. Streams are independent.
    pub(super) fn new(stream: u64) -> Self {
        Random(stream << 48)
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A random number below `end`, which must fit into 32 bits.
    #[inline]
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((self.next() >> 32) * end) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frequencies_follow_the_zipf_distribution() {
        let (popular, mut random) = (Popularity::new(1.0), Random::new(0));
        let mut drawn = [0; 4];
        for _ in 0..1_000_000 {
            if let Some(count) = drawn.get_mut(popular.draw(&mut random) as usize) {
                *count += 1;
            }
        }
        // The 100,000th harmonic number is 12.09.
        for (rank, count) in (1..).zip(drawn) {
            let expected = 1_000_000.0 / 12.09 / f64::from(rank);
            assert!((f64::from(count) / expected - 1.0).abs() < 0.05, "{drawn:?}");
        }
    }

    #[test]
    fn names_of_traces_are_unique() {
        let mut names: Vec<_> = Trace::all().into_iter().map(Trace::name).collect();
        assert_eq!(names[0], "zipf-0.7-0.1%");
        assert_eq!(names.last().map(String::as_str), Some("zipf-0.9-10%-10%-written"));
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    fn has_some_hits<C: BenchCache>() {
        let trace = Trace { skew: 0.9, capacity: 10, writes: 10 };
        let ratio = hit_ratio::<C>(trace, 50_000);
        assert!((0.2..0.6).contains(&ratio), "{ratio}");
    }

    #[test]
    fn each_policy_has_some_hits_and_some_misses() {
        for contender in Contender::WITH_A_POLICY {
            with_cache!(contender, has_some_hits());
        }
    }
}
