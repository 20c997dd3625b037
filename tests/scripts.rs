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

/// A broken script without a scenario: `prove` finds the smallest client, and the gate runs it.
#[test]
fn prove_finds_the_client_of_a_script_and_the_gate_runs_it() {
    let folder = TempDir::new().expect("a folder");
    let new = path(folder.path(), "orders");
    assert_eq!(selvedge(&["new", &new]).0, 0);
    let (script, scenario) = (path(folder.path(), "orders/cache.star"), path(folder.path(), "found.toml"));
    let prove = |calls: &str, code: u8| {
        let words =
            ["prove", "--cache", &script, "--calls", calls, "--threads", "2", "--scenario", &scenario];
        let (its, results) = selvedge(&words);
        assert_eq!(its, code, "{results}");
        results
    };
    let results = prove("3", 1);
    assert!(results.contains("; the smallest client: 2 calls by 2 threads on 1 key"), "{results}");
    assert!(results.contains("cache.star:"), "the lines of the script: {results}");
    let text = fs::read_to_string(&scenario).expect("it was written");
    assert!(text.contains("cache = \"./orders/cache.star\"") && text.contains("prove-cache"), "{text}");
    let (code, results) = selvedge(&["gate", &scenario]);
    assert_eq!(code, 1, "{results}");
    assert!(results.contains("FAIL prove-cache only: stale in "), "{results}");
    fs::remove_dir_all(&new).expect("it is ours");
    assert_eq!(selvedge(&["new", &new, "--template", "versioned"]).0, 0);
    let results = prove("2", 0);
    let theorem =
        "linearizable for all clients of up to 2 calls of get and set by up to 2 threads on 1 key: ";
    assert!(results.starts_with(theorem), "{results}");
}

#[test]
fn prove_refuses_a_script_that_cannot_be_read_or_is_wrong() {
    let folder = TempDir::new().expect("a folder");
    let script = path(folder.path(), "cache.star");
    let prove = |more: &[&str]| {
        selvedge(&[&["prove", "--cache", &script, "--calls", "1", "--threads", "1"], more].concat()).0
    };
    assert_eq!(prove(&[]), 2, "no file");
    let body =
        |get: &str| format!("def get(key):\n    {get}\n\ndef set(key, value):\n    redis.set(key, value)\n");
    for (get, more, code) in [
        ("return redis.gte(key)", &[][..], 2),
        ("return redis.get(key) + 1", &[], 2),
        ("return redis.get(key)", &["--with", "delete"], 2),
        ("while True: pass", &[], 3),
    ] {
        fs::write(&script, body(get)).expect("it can be written");
        assert_eq!(prove(more), code, "{get}");
    }
}

/// The shards of a proof belong to the text of the script, and together they are the proof.
#[test]
fn the_shards_of_a_script_are_merged_and_belong_to_its_text() {
    let folder = TempDir::new().expect("a folder");
    let script = path(folder.path(), "cache.star");
    let body = |more: &str| {
        format!(
            "def get(key):\n    {more}return redis.get(key)\n\ndef set(key, value):\n    redis.set(key, value)\n"
        )
    };
    let shard = |number: u32| {
        let (which, report) = (format!("{number}/2"), path(folder.path(), &format!("shard-{number}")));
        let words =
            ["prove", "--cache", &script, "--calls", "2", "--threads", "2", "--shard", &which, "--report"];
        assert_eq!(selvedge(&[&words[..], &[&report]].concat()).0, 0);
        report
    };
    fs::write(&script, body("")).expect("it can be written");
    let (one, two) = (shard(1), shard(2));
    let (code, results) = selvedge(&["merge", &one, &two]);
    assert_eq!(code, 0, "{results}");
    assert!(results.starts_with("linearizable for all clients of up to 2 calls"), "{results}");
    fs::write(&script, body("x = 1\n    ")).expect("it can be written");
    let two = shard(2);
    assert_ne!(selvedge(&["merge", &one, &two]).0, 0, "the shards are of two scripts");
}
