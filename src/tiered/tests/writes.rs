//! State after writes, including failed ones.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use super::{ASKED, Bench, Fate};
use crate::Operation;
use crate::remote::Outcome;

#[test]
fn a_read_after_a_write_sees_it() {
    let bench = Bench::holding(1);
    bench.read();
    bench.cache.blocking().set(&"k", &2).unwrap();
    assert_eq!(bench.read(), (Some(2), ASKED));
    assert_eq!(bench.read(), (Some(2), !ASKED));
    bench.cache.blocking().delete(&"k").unwrap();
    assert_eq!(bench.read(), (None, ASKED));
}

#[test]
fn a_whole_write_during_a_read_keeps_the_old_value_out() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"k", &2).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_read_during_a_write_is_not_cached() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || assert_eq!(cache.blocking().get(&"k").unwrap(), Some(1)))));
    bench.cache.blocking().set(&"k", &2).unwrap();
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_write_leaves_other_stripes_alone() {
    let bench = Bench::holding(1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"another", &9).unwrap())));
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn after_a_failed_write_of_unknown_outcome_its_key_is_not_cached() {
    let bench = Bench::holding(1);
    bench.read();
    bench.next(Fate::Fail(Outcome::Unknown));
    let error = bench.cache.blocking().set(&"k", &2).expect_err("it fails");
    assert_eq!((error.operation(), error.keys()), (Operation::Set, &["k"][..]));
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.put("k", 2);
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn after_a_dropped_write_its_key_is_not_cached() {
    let bench = Bench::holding(1);
    bench.read();
    bench.next(Fate::Hang);
    {
        let mut write = pin!(bench.cache.set(&"k", &2));
        assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.put("k", 2);
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_write_that_was_certainly_not_applied_leaves_no_trace() {
    for outcome in [Outcome::NotApplied, Outcome::Over] {
        let bench = Bench::holding(1);
        bench.next(Fate::Fail(outcome));
        bench.cache.blocking().set(&"k", &2).expect_err("it fails");
        assert_eq!(bench.read(), (Some(1), ASKED));
        assert_eq!(bench.read(), (Some(1), !ASKED));
    }
}

#[test]
fn a_key_is_cached_again_once_its_lost_write_is_settled() {
    let bench = Bench::holding(1);
    bench.next(Fate::Fail(Outcome::Unknown));
    bench.cache.blocking().set(&"k", &2).expect_err("it fails");
    assert!(!bench.cache.blocking().settle());
    assert_eq!(bench.read(), (Some(1), ASKED));
    bench.redis.settles.store(true, Ordering::Relaxed);
    // The read settles the write, and is the first that is cached.
    assert_eq!(bench.read(), (Some(1), ASKED));
    assert_eq!(bench.read(), (Some(1), !ASKED));
    assert!(bench.cache.blocking().settle());
}

#[test]
fn however_many_writes_are_lost_one_settlement_ends_them() {
    let bench = Bench::holding(1);
    for outcome in [Outcome::Unknown; 3] {
        bench.next(Fate::Fail(outcome));
        bench.cache.blocking().set(&"k", &2).expect_err("it fails");
    }
    bench.redis.settles.store(true, Ordering::Relaxed);
    assert!(bench.cache.blocking().settle());
    bench.read();
    assert_eq!(bench.read(), (Some(1), !ASKED));
}

#[test]
fn a_write_during_a_read_of_several_keys_prevents_its_own_fill() {
    let bench = Bench::new(|builder| builder);
    bench.redis.put("a", 1);
    bench.redis.put("k", 1);
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"k", &2).unwrap())));
    // The default reads one key after the other: the write comes after "k" was read.
    assert_eq!(bench.cache.blocking().get_many(&["k", "a"]).unwrap(), [Some(1), Some(1)]);
    assert!(bench.cache.contains_local(&"a") && !bench.cache.contains_local(&"k"));
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_write_removes_derived_keys_from_both_tiers() {
    let bench = Bench::new(|builder| {
        builder.derive(|key| (*key == "user").then_some("profile")).derive(|key| match *key {
            "profile" => vec!["page", "menu"],
            _ => vec![],
        })
    });
    let cache = bench.cache.blocking();
    let keys = ["user", "profile", "page", "menu", "another"];
    keys.iter().for_each(|key| bench.redis.put(key, 1));
    cache.get_many(&keys).unwrap();
    cache.set(&"user", &2).unwrap();
    assert_eq!(keys.map(|key| bench.cache.contains_local(&key)), [false, false, false, false, true]);
    assert_eq!(cache.get_many(&keys).unwrap(), [Some(2), None, None, None, Some(1)]);
    bench.redis.put("page", 3);
    cache.get_many(&keys).unwrap();
    bench.cache.invalidate(&"profile");
    assert_eq!(keys.map(|key| bench.cache.contains_local(&key)), [true, false, false, false, true]);
    cache.delete(&"profile").unwrap();
    assert_eq!(keys.map(|key| bench.redis.holds(key)), [Some(2), None, None, None, Some(1)]);
}

#[test]
fn a_deletion_of_derived_keys_that_fails_names_them_and_leaves_their_stripes_open() {
    let bench = Bench::new(|builder| builder.derive(|key| (*key == "user").then_some("k")));
    bench.redis.put("k", 1);
    bench.next(Fate::Answer);
    bench.next(Fate::Fail(Outcome::Unknown));
    let error = bench.cache.blocking().set(&"user", &2).expect_err("it fails");
    assert_eq!(error.keys(), ["user", "k"]);
    assert_eq!((bench.read(), bench.read()), ((Some(1), ASKED), (Some(1), ASKED)));
}
