//! A key with a deadline expires at any point after the deadline was set.

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

/// Returns whether each of these keys exists, checked one after the other.
fn looks(connection: &mut Connection, keys: &[&str]) -> Vec<bool> {
    keys.iter().map(|key| connection.exists::<_, bool>(key).unwrap()).collect()
}

#[test]
fn a_key_expires_before_between_or_after_two_reads() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.set_for("k", "v", TTL);
        looks(&mut connection(&redis), &["k", "k"])
    });
    assert_eq!((count, outcomes), (3, [vec![true, true], vec![true, false], vec![false, false]].into()));
}

/// An EXISTS that finds the key, and a GET that must find it too: fails in one schedule, in each
/// search.
#[test]
fn every_search_finds_an_expiry_between_two_reads() {
    let body = || {
        let redis = Redis::explored();
        let mut client = connection(&redis);
        client.set_ex::<_, _, ()>("session", "v", 60).unwrap();
        if client.exists("session").unwrap() {
            let value: Option<String> = client.get("session").unwrap();
            assert!(value.is_some(), "the key exists");
        }
    };
    for explorer in
        [Explorer::optimal().into_any(), Explorer::naive().into_any(), Explorer::stateful().into_any()]
    {
        let report = explorer.run(body);
        assert!(report.panics > 0, "{explorer:?}: {report:?}");
    }
    assert_eq!(Explorer::optimal().run(body).panics, 1);
}

#[test]
fn expiry_commutes_with_commands_on_other_keys() {
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

/// Two deadlines of the same task: the earlier one has passed when the later one has. No schedule
/// ends without the second key but with the first.
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
    // A time to live that is set later counts from a later time.
    assert_eq!(orders(60, 10, false), any);
    assert_eq!(orders(10, 60, true), any);
}

#[test]
fn a_deadline_that_is_set_again_passes_again() {
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
fn expiry_invalidates_tracked_keys() {
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
        // The key expires before it is read.
        (false, false, false),
        // The key expires at the end, before or after the last check for pushes.
        (true, true, false),
        (true, true, true),
        // The key expires between the two reads.
        (true, false, true),
    ];
    assert_eq!(outcomes, expected.into());
}

#[test]
fn a_held_deadline_passes_on_request() {
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
