//! Several nodes at the level `Strict`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use selvedge::TieredCache;
use selvedge::nodes::{Notified, Strict};

use super::Real;
use super::nodes::{Cache, Line, NODES, redis, run, seconds};

const LEASE: Duration = Duration::from_millis(400);

fn count(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// Waits until a node serves the key locally: it has a lease, and no write has the key open.
#[track_caller]
fn until_served(cache: &Cache, key: &String, value: Option<u64>) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        assert_eq!(cache.blocking().get(key).unwrap(), value);
        if cache.contains_local(key) {
            return;
        }
        assert!(Instant::now() < deadline, "it is not cached");
    }
}

#[test]
fn no_read_of_a_strict_node_is_stale_or_inverted() {
    let Some(real) = Real::start("nodes that are strict") else { return };
    let lines: [Line; NODES] = std::array::from_fn(|_| Line::start(&real.server));
    let caches: [Cache; NODES] = std::array::from_fn(|node| {
        TieredCache::builder(redis(&real, &lines[node])).strict(Strict::lease(LEASE)).build()
    });
    let counts = run(&caches, &lines, seconds());
    let hits: u64 = caches.iter().map(|cache| cache.stats().hits).sum();
    println!("{counts:?}, {hits} hits");
    assert_eq!((count(&counts.stale), count(&counts.inverted)), (0, 0), "{counts:?}");
    // The nodes were disturbed, and have served their local tiers all the same.
    assert!(count(&counts.faults) > 5 && count(&counts.failed) > 0, "{counts:?}");
    assert!(count(&counts.writes) > 20 && hits > count(&counts.reads) / 8, "{counts:?}, {hits} hits");
}

/// The same workload finds stale and inverted reads at the level `Notified`.
#[test]
fn the_workload_finds_reads_that_are_not_linearizable() {
    let Some(real) = Real::start("nodes that are not strict") else { return };
    let lines: [Line; NODES] = std::array::from_fn(|_| Line::start(&real.server));
    let caches: [Cache; NODES] = std::array::from_fn(|node| {
        TieredCache::builder(redis(&real, &lines[node])).notified(Notified::within(LEASE)).build()
    });
    let counts = run(&caches, &lines, Duration::from_secs(3));
    assert!(count(&counts.stale) > 0 && count(&counts.inverted) > 0, "{counts:?}");
}

#[test]
fn a_write_on_one_node_is_seen_at_once_on_each() {
    let Some(real) = Real::start("strict nodes without disturbance") else { return };
    let strict = || TieredCache::builder(real.redis()).strict(Strict::lease(Duration::from_secs(2))).build();
    let caches: [Cache; NODES] = std::array::from_fn(|_| strict());
    let key = "k".to_owned();
    for value in 1..=200 {
        caches[value as usize % NODES].blocking().set(&key, &value).unwrap();
        for cache in &caches {
            assert_eq!(cache.blocking().get(&key).unwrap(), Some(value));
        }
    }
    for cache in &caches {
        until_served(cache, &key, Some(200));
    }
    caches[0].blocking().delete(&key).unwrap();
    for cache in &caches {
        assert_eq!(cache.blocking().get(&key).unwrap(), None);
        assert!(!cache.contains_local(&key));
    }
    let hits: u64 = caches.iter().map(|cache| cache.stats().hits).sum();
    assert!(hits > 0, "nothing was served locally");
}

#[test]
fn a_write_waits_for_the_lease_of_a_node_that_does_not_answer_and_then_no_longer() {
    let Some(real) = Real::start("a strict node that is cut off") else { return };
    let line = Line::start(&real.server);
    let lease = Duration::from_millis(1_500);
    let of = |redis| -> Cache { TieredCache::builder(redis).strict(Strict::lease(lease)).build() };
    let (writer, silent) = (of(real.redis()), of(redis(&real, &line)));
    let key = "k".to_owned();
    writer.blocking().set(&key, &1).unwrap();
    until_served(&silent, &key, Some(1));
    line.network.is_frozen.store(true, Ordering::Relaxed);
    let start = Instant::now();
    writer.blocking().set(&key, &2).unwrap();
    let waited = start.elapsed();
    assert!(waited >= lease, "{waited:?}");
    // It may fail, but must not return the old value.
    assert!(!silent.contains_local(&key), "it serves the old value");
    // The node has been removed from the registry: the next write does not wait.
    let start = Instant::now();
    writer.blocking().set(&key, &3).unwrap();
    assert!(start.elapsed() < lease, "{:?}", start.elapsed());
    line.cut();
    line.network.is_frozen.store(false, Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(20);
    while silent.blocking().get(&key).is_err() {
        assert!(Instant::now() < deadline, "it does not reconnect");
    }
    until_served(&silent, &key, Some(3));
    writer.blocking().set(&key, &4).unwrap();
    assert_eq!(silent.blocking().get(&key).unwrap(), Some(4));
}

#[test]
fn a_write_waits_for_a_lease_if_the_registry_has_been_lost() {
    let Some(mut real) = Real::start("strict nodes whose registry is lost") else { return };
    let lease = Duration::from_millis(600);
    let cache: Cache = TieredCache::builder(real.redis()).strict(Strict::lease(lease)).build();
    let key = "k".to_owned();
    let timed = |value: u64| {
        let start = Instant::now();
        cache.blocking().set(&key, &value).unwrap();
        start.elapsed()
    };
    // No registry is complete before a write has waited.
    let waits = [timed(1), timed(2)];
    assert!(waits[0] >= lease && waits[1] < lease, "{waits:?}");
    let () = real.by_hand("DEL selvedge:nodes:app:");
    let waits = [timed(3), timed(4)];
    assert!(waits[0] >= lease && waits[1] < lease, "{waits:?}");
}

#[test]
fn a_key_that_a_writer_has_left_open_is_not_cached_until_its_time_has_passed() {
    let Some(mut real) = Real::start("a strict writer that has died") else { return };
    let cache: Cache =
        TieredCache::builder(real.redis()).strict(Strict::lease(Duration::from_millis(300))).build();
    let key = "k".to_owned();
    cache.blocking().set(&key, &1).unwrap();
    until_served(&cache, &key, Some(1));
    // Another node opens the key, and dies.
    let () = real.by_hand("ZADD selvedge:open:app:k 9999999999999 1:1");
    let () = real.by_hand("PEXPIRE selvedge:open:app:k 700");
    cache.invalidate(&key);
    assert_eq!(cache.blocking().get(&key).unwrap(), Some(1));
    assert!(!cache.contains_local(&key));
    until_served(&cache, &key, Some(1));
    // A write whose time has passed is refused by Redis, and opens the key again.
    cache.blocking().set(&key, &2).unwrap();
    assert_eq!(cache.blocking().get(&key).unwrap(), Some(2));
}

#[test]
fn derived_keys_are_written_on_all_nodes() {
    let Some(real) = Real::start("strict nodes with derived keys") else { return };
    let of = || -> Cache {
        let builder = TieredCache::builder(real.redis()).strict(Strict::lease(Duration::from_secs(2)));
        builder.derive(|key: &String| key.strip_prefix("user:").map(|id| format!("profile:{id}"))).build()
    };
    let (one, other) = (of(), of());
    let (user, profile) = ("user:1".to_owned(), "profile:1".to_owned());
    one.blocking().set(&profile, &7).unwrap();
    until_served(&other, &profile, Some(7));
    one.blocking().set(&user, &1).unwrap();
    assert_eq!(other.blocking().get(&profile).unwrap(), None);
    assert_eq!(other.blocking().get_many(&[user, profile]).unwrap(), [Some(1), None]);
}

#[test]
#[should_panic(expected = "begin with `selvedge:`")]
fn the_prefix_must_not_be_that_of_the_levels_own_keys() {
    let redis = selvedge::remote::Redis::builder("redis://127.0.0.1:1/").build().unwrap();
    let _: Cache = TieredCache::builder(redis).strict(Strict::lease(LEASE)).build();
}
