//! Keys of Redis that have a deadline, in code over redis-rs: they expire at any point.

use std::panic::{self, AssertUnwindSafe};

use redis::Commands;
use selvedge_sim::custom::{Cache, RemoteStart, Rule, Setup, Value, check, closures, scenario};
use selvedge_sim::trace::lanes;

/// Sessions that last for a minute, and a read that looks whether there is one before it takes it.
fn sessions(setup: Setup) -> impl Cache {
    closures(
        setup.server().connection(),
        |redis, key| {
            let mut redis = redis.clone();
            if !redis.exists::<_, bool>(key.name()).unwrap() {
                return None;
            }
            let session: Option<String> = redis.get(key.name()).unwrap();
            Value::in_text(key, &session.expect("the session was there"))
        },
        |redis, key, value| redis.clone().set_ex(key.name(), value.text(), 60).unwrap(),
        |redis, key| redis.clone().del(key.name()).unwrap(),
    )
}

/// The same, with one command for each read.
fn plain(setup: Setup) -> impl Cache {
    closures(
        setup.server().connection(),
        |redis, key| Value::in_text(key, &redis.clone().get::<_, Option<String>>(key.name()).unwrap()?),
        |redis, key, value| redis.clone().set_ex(key.name(), value.text(), 60).unwrap(),
        |redis, key| redis.clone().del(key.name()).unwrap(),
    )
}

#[test]
fn a_session_expires_between_two_commands() {
    let run = || check(scenario("sessions", sessions).thread("user", ["set user:1", "get user:1"]));
    let failure = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it fails");
    let text = failure.downcast_ref::<String>().expect("with words");
    assert!(text.contains("some schedule panics") && text.contains("the session was there"), "{text}");
    assert!(text.contains("redis expires user:1"), "{text}");
}

#[test]
fn initial_entries_expire_if_the_scenario_is_expiring() {
    let count = |remote| {
        let report = check(
            scenario("sessions", plain)
                .remote(remote)
                .thread("user", ["get user:1"])
                .thread("other", ["delete user:1"]),
        );
        assert!(report.complete && report.violations.is_empty(), "{report}");
        report.schedules
    };
    let (present, expiring) = (count(RemoteStart::Present), count(RemoteStart::Expiring));
    assert!(expiring > present, "{expiring} schedules, and {present} where nothing expires");
}

/// A cache with sliding expiry: a read extends the deadline of the entry by a minute.
fn sliding(setup: Setup) -> impl Cache {
    closures(
        setup.server().connection(),
        |redis, key| {
            let session = redis.clone().get::<_, Option<String>>(key.name()).unwrap()?;
            redis.clone().set_ex::<_, _, ()>(key.name(), &session, 60).unwrap();
            Value::in_text(key, &session)
        },
        |redis, key, value| redis.clone().set_ex(key.name(), value.text(), 60).unwrap(),
        |redis, key| redis.clone().del(key.name()).unwrap(),
    )
}

/// The observer does not wait for a deadline: a resurrected value exists until its deadline.
#[test]
fn a_value_resurrected_for_a_minute_is_lasting() {
    let report = check(
        scenario("sliding", sliding)
            .thread("reader", ["get user:1"])
            .thread("writer", ["delete user:1"])
            .violations([Rule::Stale, Rule::Lasting]),
    );
    assert!(report.complete);
    let trace = report.trace.expect("a control has a witness");
    let is_late = trace.steps.iter().any(|step| step.what == "user:1 is to expire after the observer begins");
    assert!(is_late, "{}", lanes(&trace));
}

#[test]
fn a_read_returns_the_set_value_or_none() {
    let report = check(
        scenario("sessions", plain)
            .thread("user", ["set user:1", "get user:1"])
            .thread("other", ["set user:1"]),
    );
    assert!(report.complete && report.violations.is_empty(), "{report}");
}
