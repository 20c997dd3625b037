//! The message of each kind of mistake: its place, and how to mend it.

use selvedge_sim::diagnostic::diagnose;
use selvedge_sim::trace::Look;
use selvedge_sim::verdict::Engine;

use super::{PLAIN, case, explore, one_reader, read};

const SET: &str = "\ndef set(key, value):\n    redis.set(key, value)\n";

/// The messages for a script, without the folder's name.
fn messages(script: &str, scenario: &str) -> String {
    let mistakes = read(script, scenario).expect_err("it has a mistake");
    without_folder(
        &mistakes.0.iter().map(|mistake| diagnose(mistake, Look::PLAIN)).collect::<Vec<_>>().join("\n"),
    )
}

/// Replaces the path before `cache.star` and `scenario.toml`.
fn without_folder(text: &str) -> String {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/scripts-");
    let mut parts = text.split(folder);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('/').map_or(part, |(_, file)| file))
}

fn in_get(body: &str) -> String {
    format!("def get(key):\n    {}\n{SET}", body.replace('\n', "\n    "))
}

#[test]
fn mistakes_have_a_place_and_advice() {
    let plain = one_reader(PLAIN, "consistency = \"eventual\"");
    let scripts = [
        in_get("return redis.gett(key)"),
        in_get("return locl.get(key)"),
        in_get("vlaue = redis.get(key)\nreturn value"),
        in_get("return redis.get(key, 1, 2)"),
        in_get("return redis.set(key, valeu=1)"),
        in_get("if redis.get(key)\n    return None"),
        in_get("return redis.get(key"),
        in_get("return 1 < 2 < 3"),
        in_get("x = lock()"),
        format!("def gte(key):\n    return redis.get(key)\n{SET}"),
        format!("def get(key, other):\n    return redis.get(key)\n{SET}"),
        format!("x = redis.get(\"a\")\ndef get(key):\n    return None\n{SET}"),
        format!("def get(key):\n    return self.value\n{SET}"),
        "class C:\n    def __init__(self, size):\n        pass\n    def get(self, key):\n        return self.redsi.get(key)\n    def set(self, key, value):\n        pass\n"
            .to_owned(),
        format!("def get(key):\n    return db.get(key)\n{SET}"),
    ];
    let all: Vec<String> = scripts.iter().map(|script| messages(script, &plain)).collect();
    insta::with_settings!({snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"), prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("script_mistakes", all.join("\n"));
    });
}

#[test]
fn a_scenario_needs_the_functions_that_it_calls() {
    let script = in_get("return redis.get(key)");
    let deletes = one_reader(PLAIN, "consistency = \"eventual\"").replace("set user:1", "delete user:1");
    assert!(messages(&script, &deletes).contains("defines no `delete`, which the case calls"));
    let missing = one_reader(PLAIN, "consistency = \"eventual\"").replace("./cache.star", "./cahce.star");
    assert!(messages(&script, &missing).contains("cahce.star cannot be read"));
}

#[test]
fn a_mistake_that_an_execution_finds_has_a_place_too() {
    for (body, what) in [
        ("return redis.get(key) + 1", "`+` cannot be applied to a value of the cache and a number"),
        ("return 1", "`get` returned a number"),
        ("return redis.get(\"other\")", "`other` is none of the scenario's keys"),
        ("redis.set(key, \"text\")", "a string is written where a value of the cache is expected"),
        ("return redis.get(key)[0]", "a value of the cache has no entries"),
        ("x = [1]\nreturn x.appendd(2)", "a list has no method `appendd`"),
        ("if key == \"\":\n    x = 1\nreturn x", "the variable is used before it is assigned"),
        ("lock(\"a\").release()", "the lock is not held by this call"),
    ] {
        let case = case(&in_get(body), &one_reader(PLAIN, "consistency = \"eventual\""));
        let report = explore(&case, Engine::Optimal);
        let mistake = case.script.as_ref().and_then(|script| script.mistake());
        let mistake = mistake.unwrap_or_else(|| panic!("{body}: {:?}", report.verdict));
        assert_eq!(mistake.to_string(), what, "{body}");
        let shown = diagnose(&mistake, Look::PLAIN);
        assert!(shown.contains("cache.star:"), "{shown}");
    }
}
