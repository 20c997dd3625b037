//! Memory per entry, overhead included: the growth of the process' resident memory while the cache
//! is filled.

use super::contender::{self, BenchCache, Contender, with_cache};
use crate::memory::rss_kib;

/// Large enough that page granularity and fixed costs are negligible.
pub(super) const ENTRIES: u64 = 1_000_000;

/// Bytes per entry of a full cache; `None` if the kernel does not report resident memory.
pub(crate) fn measure(contender: Contender) -> Option<f64> {
    with_cache!(contender, bytes())
}

fn bytes<C: BenchCache>() -> Option<f64> {
    let before = rss_kib()?;
    let cache = C::new(ENTRIES, None);
    (0..ENTRIES).for_each(|key| cache.put(key, key));
    cache.settle();
    let after = rss_kib()?;
    // A cache may evict entries below its capacity, for instance by shard.
    let entries = (0..ENTRIES).filter(|&key| cache.get(key).is_some()).count();
    Some(after.saturating_sub(before) as f64 * 1024.0 / entries as f64)
}
