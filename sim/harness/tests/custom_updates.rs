//! Updates and compare-and-sets of custom caches.

mod aside;

use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};

use aside::Aside;
use selvedge::{Builder, TieredCache};
use selvedge_sim::backends;
use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::{
    Cache, Engine, Key, Redis, RemoteStart, Rule, ScenarioBuilder, Setup, Source, Value, check, closures,
    scenario,
};
use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::parse;
use selvedge_sim::verdict::CaseReport;

type Tiered = TieredCache<Key, Value, Redis, backends::Engine>;

fn tiered(setup: Setup) -> Tiered {
    let builder = Builder::new(setup.redis).stripes(NonZeroUsize::new(8).unwrap());
    builder.single_process().build_with_clock(setup.clock)
}

/// Two threads with one such operation each.
fn two<F>(operation: &str, scenario: ScenarioBuilder<F>) -> ScenarioBuilder<F> {
    scenario.threads("node", 2, [format!("{operation} cart:1")])
}

/// The report of the same case in a file.
fn in_file(cache: &str, operation: &str, source: Source, engine: Engine) -> CaseReport {
    let text = format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
         source = \"{source}\"\n[[thread]]\nname = \"node\"\ncount = 2\nops = [\"{operation} cart:1\"]\n\
         [[expect]]\nconsistency = \"linearizable\"\n"
    );
    let scenario = parse("a.toml", &text, &Protocol::known()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Exploration::of(&scenario.cases[0]).engine(engine).run()
}

#[test]
fn they_have_the_result_of_the_same_case_in_a_file() {
    for source in Source::ALL {
        for engine in [Engine::Optimal, Engine::Stateful] {
            let updates = two("update", scenario("aside", Aside::new)).source(source).engine(engine);
            let code = check(updates.violations([Rule::LostUpdate]));
            let file = in_file("article", "update", source, engine);
            assert!(file.complete, "{file}");
            assert_eq!(
                code.violations.keys().collect::<Vec<_>>(),
                file.violations.keys().collect::<Vec<_>>()
            );
            if engine == Engine::Optimal {
                assert_eq!((code.schedules, code.violations), (file.schedules, file.violations));
            }
            let compares = two("compare-and-set", scenario("tiered", tiered)).source(source).engine(engine);
            let (code, file) = (check(compares), in_file("tiered", "compare-and-set", source, engine));
            assert!(file.complete && file.violations.is_empty(), "{file}");
            assert_eq!((code.complete, code.violations), (true, file.violations));
        }
    }
}

/// No local tier. Updates repeat a compare-and-set until it is accepted.
fn repeating(setup: Setup) -> impl Cache {
    let cache = closures(
        setup.redis,
        |redis, key| block_on(redis.get(key)),
        |redis, key, value| block_on(redis.set(key, value)),
        |redis, key| block_on(redis.delete(key)),
    );
    cache
        .with_update(|redis, key, compute| {
            loop {
                let seen = block_on(redis.get(key));
                if block_on(redis.compare_and_set(key, seen, compute(seen))) {
                    break;
                }
            }
        })
        .with_compare_and_set(|redis, key, seen, value| block_on(redis.compare_and_set(key, seen, value)))
}

#[test]
fn an_update_that_repeats_a_compare_and_set_loses_nothing() {
    for remote in RemoteStart::ALL {
        for operation in ["update", "compare-and-set"] {
            let code = two(operation, scenario("repeating", repeating)).remote(remote);
            let report = check(code.thread("other", ["set cart:1"]));
            assert!(report.complete && report.violations.is_empty(), "{remote} {operation}: {report}");
        }
    }
}

/// Compares with the content of its own read, and sets in a second command.
fn in_two_commands(setup: Setup) -> impl Cache {
    let cache = closures(
        setup.redis,
        |redis, key| block_on(redis.get(key)),
        |redis, key, value| block_on(redis.set(key, value)),
        |redis, key| block_on(redis.delete(key)),
    );
    cache.with_compare_and_set(|redis, key, seen, value| {
        let is_same = block_on(redis.get(key)) == seen;
        if is_same {
            block_on(redis.set(key, value));
        }
        is_same
    })
}

#[test]
fn a_compare_and_set_that_is_not_atomic_loses_updates() {
    for engine in [Engine::Optimal, Engine::Stateful] {
        let code = two("compare-and-set", scenario("two commands", in_two_commands)).engine(engine);
        let report = check(code.violations([Rule::LostUpdate]));
        assert!(report.complete, "{report}");
        let trace = report.trace.expect("a control has a witness");
        let reason = selvedge_sim::trace::reason(&trace).replace('\n', " ");
        let first = "Lost update: node-2's compare-and-set cart:1 = v2 was overwritten by node-1's \
                     compare-and-set cart:1 = v1, which had computed its value from v0.";
        assert!(reason.starts_with(first), "{reason}");
    }
}

#[test]
fn an_update_that_overwrites_a_set_is_lost_too() {
    let code = scenario("aside", Aside::new).thread("one", ["update cart:1"]).thread("other", ["set cart:1"]);
    let report = check(code.violations([Rule::LostUpdate]));
    assert!(report.complete, "{report}");
}

#[test]
fn a_compare_and_set_without_a_closure_panics_with_a_fix() {
    let run = || drop(check(two("compare-and-set", scenario("aside", Aside::new))));
    let payload = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    let text = payload.downcast_ref::<String>().expect("a text");
    assert!(text.contains("implement `Cache::compare_and_set`"), "{text}");
}
