//! `load` and `refresh`: a read that passes the local tier by, and a load without an answer.

use selvedge_sim::oracle::Rule;
use selvedge_sim::verdict::{Engine, Verdict};

use super::{PLAIN, case, explore, read};

const DATABASE: &str = "local = \"cold\"\nremote = \"absent\"\nsource = \"database\"";

/// A script with these functions beside `get` and `set`.
fn script(more: &str) -> String {
    format!(
        "def get(key):\n    value = local.get(key)\n    return redis.get(key) if value is None else value\n\n\
         def set(key, value):\n    redis.set(key, value)\n    local.delete(key)\n\n{more}"
    )
}

fn scenario(fields: &str, first: &str, second: &str, level: &str) -> String {
    format!(
        "name = \"test\"\nabout = \"a test\"\ncache = \"./cache.star\"\n{fields}\n\
         [[thread]]\nname = \"first\"\nops = [{first}]\n[[thread]]\nname = \"second\"\nops = [{second}]\n\
         [[expect]]\nconsistency = \"{level}\"\n"
    )
}

#[test]
fn a_load_is_a_read_that_is_judged() {
    let loads = script("def load(key):\n    return redis.get(key)\n");
    let warm = "local = \"warm\"\nremote = \"present\"";
    let text = scenario(warm, "\"load user:1\", \"load user:1\"", "\"set user:1\"", "linearizable");
    for engine in [Engine::Optimal, Engine::Stateful] {
        let report = explore(&case(&loads, &text), engine);
        assert_eq!((report.verdict, report.complete), (Verdict::Clean, true), "{engine}");
    }
    // `get` reads the local tier, so that a load before it is an inversion.
    let text = scenario(warm, "\"load user:1\", \"get user:1\"", "\"set user:1\"", "linearizable");
    let report = explore(&case(&loads, &text), Engine::Optimal);
    assert!(report.violations.contains_key(&Rule::Inverted), "{:?}", report.violations);
    let kept = script(
        "kept = {}\n\ndef load(key):\n    if kept.get(key) is None:\n        kept[key] = redis.get(key)\n    \
         return kept[key]\n",
    );
    let text = scenario(warm, "\"load user:1\", \"load user:1\"", "\"set user:1\"", "linearizable");
    let report = explore(&case(&kept, &text), Engine::Optimal);
    assert!(report.violations.contains_key(&Rule::Stale), "{:?}", report.violations);
}

#[test]
fn a_script_loads_from_its_database() {
    let loads = "def get(key):\n    return db.get(key)\n\ndef load(key):\n    return db.get(key)\n\n\
                 def set(key, value):\n    db.set(key, value)\n";
    let text = scenario(DATABASE, "\"load user:1\"", "\"set user:1\"", "linearizable");
    let report = explore(&case(loads, &text), Engine::Optimal);
    assert_eq!((report.verdict, report.complete), (Verdict::Clean, true));
}

#[test]
fn a_refresh_answers_nothing_and_must_not_restore_an_old_value() {
    let naive = script("def refresh(key):\n    local[key] = redis.get(key)\n");
    let text = scenario(PLAIN, "\"refresh user:1\"", "\"set user:1\"", "linearizable");
    for engine in [Engine::Optimal, Engine::Stateful] {
        let report = explore(&case(&naive, &text), engine);
        assert!(report.complete || engine == Engine::Optimal, "{engine}");
        assert_eq!(report.violations.keys().collect::<Vec<_>>(), [&Rule::Stale, &Rule::Lasting], "{engine}");
    }
    let careful = "
generation = {}

def get(key):
    value = local.get(key)
    return redis.get(key) if value is None else value

def set(key, value):
    redis.set(key, value)
    with lock(key):
        generation[key] = generation.get(key, 0) + 1
        local.delete(key)

def refresh(key):
    before = generation.get(key, 0)
    value = redis.get(key)
    with lock(key):
        if generation.get(key, 0) == before:
            local[key] = value
    return \"ignored\"
";
    let report = explore(&case(careful, &text), Engine::Optimal);
    assert_eq!(report.violations.get(&Rule::Lasting), None, "{:?}", report.violations);
}

#[test]
fn a_case_that_calls_what_the_script_lacks_is_a_mistake() {
    for (op, word) in [("load user:1", "load"), ("refresh user:1", "refresh")] {
        let text = scenario(PLAIN, &format!("\"{op}\""), "\"set user:1\"", "eventual");
        let mistakes = read(&script(""), &text).expect_err("it is not defined");
        let expected = format!("the cache `cache.star` does not support `{word}`");
        assert_eq!(mistakes.0[0].to_string(), expected);
    }
    // A helper of the name with other parameters is none of the scenario's.
    let helper = script("def load(key, source):\n    return source(key)\n\ndef refresh():\n    pass\n");
    let text = scenario(PLAIN, "\"load user:1\"", "\"set user:1\"", "eventual");
    assert!(read(&helper, &text).is_err());
}
