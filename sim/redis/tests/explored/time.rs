//! Virtual time: held deadlines pass only by the clock.

use std::time::Duration;

use redis::Commands;
use selvedge_engine::{thread, time::Instant};
use selvedge_redis::Redis;

use crate::outcomes::all;

#[test]
fn a_key_expires_when_a_sleeper_wakes_up() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.hold_deadlines(true);
        redis.set_for("k", "v", Duration::from_secs(5));
        thread::spawn(|| thread::sleep(Duration::from_secs(6)));
        let mut connection = redis.connection().with_instrumented_code();
        connection.exists::<_, bool>("k").unwrap()
    });
    assert_eq!((count, outcomes), (2, [false, true].into()));
}

#[test]
fn time_to_live_is_counted_from_the_moment_of_the_command() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.hold_deadlines(true);
        let sleeper = thread::spawn(|| thread::sleep(Duration::from_secs(6)));
        let mut connection = redis.connection().with_instrumented_code();
        let before = Instant::now();
        connection.set_ex::<_, _, ()>("k", "v", 10).unwrap();
        let after = Instant::now();
        sleeper.join().unwrap();
        let left = redis.time_left("k").expect("it has a deadline").as_secs();
        assert!(left == 4 && before.elapsed().as_secs() == 6 || left == 10 && after.elapsed().as_secs() == 0);
        left
    });
    assert_eq!((count, outcomes), (4, [4, 10].into()));
}

#[test]
fn two_keys_that_expire_at_once_are_gone_at_once() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.hold_deadlines(true);
        for key in ["a", "b"] {
            redis.set_for(key, "v", Duration::from_secs(5));
        }
        thread::spawn(|| thread::sleep(Duration::from_secs(6)));
        let mut other = redis.connection().with_instrumented_code();
        thread::spawn(move || other.exists::<_, bool>("a").unwrap());
        let mut connection = redis.connection().with_instrumented_code();
        // If the other task's read removes one expired key, the second key is not counted either.
        redis::cmd("DBSIZE").query::<i64>(&mut connection).unwrap()
    });
    assert_eq!(outcomes, [0, 2].into());
}

#[test]
fn the_invalidation_of_an_expired_key_arrives() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        redis.set_for("k", "v", Duration::from_secs(5));
        let mut cached = redis.connection().with_instrumented_code().with_resp3();
        redis::cmd("CLIENT").arg(&["TRACKING", "ON"]).exec(&mut cached).unwrap();
        let _: Option<String> = cached.get("k").unwrap();
        let sleeper = thread::spawn(|| thread::sleep(Duration::from_secs(6)));
        let mut other = redis.connection().with_instrumented_code();
        // The server detects the expiry at a command on another key.
        let other = thread::spawn(move || other.exists::<_, bool>("other").unwrap());
        other.join().unwrap();
        redis.settle();
        let is_invalidated = cached.next_push().is_some();
        sleeper.join().unwrap();
        is_invalidated
    });
    assert_eq!(outcomes, [false, true].into());
}
