//! Expiry, and the release of expired entries' memory.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fixture::{Fixture, HandClock, Tier};
use crate::l1::{Bound, RemovalCause};

#[test]
fn an_entry_is_served_until_its_deadline_and_not_at_it() {
    let fixture = Fixture::new(None, None);
    fixture.put_until(1, 10);
    fixture.set_clock(9);
    assert!(fixture.has(1));
    fixture.set_clock(10);
    assert!(!fixture.has(1));
}

#[test]
fn an_entrys_deadline_overrides_the_tiers_ttl() {
    let fixture = Fixture::new(Some(Duration::from_secs(60)), None);
    assert_eq!(fixture.tier.deadline(), Some(Duration::from_secs(60)));
    fixture.put_until(1, 10);
    fixture.put(2);
    fixture.set_clock(10);
    assert!(!fixture.has(1));
    fixture.set_clock(1_000);
    assert!(fixture.has(2), "its deadline is absent");
}

#[test]
fn a_lagging_clock_shortens_lifetimes_and_never_extends_them() {
    let lag = Duration::from_secs(2);
    let clock = HandClock { lag, ..HandClock::default() };
    let tier = Tier::new(clock.clone(), Some(Duration::from_secs(10)));
    // The time is 7 s; the clock shows 5 s. The entry may live until 17 s, when the clock shows
    // at least 15 s.
    clock.seconds.store(5, Ordering::Relaxed);
    assert_eq!(tier.deadline(), Some(Duration::from_secs(13)));
    // The time is 5 s; the clock shows 5 s. The entry may live until 15 s, when the clock may show
    // 13 s.
    tier.insert(1, 1, tier.deadline());
    clock.seconds.store(12, Ordering::Relaxed);
    assert_eq!(tier.get(&1), Some(1));
    clock.seconds.store(13, Ordering::Relaxed);
    assert_eq!(tier.get(&1), None);
}

#[test]
fn a_hit_that_cannot_expire_reads_no_clock() {
    let fixture = Fixture::of(10);
    fixture.put(1);
    fixture.put_until(2, 1);
    let readings = || fixture.clock.readings.load(Ordering::Relaxed);
    let before = readings();
    assert!(fixture.has(1) && !fixture.has(3));
    assert_eq!(readings(), before);
    assert!(fixture.has(2));
    assert_eq!(readings(), before + 1);
}

#[test]
fn a_ttl_beyond_the_range_of_the_clock_never_expires() {
    let fixture = Fixture::new(Some(Duration::MAX), None);
    fixture.set_clock(1);
    assert_eq!(fixture.tier.deadline(), None);
    fixture.tier.insert(1, 1, Some(Duration::MAX));
    fixture.set_clock(u64::MAX / 2);
    assert!(fixture.has(1));
}

#[test]
fn expired_entries_are_swept_by_insertions_though_there_is_room() {
    let fixture = Fixture::of(1_000);
    (0..100).for_each(|key| fixture.put_until(key, 10 + u64::from(key % 7)));
    fixture.set_clock(20);
    assert_eq!(fixture.held(0..100).len(), 100);
    (1_000..1_100).for_each(|key| fixture.put(key));
    assert_eq!(fixture.held(0..100), [0_u32; 0]);
    assert!(fixture.notified().iter().all(|&(_, _, cause)| cause == RemovalCause::Expired));
    assert_eq!(fixture.tier.eviction().weights(), (100, 100));
}

#[test]
fn expired_entries_are_swept_though_only_one_key_is_refilled() {
    let fixture = Fixture::of(1_000);
    (0..100).for_each(|key| fixture.put_until(key, 10));
    fixture.set_clock(10);
    (0..100).for_each(|_| fixture.put_until(0, 20));
    assert_eq!(fixture.held(0..100), [0]);
}

#[test]
fn expired_entries_are_swept_where_the_hand_does_not_move() {
    let fixture = Fixture::of(100);
    (0..50).for_each(|key| fixture.put_until(key, 10));
    // All are promoted. Later entries are not, so the hand does not move.
    (0..50).for_each(|key| assert!(fixture.has(key)));
    (1_000..1_200).for_each(|key| fixture.put(key));
    assert_eq!(fixture.held(0..50).len(), 50);
    fixture.set_clock(10);
    // One insertion for each entry: an insertion inspects one node of each main queue.
    (2_000..2_100).for_each(|key| fixture.put(key));
    assert_eq!(fixture.held(0..50), [0_u32; 0]);
}

#[test]
fn expired_entries_are_removed_before_visited_ones() {
    let fixture = Fixture::new(None, Some(Bound::entries(3)));
    fixture.put_until(1, 10);
    (2..=3).for_each(|key| fixture.put(key));
    (1..=3).for_each(|key| assert!(fixture.has(key)));
    fixture.set_clock(10);
    fixture.put(4);
    assert_eq!(fixture.held(1..=4), [2, 3, 4]);
    assert_eq!(fixture.notified(), [(1, 1, RemovalCause::Expired)]);
}
