//! How much memory an entry takes, with all that is kept for it: what the process has resident more when the cache is full
//! than before there was one.

use super::contender::{self, Cache, Contender, with_cache};
use crate::memory::rss_kib;

/// So many that pages and fixed parts do not count.
pub(super) const ENTRIES: u64 = 1_000_000;

/// Bytes for each entry of a full cache. `None` where the kernel does not say what is resident.
pub(crate) fn measure(contender: Contender) -> Option<f64> {
    with_cache!(contender, bytes())
}

fn bytes<C: Cache>() -> Option<f64> {
    let before = rss_kib()?;
    let cache = C::new(ENTRIES, None);
    (0..ENTRIES).for_each(|key| cache.put(key, key));
    cache.settle();
    let after = rss_kib()?;
    // A cache may have evicted some, though there is room for all: by shard, for one.
    let entries = (0..ENTRIES).filter(|&key| cache.get(key).is_some()).count();
    Some(after.saturating_sub(before) as f64 * 1024.0 / entries as f64)
}
