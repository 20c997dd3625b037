//! Choice of the evicted entry.

use super::fixture::Fixture;
use crate::l1::RemovalCause;

#[test]
fn an_unread_entry_is_evicted_first() {
    let fixture = Fixture::of(10);
    (0..10).for_each(|key| fixture.put(key));
    assert!(fixture.has(1) && fixture.has(7));
    (10..13).for_each(|key| fixture.put(key));
    assert_eq!(fixture.held(0..13).len(), 10);
    assert_eq!(fixture.held([1, 7, 10, 11, 12]), [1, 7, 10, 11, 12]);
}

#[test]
fn a_scan_does_not_evict_read_entries() {
    let fixture = Fixture::of(100);
    (0..50).for_each(|key| fixture.put(key));
    for scanned in 1_000..3_000 {
        fixture.put(scanned);
        assert!(fixture.has(scanned % 50), "{scanned}");
    }
    assert_eq!(fixture.held(0..50).len(), 50);
}

/// Inserts keys that were never seen before, as a scan does.
fn scan(fixture: &Fixture, from: u32) {
    (from..from + 100).for_each(|key| fixture.put(key));
}

#[test]
fn a_key_that_returns_soon_after_its_eviction_stays() {
    let fixture = Fixture::of(100);
    (0..=100).for_each(|key| fixture.put(key));
    let [(evicted, _, RemovalCause::Size)] = fixture.notified()[..] else { panic!("one is evicted") };
    // It returns. Although it is not read, a scan longer than probation does not evict it.
    fixture.put(evicted);
    scan(&fixture, 1_000);
    assert_eq!(fixture.held([evicted]), [evicted]);
    // A new key is evicted by the scan.
    fixture.put(5_000);
    scan(&fixture, 2_000);
    assert_eq!(fixture.held([5_000]), [0_u32; 0]);
}

#[test]
fn a_key_removed_from_the_main_queue_returns_there() {
    let fixture = Fixture::of(100);
    (0..100).for_each(|key| fixture.put(key));
    assert!(fixture.has(1));
    // It is the only one that is promoted.
    scan(&fixture, 1_000);
    fixture.tier.remove(&1);
    // Much later, so that no other memory has it.
    (0..20).for_each(|round| scan(&fixture, 10_000 + 100 * round));
    fixture.put(1);
    scan(&fixture, 2_000);
    assert_eq!(fixture.held([1]), [1]);
}

#[test]
fn one_entry_is_evicted_even_if_all_were_read() {
    let fixture = Fixture::of(1_000);
    (0..1_000).for_each(|key| fixture.put(key));
    (0..1_000).for_each(|key| assert!(fixture.has(key)));
    for key in 1_000..1_010 {
        fixture.put(key);
        assert_eq!(fixture.tier.eviction().weights().1, 1_000);
    }
    assert_eq!(fixture.held(1_000..1_010).len(), 10, "the newest entries are not evicted at once");
}

#[test]
fn a_tier_for_one_entry_has_the_last() {
    let fixture = Fixture::of(1);
    for key in 0..100 {
        fixture.put(key);
        assert_eq!(fixture.held(0..100), [key]);
        if key % 3 == 0 {
            assert!(fixture.has(key));
        }
    }
}

#[test]
fn a_tier_for_none_has_none() {
    let fixture = Fixture::of(0);
    fixture.put(1);
    assert_eq!(fixture.held([1]), [0_u32; 0]);
    assert_eq!((fixture.tier.eviction().weights(), fixture.tier.eviction().nodes()), ((0, 0), vec![]));
}
