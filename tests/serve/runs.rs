//! Runs: their results, and mistakes in the pasted texts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::server::{ARTICLE, CLEAN, SCENARIO, Server, explore};

/// The only line with this field.
#[track_caller]
fn only<'l>(lines: &'l [Value], field: &str) -> &'l Value {
    let found: Vec<_> = lines.iter().filter_map(|line| line.get(field)).collect();
    assert_eq!(found.len(), 1, "{field}: {lines:#?}");
    found[0]
}

#[test]
fn the_articles_cache_has_a_stale_read_with_the_scripts_lines() {
    let lines = Server::new("60s").explore(ARTICLE);
    assert_eq!(lines[0], json!({ "cases": [["orders", "only", "cache.star"]] }), "the cases come first");
    let case = only(&lines, "case");
    assert_eq!(case["verdict"], "stale");
    assert_eq!((&case["complete"], &case["passed"]), (&json!(true), &json!(false)));
    assert_eq!(case["trace"]["code"]["cache.star:4"], "value = redis.get(key)");
    assert!(case["trace"]["reason"].as_str().is_some_and(|text| text.starts_with("Stale: ")));
}

#[test]
fn a_cache_without_a_fault_is_clean() {
    let lines = Server::new("60s").explore(CLEAN);
    let case = only(&lines, "case");
    assert_eq!((&case["verdict"], &case["complete"]), (&json!("clean"), &json!(true)));
    assert_eq!(case["trace"], Value::Null);
}

#[test]
fn a_mistake_has_its_line_column_and_caret() {
    let server = Server::new("60s");
    let lines = server.explore(&ARTICLE.replace("redis.get", "rediz.get"));
    let mistakes = only(&lines, "mistakes");
    assert_eq!(mistakes[0]["place"]["file"], "cache.star");
    assert_eq!(mistakes[0]["place"]["from"], json!({ "line": 4, "column": 17 }));
    assert_eq!(mistakes[0]["place"]["to"], json!({ "line": 4, "column": 22 }));
    let text = mistakes[0]["text"].as_str().expect("a text");
    assert!(
        text.contains("did you mean `redis`?") && text.contains("4 │         value = rediz.get(key)"),
        "{text}"
    );
    // A column counts the units of a browser's strings.
    let lines = server.explore(&ARTICLE.replace("redis.get(key)", "\"😀\" + rediz"));
    assert_eq!(only(&lines, "mistakes")[0]["place"]["from"], json!({ "line": 4, "column": 24 }));
    let lines = server.run(&explore(&SCENARIO.replace("cold", "cool"), ARTICLE));
    let mistakes = only(&lines, "mistakes");
    assert_eq!(
        (&mistakes[0]["place"]["file"], &mistakes[0]["place"]["from"]["line"]),
        (&json!("scenario.toml"), &json!(4))
    );
}

#[test]
fn no_file_is_read() {
    let server = Server::new("60s");
    // The server's own folder has a script, which is a valid one.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("serve-secret.star");
    fs::write(&file, ARTICLE.replace("def get", "# SECRET\ndef get")).expect("a file for the test");
    let absolute = file.to_str().expect("UTF-8");
    for name in ["./serve-secret.star", "serve-secret.star", "../tmp/serve-secret.star", absolute] {
        let scenario = SCENARIO.replace("./cache.star", name);
        let explored = server.run(&explore(&scenario, ARTICLE));
        let smallest = server.run(&json!({
            "action": "smallest", "scenario": scenario, "scripts": { "cache.star": ARTICLE }, "script": name,
            "calls": 2, "threads": 2,
        }));
        for lines in [explored, smallest] {
            let text = only(&lines, "mistakes").to_string();
            assert!(text.contains("no file is read here; the scripts are: ./cache.star"), "{name}: {text}");
            assert!(!text.contains("SECRET"), "{name}: {text}");
        }
    }
}

#[test]
fn the_smallest_client_is_that_of_the_proof() {
    let server = Server::new("60s");
    let request = |script: &str| {
        json!({
            "action": "smallest", "scenario": SCENARIO, "scripts": { "cache.star": script }, "script": "cache.star",
            "calls": 2, "threads": 2,
        })
    };
    let lines = server.run(&request(ARTICLE));
    let proof = only(&lines, "proof");
    assert_eq!((&proof["refuted"], &proof["verdict"]), (&json!(true), &json!("stale")));
    // The client is a scenario for the same script, and is stale there too.
    let scenario = proof["scenario"].as_str().expect("a scenario");
    assert!(scenario.contains("cache = \"./cache.star\""), "{scenario}");
    assert!(scenario.contains("the smallest client"), "{scenario}");
    assert_eq!(only(&lines, "case")["verdict"], "stale");
    assert_eq!(only(&server.run(&explore(scenario, ARTICLE)), "case")["verdict"], "stale");
    let lines = server.run(&request(CLEAN));
    let proof = only(&lines, "proof");
    assert_eq!((&proof["refuted"], &proof["verdict"]), (&json!(false), &json!("clean")));
}

#[test]
fn each_broken_example_of_the_museum_is_found() {
    let server = Server::new("60s");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("museum/guava-1881");
    let text = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
    let lines = server.run(&json!({
        "action": "explore", "scenario": text("race.toml"),
        "scripts": { "broken.star": text("broken.star"), "repaired.star": text("repaired.star") },
    }));
    let verdicts: Vec<_> =
        lines.iter().filter_map(|line| line.get("case")).map(|case| &case["passed"]).collect();
    assert_eq!(verdicts, [&json!(true), &json!(true)], "{lines:#?}");
}
