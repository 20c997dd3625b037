//! Injected faults: at any point, and up to the bound.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::{Commands, ErrorKind};
use selvedge_engine::thread;
use selvedge_redis::{Fault, Redis};

use crate::outcomes::all;

/// Runs two writes of one client. Returns the number of schedules, and for each outcome whether
/// each write was acknowledged and the final value.
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
    // A reply within the timeout is not a fault.
    assert_eq!(two_writes(1, &[Fault::Delayed(Duration::from_millis(1))]).0, 1);
}

#[test]
fn several_kinds_share_the_bound() {
    let (count, _) = two_writes(1, &[Fault::Refused, Fault::ReplyLost]);
    // No fault, or one of two faults at one of two commands.
    assert_eq!(count, 5);
}

#[test]
fn a_delayed_reply_advances_the_clock_for_all_tasks() {
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
        // No fault, or a fault at the command after the transaction.
        (true, true, true, true),
        (true, true, true, false),
        // The transaction did not reach the server, or its reply was lost.
        (false, false, false, true),
        (false, true, true, true),
    ];
    assert_eq!(outcomes, expected.into());
    assert_eq!(count, 7);
}

#[test]
fn a_lost_connection_loses_its_invalidations() {
    // A client that reconnects without enabling invalidations again receives none.
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
    // No fault; the connection was lost; the push was lost.
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
fn faults_injected_by_a_test_occur_in_an_exploration_too() {
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
