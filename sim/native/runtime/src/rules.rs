//! The rules that leave out events or schedules, each of which can be switched off to measure its
//! effect: `SELVEDGE_NATIVE_WITHOUT=locks,alone,counts,spins`.

use std::env;
use std::sync::OnceLock;

/// A rule that leaves something out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// The locks of DashMap and parking_lot are locks, not code.
    Locks,
    /// A task that is alone has no events.
    Alone,
    /// Changes of an `Arc`'s count commute.
    Counts,
    /// A loop of reads that has no other end waits until the word changes.
    Spins,
}

/// Whether the rule is applied.
pub(crate) fn applies(rule: Rule) -> bool {
    static WITHOUT: OnceLock<[bool; 4]> = OnceLock::new();
    let without = WITHOUT.get_or_init(|| {
        let names = env::var("SELVEDGE_NATIVE_WITHOUT").unwrap_or_default();
        ["locks", "alone", "counts", "spins"].map(|name| names.split(',').any(|its| its == name))
    });
    !without[rule as usize]
}
