//! `selvedge new`, and the commands on scripts: their results and exit codes.

use std::fs;
use std::path::Path;

use selvedge_sim::protocols::Protocol;
use tempfile::TempDir;

/// Runs the command. Returns its exit code and its results.
fn selvedge(arguments: &[&str]) -> (u8, String) {
    let mut results = Vec::new();
    let arguments = ["selvedge"].iter().chain(arguments).copied();
    let code = selvedge_cli::run::<Protocol>(arguments, &mut results);
    (code, String::from_utf8(results).expect("the results are text"))
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

#[test]
fn each_template_has_the_verdict_that_its_scenario_states() {
    let folder = TempDir::new().expect("a folder");
    for (template, is_broken) in [
        ("cache-aside", true),
        ("write-through", true),
        ("double-delete", true),
        ("versioned", false),
        ("lease", false),
        ("single-flight", false),
        ("two-nodes", false),
    ] {
        let new = path(folder.path(), template);
        let (code, results) = selvedge(&["new", &new, "--template", template]);
        assert_eq!(code, 0, "{results}");
        assert!(results.contains(&format!("selvedge explore {new}")), "{results}");
        for file in ["cache.star", &format!("{template}.toml"), "gate.sh"] {
            assert!(Path::new(&new).join(file).is_file(), "{template}: {file}");
        }
        let (code, results) = selvedge(&["gate", &new]);
        assert_eq!(code, 0, "{template}\n{results}");
        let (_, trace) = selvedge(&["trace", &new]);
        assert_eq!(
            trace.contains("Stale: ") && trace.contains("cache.star:"),
            is_broken,
            "{template}\n{trace}"
        );
        assert_eq!(selvedge(&["new", &new]).0, 2, "a folder is not replaced");
    }
}

#[test]
fn one_command_shows_the_articles_first_stale_trace_with_its_own_lines() {
    let (code, trace) = selvedge(&["trace", "control-cache-manager"]);
    assert_eq!(code, 0, "it is a control");
    for line in [
        "cache_manager.star:16: step 2 │ value = self.redis.get(key)",
        "Stale: observer's get user:1 returned v0",
    ] {
        assert!(trace.contains(line), "{trace}");
    }
}

#[test]
fn a_wrong_script_has_exit_code_2_and_a_limit_3() {
    let folder = TempDir::new().expect("a folder");
    let new = path(folder.path(), "orders");
    assert_eq!(selvedge(&["new", &new, "--template", "versioned"]).0, 0);
    let script = path(folder.path(), "orders/cache.star");
    let text = fs::read_to_string(&script).expect("it was written");
    for (from, to, expected) in [
        ("redis.get(key)", "redis.gte(key)", 2),
        ("value = redis.get(key)", "value = redis.get(key) + 1", 2),
        ("return value", "while True:\n            pass", 3),
    ] {
        fs::write(&script, text.replacen(from, to, 1)).expect("it can be written");
        assert_eq!(selvedge(&["explore", &new]).0, expected, "{to}");
    }
    fs::write(&script, &text).expect("it can be written");
    assert_eq!(selvedge(&["explore", &new, "--engine", "loom"]).0, 2, "loom runs no script");
    fs::remove_file(&script).expect("it is there");
    assert_eq!(selvedge(&["explore", &new]).0, 2);
}
