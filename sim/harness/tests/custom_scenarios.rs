//! Scenarios in code have all features of scenarios in files: the same case has the same result.

mod aside;

use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use aside::Aside;
use selvedge::{Builder, TieredCache};
use selvedge_sim::backends;
use selvedge_sim::custom::{
    Cache, Draft, Engine, Failure, Fallible, FallibleCache, Key, Local, Redis, RemoteStart, Rule,
    ScenarioBuilder, Setup, Source, Special, UnderTest, Value, check, check_all, scenario,
};
use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::parse;
use selvedge_sim::verdict::{CaseReport, Verdict};

/// The same, but returns errors to its caller.
struct Strict(Aside);

fn strict(setup: Setup) -> Fallible<Strict> {
    Fallible(Strict(Aside::new(setup)))
}

impl FallibleCache for Strict {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        let Aside { local, redis } = &self.0;
        if let Some(value) = local.get(key) {
            return Ok(Some(value));
        }
        let Some(value) = redis.try_get(key).await? else { return Ok(None) };
        local.insert(key, value);
        Ok(Some(value))
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.0.redis.try_set(key, value).await?;
        self.0.local.remove(key);
        Ok(())
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.0.redis.try_delete(key).await?;
        self.0.local.remove(key);
        Ok(())
    }
}

type Tiered = TieredCache<Key, Value, Redis, backends::Engine>;

fn tiered(setup: Setup) -> Tiered {
    let builder = Builder::new(setup.redis).stripes(NonZeroUsize::new(8).unwrap());
    match setup.local_ttl {
        Some(ttl) => builder.local_ttl(ttl).build_with_clock(setup.clock),
        None => builder.single_process().build_with_clock(setup.clock),
    }
}

/// The reports of a scenario in a file.
fn in_file(text: &str, engine: Engine) -> Vec<CaseReport> {
    let text = format!("name = \"a\"\nabout = \"a test\"\n{text}");
    let scenario = parse("a.toml", &text, &Protocol::known()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    scenario.cases.iter().map(|case| Exploration::of(case).engine(engine).run()).collect()
}

/// Checks that a scenario in code has the same result as the case in the file. Both must be
/// complete.
#[track_caller]
fn is_as_in_file<F, C>(what: &str, text: &str, code: ScenarioBuilder<F>)
where
    F: Fn(Setup) -> C + Send + Sync + Clone + 'static,
    C: UnderTest,
{
    let expect = "[[expect]]\nconsistency = \"linearizable\"\n";
    let file = in_file(&format!("{text}\n{expect}"), Engine::Optimal).remove(0);
    let rules: Vec<_> = file.violations.keys().copied().collect();
    let code = if rules.is_empty() { code } else { code.violations(rules) };
    let code = check(code);
    assert_eq!((code.schedules, code.events), (file.schedules, file.events), "{what}");
    assert_eq!(code.violations, file.violations, "{what}");
    assert_eq!(code.complete, file.complete, "{what}");
}

const READER: &str = "[[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n";
const WRITER: &str = "[[thread]]\nname = \"writer\"\nops = [\"set user:1\"]\n";

fn article(more: &str) -> String {
    format!("cache = \"article\"\n{more}\n{READER}{WRITER}")
}

fn both<F: Fn(Setup) -> C + Send + Sync + 'static, C: UnderTest>(build: F) -> ScenarioBuilder<F> {
    scenario("a", build).thread("reader", ["get user:1"]).thread("writer", ["set user:1"])
}

#[test]
fn a_database_is_the_source_of_truth() {
    for (remote, name) in [(RemoteStart::Present, "present"), (RemoteStart::Absent, "absent")] {
        let text = article(&format!("local = \"cold\"\nremote = \"{name}\"\nsource = \"database\""));
        is_as_in_file(name, &text, both(Aside::new).remote(remote).source(Source::Database));
    }
    let report = check(both(tiered).remote(RemoteStart::Absent).source(Source::Database));
    assert!(report.complete && report.violations.is_empty(), "{report}");
}

#[test]
fn commands_and_loads_fail() {
    for (source, name) in [(Source::Remote, "remote"), (Source::Database, "database")] {
        let text = format!("local = \"cold\"\nremote = \"absent\"\nsource = \"{name}\"\nfaults = 1");
        let code = both(strict).remote(RemoteStart::Absent).source(source).faults(1);
        is_as_in_file(name, &article(&text), code);
    }
}

#[test]
fn operations_are_dropped() {
    let text = article("local = \"cold\"\nremote = \"present\"\ndrops = 1");
    is_as_in_file("drops", &text, both(Aside::new).drops(1));
}

#[test]
fn a_thread_may_be_spared() {
    let spared = format!("{WRITER}spared = true\n");
    let text =
        format!("cache = \"article\"\nlocal = \"cold\"\nremote = \"present\"\nfaults = 1\n{READER}{spared}");
    let code = scenario("a", strict).thread("reader", ["get user:1"]);
    is_as_in_file("spared", &text, code.spared_thread("writer", ["set user:1"]).faults(1));
}

#[test]
fn a_failure_of_an_infallible_cache_panics_with_a_fix() {
    let run = || check(both(Aside::new).faults(1));
    let payload = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    let text = payload.downcast_ref::<String>().expect("with words");
    assert!(text.contains("use `try_get`, `try_set` and `try_delete`"), "{text}");
}

#[test]
fn keys_leave_the_tiers_and_other_nodes_write() {
    for (ops, is_database) in [
        (["evict user:1", "get user:1"], false),
        (["notified user:1", "get user:1"], false),
        (["notified-all user:1", "get user:1"], false),
        (["forget user:1", "get user:1"], true),
    ] {
        let source = if is_database { Source::Database } else { Source::Remote };
        let text = format!(
            "cache = \"article\"\nlocal = \"warm\"\nremote = \"present\"\nsource = \"{}\"\n{WRITER}\
             [[thread]]\nname = \"other\"\nops = {ops:?}\n",
            source.name()
        );
        let code = scenario("a", Aside::new).local(Local::Warm).source(source);
        let code = code.thread("writer", ["set user:1"]).thread("other", ops);
        // The article's cache in code does not receive the initial contents of the local tier: the
        // tier has them already.
        is_as_in_file(ops[0], &text, code);
    }
}

#[test]
fn keys_are_derived_and_the_remote_tier_gives_leases() {
    let derived = "derived = { \"user:1\" = [\"profile:1\"] }";
    let text = article(&format!("local = \"cold\"\nremote = \"present\"\nsource = \"database\"\n{derived}"));
    is_as_in_file(
        "derived",
        &text,
        both(Aside::new).source(Source::Database).derived("user:1", ["profile:1"]),
    );
    let leases = "source = \"database\"\nspecials = [\"leases\"]";
    let text =
        format!("cache = \"tiered\"\nlocal = \"cold\"\nremote = \"absent\"\n{leases}\n{READER}{WRITER}");
    let code = both(tiered).remote(RemoteStart::Absent).source(Source::Database).special(Special::Leases);
    is_as_in_file("leases", &text, code);
}

#[test]
fn axes_make_the_cases_that_a_file_has() {
    let text = "cache = \"article\"\nlocal = \"$local\"\nremote = \"present\"\n\
        [[thread]]\nname = \"reader\"\ncount = \"$readers\"\nops = [\"get user:1\"]\n\
        [[thread]]\nname = \"writer\"\nops = [\"set user:1\"]\n\
        [axes]\nlocal = [\"cold\", \"warm\"]\nreaders = [1, 2]\n\
        [[expect]]\nconsistency = \"linearizable\"\n";
    let file = in_file(text, Engine::Optimal);
    let expected = |case: Draft| case.violations([Rule::Stale, Rule::Lasting]);
    let code = check_all(
        scenario("a", Aside::new)
            .thread("writer", ["set user:1"])
            .axis("local", [Local::Cold, Local::Warm], move |case, &local| {
                let case = case.local(local);
                if local == Local::Cold { expected(case) } else { case }
            })
            .axis("readers", [1, 2], |case, &readers| {
                let case = case.threads("reader", readers, ["get user:1"]);
                // Two readers with an empty local tier see the new value, and then the old one.
                let inverts = readers == 2 && format!("{case:?}").contains("local: Cold");
                if inverts { case.violations([Rule::Stale, Rule::Inverted, Rule::Lasting]) } else { case }
            }),
    );
    let counts = |reports: &[CaseReport]| -> Vec<_> {
        reports.iter().map(|its| (its.case.clone(), its.schedules, its.violations.clone())).collect()
    };
    assert_eq!(counts(&code), counts(&file));
    assert_eq!(code.iter().map(|its| its.schedules).collect::<Vec<_>>(), [5, 48, 2, 7]);
}

#[test]
fn a_failing_case_of_several_is_named() {
    let run = || {
        let local = [Local::Warm, Local::Cold];
        check_all(both(Aside::new).axis("local", local, |case, local| case.local(*local)))
    };
    let payload = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it fails");
    let text = payload.downcast_ref::<String>().expect("with words");
    assert!(text.starts_with("a local=cold: stale in 1, lasting in 1 of 5 schedules"), "{text}");
}

#[test]
fn states_are_searched_as_those_of_a_file() {
    let text = article("local = \"cold\"\nremote = \"present\"");
    let file =
        in_file(&format!("{text}[[expect]]\nconsistency = \"linearizable\"\n"), Engine::Stateful).remove(0);
    let code = check(both(Aside::new).engine(Engine::Stateful).violations([Rule::Stale, Rule::Lasting]));
    let states = |report: &CaseReport| report.states.expect("it was searched by states").states;
    assert_eq!((code.engine, states(&code)), (Engine::Stateful, states(&file)));
    assert_eq!(code.violations, file.violations);
    let report = check(both(tiered).engine(Engine::Stateful));
    assert!(report.complete && report.violations.is_empty(), "{report}");
}

/// With expiring keys, the results in code and in a file are equal, and each of our engines finds
/// the same rules broken.
#[test]
fn the_remote_tier_expires_at_any_point() {
    for (source, name) in [(Source::Remote, "remote"), (Source::Database, "database")] {
        for (local, its) in [(Local::Cold, "cold"), (Local::Expiring, "expiring")] {
            let what = format!("source {name}, local {its}");
            let text = article(&format!("local = \"{its}\"\nremote = \"expiring\"\nsource = \"{name}\""));
            let code = both(Aside::new).local(local).remote(RemoteStart::Expiring).source(source);
            is_as_in_file(&what, &text, code);
            let expect = "[[expect]]\nconsistency = \"linearizable\"\n";
            let of = |engine| in_file(&format!("{text}{expect}"), engine).remove(0);
            let rules = |report: CaseReport| -> Vec<Rule> {
                assert!(report.complete, "{what}: {report}");
                report.violations.into_keys().collect()
            };
            let optimal = rules(of(Engine::Optimal));
            assert_eq!(optimal, rules(of(Engine::Stateful)), "{what}");
            assert_eq!(optimal, rules(of(Engine::Naive)), "{what}");
        }
    }
}

/// A read of a key that has expired at the source of truth, after another read has found it absent.
#[test]
fn a_local_copy_outlives_the_source_of_truth() {
    let code = scenario("a", Aside::new)
        .remote(RemoteStart::Expiring)
        .threads("reader", 2, ["get user:1"])
        .violations([Rule::Inverted]);
    assert!(check(code).complete);
    // A copy with the remaining time to live does not outlive it.
    for local in [Local::Cold, Local::Expired, Local::Expiring] {
        let code = scenario("a", tiered).local(local).remote(RemoteStart::Expiring);
        let code = code.threads("reader", 2, ["get user:1"]).thread("writer", ["set user:1"]);
        let report = check(code);
        assert!(report.complete && report.violations.is_empty(), "{local:?}: {report}");
    }
}

#[test]
fn a_value_stored_with_a_ttl_expires_too() {
    struct Short(Redis);
    impl Cache for Short {
        async fn get(&self, key: Key) -> Option<Value> {
            self.0.get(key).await
        }

        async fn set(&self, key: Key, value: Value) {
            self.0.set_for(key, value, Duration::from_secs(5)).await;
        }

        async fn delete(&self, key: Key) {
            self.0.delete(key).await;
        }
    }
    let short = |remote| {
        let code = scenario("a", |setup: Setup| Short(setup.redis)).remote(remote);
        code.thread("alone", ["set user:1", "get user:1"])
    };
    let report = check(short(RemoteStart::Expiring));
    assert!(report.complete && report.schedules > 1, "{report}");
    // Without expiry, the deadline is not covered, and the report is bounded.
    let report = check(short(RemoteStart::Present).bounded());
    let Verdict::Bounded(why) = &report.verdict else { panic!("{report}") };
    assert!(!report.complete && why.contains("has a deadline that could not pass"), "{why}");
    let run = || check(short(RemoteStart::Present));
    assert!(panic::catch_unwind(AssertUnwindSafe(run)).is_err(), "bounded is not good enough");
}

#[test]
fn a_command_that_cannot_fail_makes_the_search_bounded() {
    /// Reads an existing value again.
    struct Again(Redis);
    impl FallibleCache for Again {
        async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
            match self.0.try_get(key).await? {
                Some(_) => self.0.try_get(key).await,
                None => Ok(None),
            }
        }

        async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
            self.0.try_set(key, value).await
        }

        async fn delete(&self, key: Key) -> Result<(), Failure> {
            self.0.try_delete(key).await
        }
    }
    let code = scenario("a", |setup: Setup| Fallible(Again(setup.redis)));
    let report = check(code.thread("alone", ["get user:1", "set user:1", "get user:1"]).faults(1).bounded());
    let Verdict::Bounded(why) = &report.verdict else { panic!("{report}") };
    assert!(why.contains("more commands than were let fail"), "{why}");
}

#[test]
fn faults_do_not_cover_lost_notifications() {
    let reports = in_file(
        r#"
        cache = "tiered"
        local = "warm"
        remote = "present"
        faults = 1
        thread = [{ name = "reader", ops = ["get user:1"] }, { name = "node", ops = ["notified user:1"] }]
        expect = [{ consistency = "linearizable" }]
        "#,
        Engine::Optimal,
    );
    let Verdict::Bounded(why) = &reports[0].verdict else { panic!("{}", reports[0]) };
    assert!(why.contains("a notification from another node is lost was not explored"), "{why}");
}

#[test]
fn mistakes_are_reported() {
    let said = |run: &dyn Fn()| {
        let payload = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        let text = payload.downcast_ref::<&str>().map(|&text| text.to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).expect("with words")
    };
    for (expected, run) in [
        (
            "the scenario `a` has axes, and so several cases: call check_all(…)",
            &(|| drop(check(both(Aside::new).axis("n", [1, 2], |case, _| case)))) as &dyn Fn(),
        ),
        ("`1` is on the axis `n` twice", &|| drop(both(Aside::new).axis("n", [1, 1], |case, _| case))),
        ("two axes have the name `n`: give each its own", &|| {
            drop(both(Aside::new).axis("n", [1], |case, _| case).axis("n", [1], |case, _| case));
        }),
        ("9 faults are too many to explore: expected 0 to 8", &|| drop(both(Aside::new).faults(9))),
        ("the count of threads `more` is 0: remove them, or set a count of 1 or more", &|| {
            drop(both(Aside::new).threads("more", 0, ["get user:1"]));
        }),
        ("the scenario `a` has 64 threads, and a search has room for 62", &|| {
            drop(check(both(Aside::new).threads("more", 62, ["get user:1"])));
        }),
        ("a scenario in code is not built for loom: expected optimal, stateful or naive", &|| {
            drop(both(Aside::new).engine(Engine::Loom));
        }),
    ] {
        assert_eq!(said(run), expected);
    }
    let forgets = said(&|| drop(check(scenario("a", Aside::new).thread("other", ["forget user:1"]))));
    assert!(forgets.starts_with("`forget` where the source of truth is the remote tier"), "{forgets}");
}
