//! A custom cache under test, as in a team's `tests/cache.rs`, and the messages of failing tests.

mod aside;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use aside::Aside;
use selvedge::{Builder, TieredCache};
use selvedge_sim::backends;
use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::engine::sync::Mutex;
use selvedge_sim::custom::engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_sim::custom::{
    Cache, Key, Level, Local, Redis, RemoteStart, Rule, Setup, Value, check, closures, scenario,
};

/// The article's cache with a generation that each write increments before and after, in the
/// engine's own types.
struct Fenced {
    local: Mutex<BTreeMap<Key, Value>>,
    generation: AtomicU64,
    redis: Redis,
}

impl Fenced {
    fn new(setup: Setup) -> Self {
        let warm = setup.warm.iter().map(|entry| (entry.key, entry.value)).collect();
        Fenced { local: Mutex::new(warm), generation: AtomicU64::new(0), redis: setup.redis }
    }

    fn open(&self, key: Key) {
        let mut local = self.local.lock().unwrap();
        self.generation.fetch_add(1, SeqCst);
        local.remove(&key);
    }
}

impl Cache for Fenced {
    async fn get(&self, key: Key) -> Option<Value> {
        if let Some(value) = self.local.lock().unwrap().get(&key) {
            return Some(*value);
        }
        let token = self.generation.load(SeqCst);
        let value = self.redis.get(key).await?;
        let mut local = self.local.lock().unwrap();
        // An odd generation means a write in progress.
        if token.is_multiple_of(2) && self.generation.load(SeqCst) == token {
            local.insert(key, value);
        }
        Some(value)
    }

    async fn set(&self, key: Key, value: Value) {
        self.open(key);
        self.redis.set(key, value).await;
        self.generation.fetch_add(1, SeqCst);
    }

    async fn delete(&self, key: Key) {
        self.open(key);
        self.redis.delete(key).await;
        self.generation.fetch_add(1, SeqCst);
    }
}

thread_local! {
    /// The location of this thread's last panic.
    static PLACE: Cell<(&'static str, u32)> = const { Cell::new(("", 0)) };
}

/// The panic's message, file and line.
#[track_caller]
fn failure(run: impl FnOnce()) -> (String, &'static str, u32) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let at = info.location().expect("a panic has one");
            PLACE.set((at.file().to_owned().leak(), at.line()));
            before(info);
        }));
    });
    let payload = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
    let (file, line) = PLACE.get();
    (text.expect("a panic says something"), file, line)
}

#[test]
fn a_stale_read_fails_at_the_tests_own_line_with_its_trace() {
    let mut line = 0;
    let (text, file, at) = failure(|| {
        let scenario =
            scenario("aside", Aside::new).thread("reader", ["get user:1"]).thread("writer", ["set user:1"]);
        line = line!() + 1;
        check(scenario);
    });
    assert_eq!((file, at), (file!(), line));
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("custom-cache-fails", text);
    });
}

#[test]
fn each_step_is_at_the_line_of_the_cache_that_made_it() {
    let control = scenario("aside", Aside::new)
        .thread("reader", ["get user:1"])
        .thread("writer", ["set user:1"])
        .violations([Rule::Stale, Rule::Lasting]);
    let trace = check(control).trace.expect("a control has a witness");
    let lines: Vec<_> = trace.steps.iter().map(|step| (step.what.as_str(), step.location.as_str())).collect();
    let source = include_str!("aside/mod.rs");
    // The line of the cache that contains this call.
    let at = |call: &str| {
        let line = source.lines().position(|line| line.contains(call)).expect(call) + 1;
        format!("{}/aside/mod.rs:{line}", file!().strip_suffix("/custom_cache.rs").expect("this file"))
    };
    assert_eq!(
        lines,
        [
            ("L1.get user:1 → miss", at("local.get").as_str()),
            ("redis GET user:1 → v0", &at("redis.get")),
            ("redis SET user:1 = v1", &at("redis.set")),
            ("L1.remove user:1 (was not there)", &at("local.remove")),
            ("L1.fill user:1 = v0", &at("local.insert")),
            ("L1.get user:1 → v0", &at("local.get")),
        ]
    );
}

#[test]
#[should_panic(expected = "aside: stale in 1")]
fn a_check_that_fails() {
    check(scenario("aside", Aside::new).thread("reader", ["get user:1"]).thread("writer", ["set user:1"]));
}

/// The variable is read from the environment, so the two tests run again in a process that sets it.
#[test]
fn a_report_is_written_to_the_folder_in_the_environment() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("custom-report");
    _ = std::fs::remove_dir_all(&folder);
    let run = |test: &str| {
        let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
        let output = command.args(["--exact", "--nocapture", test]).env("SELVEDGE_REPORT", &folder).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for test in ["each_step_is_at_the_line_of_the_cache_that_made_it", "a_check_that_fails"] {
        let said = run(test);
        let page = folder.join("aside.only").join("index.html");
        let text = std::fs::read_to_string(&page).expect("the page");
        assert!(text.contains("\"scenario\":\"aside\""), "{text}");
        let trace =
            selvedge_sim::trace::read(&page.with_file_name("aside.only.trace.json")).expect("the trace");
        assert_eq!(trace.scenario, "aside");
        // A check that passes prints nothing.
        let names_it = said.contains(&format!("report: {}", page.display()));
        assert_eq!(names_it, test == "a_check_that_fails", "{said}");
        std::fs::remove_dir_all(&folder).expect("it was written");
    }
}

#[test]
fn a_control_that_does_not_fail_fails_the_test() {
    let control = || {
        let control = scenario("fenced", Fenced::new)
            .thread("reader", ["get user:1"])
            .thread("writer", ["set user:1"])
            .violations([Rule::Stale]);
        check(control);
    };
    let (text, ..) = failure(control);
    assert!(text.starts_with("fenced: the control did not fail: stale in none of "), "{text}");
}

#[test]
fn a_cache_of_the_engines_own_types_is_linearizable_from_each_start() {
    for local in [Local::Cold, Local::Warm] {
        let report = check(
            scenario("fenced", Fenced::new)
                .local(local)
                .thread("twice", ["get user:1", "get user:1"])
                .thread("once", ["get user:1"])
                .thread("writer", ["set user:1"]),
        );
        assert!(report.complete && report.violations.is_empty(), "{report}");
        assert_eq!((report.cache.as_str(), report.scenario.as_str()), ("Fenced", "fenced"));
    }
}

#[test]
fn what_one_writer_proves_two_writers_may_break() {
    // Two writers in progress make the generation even again.
    let two = || {
        check(
            scenario("fenced", Fenced::new)
                .thread("reader", ["get user:1"])
                .thread("writer-1", ["set user:1"])
                .thread("writer-2", ["set user:1"]),
        );
    };
    let (text, ..) = failure(two);
    assert!(text.contains("not linearizable"), "{text}");
    // The trace shows its own types in the engine's terms.
    assert!(text.contains("local lock") && text.contains("generation read → 2"), "{text}");
}

#[test]
fn local_entries_expire_according_to_the_scenario() {
    for local in Local::ALL {
        for remote in RemoteStart::ALL {
            let one = scenario("alone", Aside::new)
                .local(local)
                .remote(remote)
                .thread("alone", ["get user:1", "set user:1", "get user:1"]);
            assert!(check(one).violations.is_empty(), "{local:?} {remote:?}");
        }
    }
    let expiring = scenario("aside", Aside::new)
        .local(Local::Expiring)
        .thread("reader", ["get user:1"])
        .thread("writer", ["set user:1"])
        .violations([Rule::Stale, Rule::Lasting]);
    assert_eq!(check(expiring).trace.expect("a witness").lanes, ["reader", "writer", "observer", "clock"]);
}

#[test]
fn the_cache_that_ships_runs_over_the_same_redis() {
    let tiered = |setup: Setup| -> TieredCache<Key, Value, Redis, backends::Engine> {
        Builder::new(setup.redis)
            .single_process()
            .stripes(NonZeroUsize::new(8).unwrap())
            .build_with_clock(setup.clock)
    };
    let report = check(
        scenario("tiered", tiered)
            .thread("reader-1", ["get user:1"])
            .thread("reader-2", ["get user:1"])
            .thread("writer", ["set user:1", "delete user:1"]),
    );
    assert!(report.complete && report.trace.is_none());
    assert_eq!(report.cache, "TieredCache");
}

#[test]
fn a_cache_can_be_made_of_closures() {
    let build = |setup: Setup| {
        closures(
            setup.redis,
            |redis, key| block_on(redis.get(key)),
            |redis, key, value| block_on(redis.set(key, value)),
            |redis, key| block_on(redis.delete(key)),
        )
    };
    let report = check(
        scenario("no local tier", build)
            .thread("reader", ["get user:1", "get user:1"])
            .thread("writer", ["set user:1", "delete user:1"]),
    );
    assert_eq!((report.schedules, report.cache.as_str()), (6, "Closures"));
}

#[test]
fn a_weaker_level_passes_what_it_does_not_forbid() {
    let scenario = scenario("fenced", Fenced::new)
        .thread("reader", ["get user:1"])
        .thread("writer", ["set user:1"])
        .consistency(Level::Eventual);
    check(scenario);
}

#[test]
fn bounded_fails_unless_it_is_allowed() {
    let scenario = || {
        scenario("fenced", Fenced::new)
            .thread("reader", ["get user:1"])
            .thread("writer", ["set user:1"])
            .max_schedules(1)
    };
    let (text, ..) = failure(move || drop(check(scenario())));
    assert!(text.starts_with("fenced: bounded, but must be complete: nothing found in 1 schedule"), "{text}");
    let report = check(scenario().bounded());
    assert!(!report.complete);
    assert_eq!(report.to_string(), "cache     Fenced\nverdict   bounded\nsearch    bounded\n");
    let timed = scenario().max_time(std::time::Duration::ZERO).bounded();
    assert!(!check(timed).complete);
}

#[test]
fn a_panic_of_the_cache_is_reported_at_its_line() {
    let (text, ..) = failure(|| {
        let broken = |_| closures((), |(), _| panic!("out of shelves"), |(), _, _| (), |(), _| ());
        check(scenario("broken", broken).thread("reader", ["get user:1"]));
    });
    assert!(text.contains("out of shelves") && text.contains("tests/custom_cache.rs:"), "{text}");
}

#[test]
fn mistakes_in_the_scenario_are_reported_at_the_line_of_the_test() {
    let made = |make: fn()| {
        let (text, file, _) = failure(make);
        assert_eq!(file, file!(), "{text}");
        text
    };
    let start = || scenario("aside", Aside::new);
    let texts = [
        made(|| drop(scenario("aside", Aside::new).thread("reader", ["gte user:1"]))),
        made(|| drop(scenario("aside", Aside::new).thread("reader", ["get"]))),
        made(|| drop(scenario("aside", Aside::new).thread::<&str>("reader", []))),
        made(|| drop(scenario("aside", Aside::new).thread("a", ["get k"]).thread("a", ["get k"]))),
        made(|| drop(check(scenario("aside", Aside::new)))),
    ];
    let expected = [
        "unknown operation `gte`: expected get KEY, set KEY or delete KEY",
        "`get` has no key: expected get KEY, set KEY or delete KEY",
        "the thread `reader` does nothing: give it an operation, such as \"get user:1\"",
        "two threads have the name `a`: give each its own",
        "the scenario `aside` has no thread: add one with .thread(…)",
    ];
    assert_eq!(texts, expected);
    // No read overlapped or followed a write.
    let (text, ..) = failure(move || drop(check(start().thread("reader", ["get user:1"]))));
    assert!(text.starts_with("aside: no read overlapped or followed a write of its key"), "{text}");
}

/// The local value is behind a std lock, which the engine does not see.
struct Foreign {
    local: std::sync::Mutex<BTreeMap<Key, Value>>,
    redis: Redis,
}

impl Cache for Foreign {
    async fn get(&self, key: Key) -> Option<Value> {
        if let Some(value) = self.local.lock().unwrap().get(&key) {
            return Some(*value);
        }
        let value = self.redis.get(key).await?;
        self.local.lock().unwrap().insert(key, value);
        Some(value)
    }

    async fn set(&self, key: Key, value: Value) {
        self.redis.set(key, value).await;
        self.local.lock().unwrap().insert(key, value);
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
        self.local.lock().unwrap().remove(&key);
    }
}

#[test]
fn a_cache_with_a_lock_that_the_engine_does_not_see_is_not_called_clean() {
    for local in [Local::Cold, Local::Warm] {
        let build = |setup: Setup| {
            let warm = setup.warm.iter().map(|entry| (entry.key, entry.value)).collect();
            Foreign { local: std::sync::Mutex::new(warm), redis: setup.redis }
        };
        let scenario = scenario("foreign", build)
            .local(local)
            .thread("first", ["get user:1"])
            .thread("second", ["get user:1"])
            .thread("writer", ["set user:1"])
            .max_schedules(10_000);
        let (said, _, _) = failure(|| drop(check(scenario)));
        assert!(said.starts_with("foreign: bounded, but must be complete"), "{said}");
        assert!(said.contains("shares state that the engine does not see"), "{said}");
        // No schedule of the warm cache is stale: the local value changes before the write returns.
        // But a hit has no step, and runs when its thread starts, before the place that its row
        // has.
        assert_eq!(said.contains("these findings may be false: stale"), local == Local::Warm, "{said}");
    }
}
