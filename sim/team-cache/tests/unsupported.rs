//! Caches about which an exploration can say nothing.

use std::panic::{self, AssertUnwindSafe};

use redis::Commands;
use selvedge_sim::custom::{RemoteStart, Setup, Value, check, closures, scenario};

/// The message with which the check fails.
fn failure<R>(check: impl FnOnce() -> R) -> String {
    let failure = panic::catch_unwind(AssertUnwindSafe(|| _ = check())).expect_err("the check fails");
    failure.downcast_ref::<String>().expect("the panic has a message").clone()
}

/// The cache ignores the error. A Redis server may have the command, so the case is not clean.
#[test]
fn an_unknown_command_fails_the_check() {
    let cache = |setup: Setup| {
        closures(
            setup.server().connection(),
            |redis, _| {
                _ = redis::cmd("MODULE.COMMAND").query::<()>(&mut redis.clone());
                None
            },
            |_, _, _| (),
            |_, _| (),
        )
    };
    let run =
        || check(scenario("module", cache).remote(RemoteStart::Absent).thread("reader", ["get user:1"]));
    let failure = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("the panic has a message");
    assert!(text.contains("some schedule panics"), "{text}");
    assert!(text.contains("a command that the simulated Redis does not have"), "{text}");
}

/// The value in Redis identifies its version. Here it has none.
#[test]
fn a_foreign_value_fails_the_check() {
    let cache = |setup: Setup| {
        closures(
            setup.server().connection(),
            |redis, key| Value::in_text(key, &redis.clone().get::<_, Option<String>>(key.name()).unwrap()?),
            |redis, key, _| redis.clone().set(key.name(), "no version").unwrap(),
            |_, _| (),
        )
    };
    let text = failure(|| check(scenario("foreign", cache).thread("writer", ["set user:1", "get user:1"])));
    assert!(text.contains("which is none of the scenario's values"), "{text}");
}
