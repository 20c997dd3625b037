//! The read and write paths of five public libraries: each verdict is the one of its scenario.

use std::fs;
use std::path::{Path, PathBuf};

use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Expected, load};
use selvedge_sim::verdict::Engine;

use super::explore;
use super::prove::{family, parsed, required, run};

fn libraries() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../libraries");
    let folders = fs::read_dir(folder).expect("the libraries are in the workspace");
    let mut all: Vec<_> = folders.map(|entry| entry.expect("readable").path()).collect();
    all.sort();
    all
}

/// The lines of code.
fn lines(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count()
}

#[test]
fn each_library_has_the_verdict_of_its_scenario() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/museum.md");
    let page = fs::read_to_string(page).expect("the page is in the repository");
    let all = libraries();
    assert_eq!(all.len(), 5);
    for folder in all {
        let scenario = load(&folder.join("cache.toml").to_string_lossy(), &Protocol::known());
        let scenario = scenario.unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).remove(0);
        for engine in [Engine::Optimal, Engine::Stateful] {
            let report = explore(&scenario.cases[0], engine);
            let judgement = scenario.cases[0].expectation.judge(&report);
            assert!(judgement.passed() && report.complete, "{} {engine}: {judgement}", folder.display());
        }
        let Expected::Violations(rules) = &scenario.cases[0].expectation.expected else {
            panic!("{} is a control", folder.display());
        };
        let rules: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
        let text = fs::read_to_string(folder.join("cache.star")).expect("readable");
        let source = text.lines().find_map(|line| line.strip_prefix("# https://")).expect("its source");
        let row = format!("| {} | {} |", lines(&text), rules.join(", "));
        let is_listed = |line: &str| line.contains(&format!("(https://{source})")) && line.contains(&row);
        assert!(page.lines().any(is_listed), "docs/museum.md has no row of {source} with {row}");
    }
}

/// No scenario is needed to find it.
#[test]
fn prove_finds_the_race_of_each_library() {
    for folder in libraries() {
        let text = fs::read_to_string(folder.join("cache.star")).expect("readable");
        let script = parsed(&text);
        let mut with = required(&script);
        if text.contains("on_message") {
            with.push("nodes");
        }
        let proof = run(&family(&script, (2, 2, 1), &with).expect("a family"), true).expect("no mistake");
        assert_eq!(proof.exit_code(), 1, "{}: {proof}", folder.display());
    }
}
