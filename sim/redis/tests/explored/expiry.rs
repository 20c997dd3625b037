//! A key that has a deadline expires at any point after it was given.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::Commands;
use selvedge_engine::{Explorer, thread};
use selvedge_redis::{Connection, Redis};

use crate::outcomes::all;

const TTL: Duration = Duration::from_secs(60);

fn connection(redis: &Redis) -> Connection {
    redis.connection().with_instrumented_code()
}

/// Whether each of these keys is there, looked at one after the other.
fn looks(connection: &mut Connection, keys: &[&str]) -> Vec<bool> {
    keys.iter().map(|key| connection.exists::<_, bool>(key).unwrap()).collect()
}

#[test]
fn a_key_expires_before_between_or_after_two_looks() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.set_for("k", "v", TTL);
        looks(&mut connection(&redis), &["k", "k"])
    });
    assert_eq!((count, outcomes), (3, [vec![true, true], vec![true, false], vec![false, false]].into()));
}

/// EXISTS, and a GET that has to find the key: wrong in one schedule, in each search.
#[test]
fn every_search_finds_what_is_gone_after_it_was_there() {
    let body = || {
        let redis = Redis::explored();
        let mut client = connection(&redis);
        client.set_ex::<_, _, ()>("session", "v", 60).unwrap();
        if client.exists("session").unwrap() {
            let value: Option<String> = client.get("session").unwrap();
            assert!(value.is_some(), "it was there");
        }
    };
    for explorer in [Explorer::optimal(), Explorer::naive(), Explorer::stateful()] {
        let report = explorer.run(body);
        assert!(report.panics > 0, "{explorer:?}: {report:?}");
    }
    assert_eq!(Explorer::optimal().run(body).panics, 1);
}

#[test]
fn that_a_key_expires_is_in_no_order_with_other_keys() {
    let count = |key: &'static str| {
        all(move || {
            let redis = Redis::explored();
            redis.set_for("k", "v", TTL);
            let mut client = connection(&redis);
            client.set::<_, _, ()>(key, 1).unwrap();
            client.incr::<_, _, i64>(key, 1).unwrap()
        })
        .0
    };
    assert_eq!((count("other"), count("k")), (1, 3));
}

#[test]
fn without_a_deadline_nothing_expires() {
    for line in ["PERSIST k", "SET k v", "GETEX k PERSIST"] {
        let (_, outcomes) = all(move || {
            let redis = Redis::explored();
            redis.set_for("k", "v", TTL);
            let mut words = line.split(' ');
            redis.call(words.by_ref());
            redis.set("k", redis.get("k").unwrap_or_else(|| "gone before".into()));
            looks(&mut connection(&redis), &["k", "k"])
        });
        assert_eq!(outcomes, [vec![true, true]].into(), "{line}");
    }
}

/// Deadlines of the same task: the earlier has passed when the later has. So not one of these ends with the second gone,
/// and the first still there.
#[test]
fn an_earlier_deadline_has_passed_when_a_later_one_has() {
    let orders = |first: u64, second: u64, renews: bool| -> BTreeSet<Vec<bool>> {
        all(move || {
            let redis = Redis::explored();
            let mut client = connection(&redis);
            client.set_ex::<_, _, ()>("a", "v", first).unwrap();
            client.set_ex::<_, _, ()>("b", "v", second).unwrap();
            if renews {
                client.expire::<_, bool>("a", 1_000).unwrap();
            }
            looks(&mut client, &["b", "a"])
        })
        .1
    };
    let in_order = [vec![true, true], vec![true, false], vec![false, false]].into();
    let any = &in_order | &[vec![false, true]].into();
    assert_eq!(orders(10, 60, false), in_order);
    // What was given later counts from a later moment.
    assert_eq!(orders(60, 10, false), any);
    assert_eq!(orders(10, 60, true), any);
}

#[test]
fn a_deadline_that_is_given_again_passes_again() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut client = connection(&redis);
        let mut seen = Vec::new();
        for _ in 0..2 {
            client.set_ex::<_, _, ()>("k", "v", 60).unwrap();
            seen.extend(looks(&mut client, &["k"]));
        }
        seen
    });
    let any = [[true, true], [true, false], [false, true], [false, false]].map(Vec::from);
    assert_eq!(outcomes, any.into());
}

#[test]
fn whoever_tracks_a_key_is_told_that_it_has_expired() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.set_for("k", "v", TTL);
        let mut cached = connection(&redis).with_resp3();
        redis::cmd("CLIENT").arg(&["TRACKING", "ON"]).exec(&mut cached).unwrap();
        let value: Option<String> = cached.get("k").unwrap();
        let mut other = connection(&redis);
        let is_there = thread::spawn(move || other.exists::<_, bool>("k").unwrap()).join().unwrap();
        redis.settle();
        (value.is_some(), is_there, cached.next_push().is_some())
    });
    let expected = [
        // It had expired before it was read.
        (false, false, false),
        // It expires at the end: nobody may be told before, or he is.
        (true, true, false),
        (true, true, true),
        // It expires between.
        (true, false, true),
    ];
    assert_eq!(outcomes, expected.into());
}

#[test]
fn a_deadline_that_is_held_passes_when_it_is_let() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.hold_deadlines(true);
        redis.set_for("k", "v", TTL);
        redis.hold_deadlines(false);
        let before = redis.exists("k");
        redis.pass_deadline("k");
        (before, redis.exists("k"))
    });
    assert_eq!((count, outcomes), (1, [(true, false)].into()));
}
