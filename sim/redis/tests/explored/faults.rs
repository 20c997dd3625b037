//! What goes wrong, at any point, and how often it may.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::{Commands, ErrorKind};
use selvedge_engine::thread;
use selvedge_redis::{Fault, Redis};

use crate::outcomes::all;

/// What two writes of one client come to: whether each was acknowledged, and what is there at the end.
fn two_writes(at_most: u32, faults: &[Fault]) -> (u64, BTreeSet<(bool, bool, String)>) {
    let faults = faults.to_vec();
    all(move || {
        let redis = Redis::explored();
        redis.set("k", "0");
        redis.explore_faults(at_most, faults.iter().copied());
        let mut connection =
            redis.connection().with_instrumented_code().with_response_timeout(Duration::from_secs(1));
        let mut set = |value: &str| connection.set::<_, _, ()>("k", value).is_ok();
        let (first, second) = (set("1"), set("2"));
        let value = String::from_utf8(redis.get("k").unwrap().to_vec()).unwrap();
        (first, second, value)
    })
}

fn outcomes<const N: usize>(all: [(bool, bool, &str); N]) -> BTreeSet<(bool, bool, String)> {
    all.into_iter().map(|(first, second, value)| (first, second, value.to_owned())).collect()
}

#[test]
fn a_command_is_refused_or_does_not_arrive() {
    for fault in [&[Fault::Refused][..], &[Fault::ConnectionLost]] {
        let of_one = outcomes([(true, true, "2"), (false, true, "2"), (true, false, "1")]);
        assert_eq!(two_writes(0, fault), (1, outcomes([(true, true, "2")])));
        assert_eq!(two_writes(1, fault), (3, of_one.clone()));
        let both = outcomes([(false, false, "0")]);
        assert_eq!(two_writes(2, fault), (4, &of_one | &both));
        assert_eq!(two_writes(9, fault), (4, &of_one | &both));
    }
}

#[test]
fn a_reply_is_lost_or_late_and_the_command_was_executed() {
    for fault in [&[Fault::ReplyLost][..], &[Fault::Delayed(Duration::from_secs(1))]] {
        let expected = outcomes([(true, true, "2"), (false, true, "2"), (true, false, "2")]);
        assert_eq!(two_writes(1, fault), (3, expected));
    }
    // What is late, but not too late, is no fault.
    assert_eq!(two_writes(1, &[Fault::Delayed(Duration::from_millis(1))]).0, 1);
}

#[test]
fn several_kinds_share_the_bound() {
    let (count, _) = two_writes(1, &[Fault::Refused, Fault::ReplyLost]);
    // None; or one of two, at one of two commands.
    assert_eq!(count, 5);
}

#[test]
fn while_one_waits_too_long_time_goes_on_for_all() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.hold_deadlines(true);
        redis.set_for("lease", "held", Duration::from_secs(5));
        redis.explore_faults(1, [Fault::Delayed(Duration::from_secs(10))]);
        let mut slow =
            redis.connection().with_instrumented_code().with_response_timeout(Duration::from_secs(10));
        let error = slow.get::<_, String>("k").expect_err("nil, or too late");
        let is_late = error.kind() == ErrorKind::Io && error.is_timeout();
        (is_late, redis.exists("lease"))
    });
    assert_eq!(outcomes, [(false, true), (true, false)].into());
}

#[test]
fn a_transaction_fails_as_a_whole() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.explore_faults(1, [Fault::Refused, Fault::ReplyLost, Fault::ConnectionLost]);
        let mut connection = redis.connection().with_instrumented_code();
        let mut transaction = redis::pipe();
        transaction.atomic().set("a", 1).ignore().set("b", 1).ignore();
        let is_done = transaction.exec(&mut connection).is_ok();
        let after = connection.set::<_, _, ()>("c", 1);
        (is_done, redis.exists("a"), redis.exists("b"), after.is_ok())
    });
    let expected = [
        // Nothing went wrong; or with the command after it.
        (true, true, true, true),
        (true, true, true, false),
        // It did not come to the server; or the reply did not come back.
        (false, false, false, true),
        (false, true, true, true),
    ];
    assert_eq!(outcomes, expected.into());
    assert_eq!(count, 7);
}

#[test]
fn a_lost_connection_loses_what_it_was_told() {
    // Whoever has lost the connection, and does not ask for invalidations anew, is told of nothing.
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut cached = redis.connection().with_instrumented_code().with_resp3();
        redis::cmd("CLIENT").arg(&["TRACKING", "ON", "BCAST"]).exec(&mut cached).unwrap();
        redis.explore_faults(1, [Fault::ConnectionLost, Fault::PushLost]);
        let is_lost = cached.get::<_, Option<String>>("other").is_err();
        redis.set("k", "new");
        redis.settle();
        (is_lost, cached.next_push().is_some())
    });
    // Nothing went wrong; the connection was lost; the push was.
    assert_eq!(outcomes, [(false, true), (true, false), (false, false)].into());
}

#[test]
fn faults_are_shared_between_tasks() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.explore_faults(1, [Fault::Refused]);
        let tasks = ["a", "b"].map(|key| {
            let mut connection = redis.connection().with_instrumented_code();
            thread::spawn(move || connection.set::<_, _, ()>(key, 1).is_ok())
        });
        tasks.map(|task| task.join().unwrap())
    });
    assert_eq!(outcomes, [[true, true], [false, true], [true, false]].into());
}

#[test]
fn faults_by_hand_come_about_in_an_exploration_too() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.fault_on("SET", Fault::Refused);
        let tasks = ["a", "b"].map(|key| {
            let mut connection = redis.connection().with_instrumented_code();
            thread::spawn(move || connection.set::<_, _, ()>(key, 1).is_ok())
        });
        tasks.map(|task| task.join().unwrap())
    });
    assert_eq!(outcomes, [[false, true], [true, false]].into());
}
