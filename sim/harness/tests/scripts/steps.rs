//! The steps of a script in a trace: its own lines, and the library's objects.

use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::load;
use selvedge_sim::trace::{json, lanes, read, reason};
use selvedge_sim::verdict::{Engine, Verdict};

use super::{case, explore, one_reader};

#[test]
fn the_articles_cache_shows_its_stale_read_with_its_own_lines() {
    let scenario = load("control-cache-manager", &Protocol::known()).expect("it is shipped").remove(0);
    let report = Exploration::of(&scenario.cases[0]).engine(Engine::Optimal).run();
    assert_eq!(report.schedules, 5);
    let trace = report.trace.expect("it is stale");
    insta::with_settings!({snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"), prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("script_cache_manager", format!("{}\n{}", lanes(&trace), reason(&trace)));
    });
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache_manager.trace.json");
    std::fs::write(&file, json(&trace)).expect("the folder is writable");
    let again = read(&file).expect("a written trace can be read");
    assert_eq!((again.code, again.steps.len()), (trace.code, trace.steps.len()));
}

#[test]
fn locks_flights_and_shared_dicts_are_steps() {
    let script = "
generations = {}

def get(key):
    return once(key, lambda: load(key))

def load(key):
    generation = generations.get(key, 0)
    value = db.get(key)
    with lock(key):
        if generations.get(key, 0) == generation:
            local.set(key, (value, 5))
    return value

def set(key, value):
    db.set(key, value)
    with lock(key):
        generations[key] = generations.get(key, 0) + 1
        local.delete(key)
";
    let fields = "local = \"cold\"\nremote = \"absent\"\nsource = \"database\"";
    let text = one_reader(fields, "consistency = \"linearizable\"")
        .replace("ops = [\"get", "count = 2\nops = [\"get");
    let report = explore(&case(script, &text), Engine::Optimal);
    // A read joins a flight that has loaded before the write: its value is older than the write that
    // another read, which began after it, has seen.
    let trace = report.trace.unwrap_or_else(|| panic!("{:?}", report.verdict));
    let steps: Vec<&str> = trace.steps.iter().map(|step| step.what.as_str()).collect();
    for expected in ["generations.get user:1 → absent", "leads the load of user:1", "locks user:1"] {
        assert!(steps.contains(&expected), "{expected}: {steps:#?}");
    }
    assert!(trace.steps.iter().any(|step| step.location.ends_with("cache.star:8")), "{:#?}", trace.steps);
}

#[test]
fn a_spawned_function_is_a_task_and_its_late_write_is_found() {
    let script = "
def get(key):
    value = local.get(key)
    if value == None:
        value = redis.get(key)
        spawn(local.set, key, value) if False else spawn(fill, key, value)
    return value

def fill(key, value):
    local.set(key, value)

def set(key, value):
    redis.set(key, value)
    local.delete(key)
";
    let text = one_reader("local = \"cold\"\nremote = \"present\"", "violations = [\"stale\", \"lasting\"]");
    let report = explore(&case(script, &text), Engine::Optimal);
    assert!(matches!(report.verdict, Verdict::Violated(_)), "{:?}", report.verdict);
}

#[test]
fn a_failed_command_fails_the_call_unless_the_script_handles_it() {
    let handled = "
def get(key):
    try:
        return redis.get(key)
    except Exception:
        return redis.get(key)

def set(key, value):
    redis.set(key, value)
";
    let text =
        one_reader("local = \"cold\"\nremote = \"present\"\nfaults = 1", "consistency = \"linearizable\"");
    let report = explore(&case(handled, &text), Engine::Optimal);
    assert!(report.violations.is_empty(), "{:?}", report.violations);
    let forgotten = handled.replace("return redis.get(key)\n\ndef", "return None\n\ndef");
    let report = explore(&case(&forgotten, &text), Engine::Optimal);
    assert!(!report.violations.is_empty(), "an absence that was never written");
}
