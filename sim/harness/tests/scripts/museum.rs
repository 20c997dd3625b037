//! The museum: each race is found in the broken script, and not in the repaired one.

use std::fs;
use std::path::{Path, PathBuf};

use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Expected, load};
use selvedge_sim::verdict::Engine;

use super::explore;

fn races() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../museum");
    let folders = fs::read_dir(folder).expect("the museum is in the workspace");
    let mut races: Vec<_> = folders.map(|entry| entry.expect("readable").path().join("race.toml")).collect();
    races.sort();
    races
}

#[test]
fn each_race_is_found_and_its_repair_is_clean() {
    let races = races();
    assert!(races.len() >= 17, "{}", races.len());
    for race in races {
        let scenario = load(&race.to_string_lossy(), &Protocol::known());
        let scenario =
            scenario.unwrap_or_else(|mistakes| panic!("{}: {mistakes:#?}", race.display())).remove(0);
        assert_eq!(scenario.cases.len(), 2, "{}: one broken script, and one repaired", race.display());
        let controls =
            scenario.cases.iter().filter(|case| matches!(case.expectation.expected, Expected::Violations(_)));
        assert_eq!(controls.count(), 1, "{}", race.display());
        for case in &scenario.cases {
            let report = explore(case, Engine::Optimal);
            let judgement = case.expectation.judge(&report);
            assert!(judgement.passed(), "{} {}: {judgement}", scenario.name, case.name);
            let states = explore(case, Engine::Stateful);
            if case.script.as_ref().is_some_and(|script| script.text().contains("spawn(")) {
                // Its task may not have ended when the observer begins.
                assert!(!states.complete, "{} {}", scenario.name, case.name);
                continue;
            }
            assert!(states.complete, "{} {}: {:?}", scenario.name, case.name, states.verdict);
            assert!(report.violations.keys().eq(states.violations.keys()), "{} {}", scenario.name, case.name);
        }
    }
}
