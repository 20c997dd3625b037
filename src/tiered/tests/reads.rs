//! Results of reads, and what they cache.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{ASKED, Bench, Broken, Fate};
use crate::remote::Outcome;

#[test]
fn the_second_read_is_local() {
    let bench = Bench::holding(1);
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn an_absent_key_is_queried_each_time() {
    let bench = Bench::new(|builder| builder);
    assert_eq!(bench.read(), (None, ASKED));
    assert_eq!(bench.read(), (None, ASKED));
}

#[test]
fn keys_that_share_a_stripe_cost_one_another_a_fill() {
    let bench = Bench::new(|builder| builder.stripes(NonZeroUsize::MIN));
    bench.redis.put("k", 1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"another", &9).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn a_failed_read_caches_nothing() {
    let bench = Bench::holding(1);
    bench.next(Fate::Fail(Outcome::Unknown));
    let error = bench.cache.blocking().get(&"k").expect_err("it fails");
    assert_eq!(error.as_remote(), Some(&Broken(Outcome::Unknown)));
    assert_eq!(bench.read(), (Some(1), ASKED));
}

#[test]
fn an_expired_entry_is_never_returned() {
    let bench = Bench::new(|builder| builder.local_ttl(Duration::from_secs(10)));
    bench.redis.put("k", 1);
    // The GET takes 4 s, which count.
    let seconds = bench.clock.seconds.clone();
    bench.next(Fate::Meanwhile(Box::new(move || seconds.store(4, Ordering::Relaxed))));
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.put("k", 2);
    bench.clock.seconds.store(9, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
    bench.clock.seconds.store(10, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(2), ASKED));
    assert_eq!(bench.read(), (Some(2), !ASKED));
}

#[test]
fn without_a_ttl_a_hit_does_not_read_the_clock() {
    let bench = Bench::holding(1);
    bench.read();
    let before = bench.clock.readings.load(Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
    assert_eq!(bench.clock.readings.load(Ordering::Relaxed), before);
}

#[test]
fn no_entry_outlives_the_remote_one() {
    let bench = Bench::new(|builder| builder.local_ttl(Duration::from_secs(10)));
    bench.redis.data.lock().unwrap().insert("k", (1, Some(Duration::from_secs(3))));
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.clock.seconds.store(2, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
    bench.clock.seconds.store(3, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), ASKED));
}

#[test]
fn a_ttl_past_the_end_of_time_is_no_ttl() {
    let bench = Bench::new(|builder| builder.local_ttl(Duration::MAX));
    bench.redis.put("k", 1);
    bench.clock.seconds.store(1, Ordering::Relaxed);
    bench.read();
    bench.clock.seconds.store(u64::MAX, Ordering::Relaxed);
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn several_keys_are_read_with_one_query_and_returned_in_order() {
    let bench = Bench::new(|builder| builder);
    bench.redis.put("a", 1);
    bench.redis.put("b", 2);
    let cache = bench.cache.blocking();
    cache.get(&"b").unwrap();
    assert_eq!(cache.get_many(&["absent", "b", "a", "a"]).unwrap(), [None, Some(2), Some(1), Some(1)]);
    let before = bench.redis.reads.load(Ordering::Relaxed);
    assert_eq!(cache.get_many(&["a", "b"]).unwrap(), [Some(1), Some(2)]);
    assert_eq!(cache.get_many(&[]).unwrap(), []);
    assert_eq!(bench.redis.reads.load(Ordering::Relaxed), before);
    bench.next(Fate::Fail(Outcome::Unknown));
    let error = cache.get_many(&["x", "a", "y"]).expect_err("it fails");
    assert_eq!(error.keys(), ["x", "y"]);
}

#[test]
fn an_absence_is_cached_for_its_own_ttl_if_enabled() {
    let bench =
        Bench::new(|builder| builder.absent_ttl(Duration::from_secs(5)).local_ttl(Duration::from_secs(10)));
    assert_eq!(bench.read(), (None, ASKED));
    assert_eq!(bench.read(), (None, !ASKED));
    assert!(!bench.cache.contains_local(&"k"));
    bench.clock.seconds.store(5, Ordering::Relaxed);
    assert_eq!(bench.read(), (None, ASKED));
    bench.cache.blocking().set(&"k", &1).unwrap();
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}
