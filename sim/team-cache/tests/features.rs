//! A custom cache with a database behind Redis, axes, faults and deadlines: the example of
//! `docs/your-cache.md`.

use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::{
    Cache, Failure, Fallible, FallibleCache, Key, Redis, RemoteStart, Rule, Setup, Source, Value, check,
    check_all, closures, scenario,
};

/// Redis in front of a database, with no local tier.
fn aside(setup: Setup) -> impl Cache {
    closures(
        setup.redis,
        |redis, key| block_on(redis.get(key)),
        |redis, key, value| block_on(redis.set(key, value)),
        |redis, key| block_on(redis.delete(key)),
    )
}

#[test]
fn a_late_fill_is_found() {
    let reports = check_all(
        scenario("orders", aside)
            .source(Source::Database)
            .thread("reader", ["get order:7"])
            .thread("writer", ["set order:7"])
            .axis("remote", [RemoteStart::Absent, RemoteStart::Expiring], |case, remote| case.remote(*remote))
            .violations([Rule::Stale, Rule::Lasting]),
    );
    assert_eq!(
        reports.iter().map(|report| &report.case[..]).collect::<Vec<_>>(),
        ["remote=absent", "remote=expiring"]
    );
}

/// The same cache, with updates that repeat a compare-and-set until Redis accepts it.
fn repeated(setup: Setup) -> impl Cache {
    let cache = closures(
        setup.redis,
        |redis, key| block_on(redis.get(key)),
        |redis, key, value| block_on(redis.set(key, value)),
        |redis, key| block_on(redis.delete(key)),
    );
    cache.with_update(|redis, key, compute| {
        loop {
            let seen = block_on(redis.get(key));
            if block_on(redis.compare_and_set(key, seen, compute(seen))) {
                break;
            }
        }
    })
}

#[test]
fn no_update_is_lost() {
    let two = ["update order:7"];
    check(scenario("get, then set", aside).threads("node", 2, two).violations([Rule::LostUpdate]));
    check(scenario("compare and set", repeated).threads("node", 2, two));
}

/// The same cache, but its calls return the errors of Redis.
struct Strict(Redis);

impl FallibleCache for Strict {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.0.try_get(key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.0.try_set(key, value).await
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.0.try_delete(key).await
    }
}

#[test]
fn a_command_may_fail() {
    let reports = check_all(
        scenario("orders", |setup: Setup| Fallible(Strict(setup.redis)))
            .thread("writer", ["set order:7"])
            .axis("faults", [0, 1], |case, &faults| case.faults(faults))
            .axis("readers", [1, 2], |case, &readers| case.threads("reader", readers, ["get order:7"])),
    );
    assert!(reports.iter().all(|report| report.complete));
}
