//! Blocking commands are operations that wait.

use std::collections::BTreeSet;

use redis::Commands;
use selvedge_engine::{Explorer, thread};
use selvedge_redis::Redis;

use crate::outcomes::{all, explore};

/// A client that pops with this timeout, in seconds, and one that pushes two items.
fn pop_and_push(timeout: f64) -> Option<String> {
    let redis = Redis::explored();
    let mut popper = redis.connection().with_instrumented_code();
    let mut pusher = redis.connection().with_instrumented_code();
    let pops = thread::spawn(move || {
        popper.blpop::<_, Option<(String, String)>>("queue", timeout).unwrap().map(|(_, item)| item)
    });
    pusher.rpush::<_, _, ()>("queue", &["first", "second"]).unwrap();
    pops.join().unwrap()
}

fn some(item: &str) -> Option<String> {
    Some(item.to_owned())
}

#[test]
fn a_pop_without_a_timeout_waits_for_the_push() {
    let (schedules, outcomes) = all(|| pop_and_push(0.0));
    // The pop executes before or after the push.
    assert_eq!((schedules, outcomes), (2, BTreeSet::from([some("first")])));
}

#[test]
fn a_timeout_can_pass_at_any_point_after_the_pop() {
    let (_, outcomes) = all(|| pop_and_push(1.0));
    assert_eq!(outcomes, BTreeSet::from([None, some("first")]));
}

#[test]
fn a_pop_that_nothing_serves_is_a_deadlock() {
    let explored = explore(&Explorer::optimal(), || {
        let redis = Redis::explored();
        let mut popper = redis.connection().with_instrumented_code();
        popper.blpop::<_, Option<(String, String)>>("queue", 0.0).unwrap()
    });
    assert_eq!(explored.outcomes, BTreeSet::from([None]));
    assert_eq!(explored.report.deadlocks, 1);
}

#[test]
fn two_waiting_clients_are_served_in_the_order_in_which_they_blocked() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let pops = [(); 2].map(|()| {
            let mut popper = redis.connection().with_instrumented_code();
            thread::spawn(move || popper.blpop::<_, (String, String)>("queue", 0.0).unwrap().1)
        });
        let mut pusher = redis.connection().with_instrumented_code();
        pusher.rpush::<_, _, ()>("queue", &["first", "second"]).unwrap();
        pops.map(|pop| pop.join().unwrap())
    });
    let pair = |one: &str, other: &str| [one, other].map(str::to_owned);
    assert_eq!(outcomes, BTreeSet::from([pair("first", "second"), pair("second", "first")]));
}

#[test]
fn a_move_serves_a_client_that_waits_for_its_destination() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut mover = redis.connection().with_instrumented_code();
        let mut popper = redis.connection().with_instrumented_code();
        let mut pusher = redis.connection().with_instrumented_code();
        let moves = thread::spawn(move || {
            let words = ("from", "to", "LEFT", "RIGHT", 0);
            redis::cmd("BLMOVE").arg(words).query::<String>(&mut mover).unwrap()
        });
        let pops = thread::spawn(move || popper.blpop::<_, (String, String)>("to", 0.0).unwrap().1);
        pusher.rpush::<_, _, ()>("from", "item").unwrap();
        (moves.join().unwrap(), pops.join().unwrap())
    });
    assert_eq!(outcomes, BTreeSet::from([("item".to_owned(), "item".to_owned())]));
}
