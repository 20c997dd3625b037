//! The museum: each race is found in the broken script, and not in the repaired one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::prove::{Addition, Bounds, Family, Outcome, Proof};
use selvedge_sim::scenario::{Case, Expected, Level, OpKind, Source, load};
use selvedge_sim::script::Script;
use selvedge_sim::verdict::Engine;

use super::explore;
use super::prove::run;

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

/// The additions of a case's clients.
fn additions(case: &Case) -> BTreeSet<Addition> {
    let ops = case.threads.iter().flat_map(|thread| &thread.ops).map(|op| op.kind);
    let others = ops.filter(|kind| !matches!(kind, OpKind::Get | OpKind::Set)).map(Addition::Operation);
    let world = [
        (case.source == Source::Database, Addition::Database),
        (!case.derived.is_empty(), Addition::Derived),
        (case.nodes > 1, Addition::Nodes),
    ];
    let world = world.into_iter().filter(|(has, _)| *has).map(|(_, addition)| addition);
    world.chain(others).chain(case.specials.iter().copied().map(Addition::Special)).collect()
}

/// The proofs of the broken and of the repaired script, for clients of up to so many calls, at the
/// level of the repaired one.
fn proofs(race: &Path, calls: usize, threads: usize) -> [Proof; 2] {
    let cases = load(&race.to_string_lossy(), &Protocol::known()).expect("no mistake").remove(0).cases;
    let level = cases.iter().find_map(|case| match case.expectation.expected {
        Expected::Consistency(level) => Some(level),
        Expected::Violations(_) => None,
    });
    let prove = |case: &Case, level: Level| {
        let script: &Arc<Script> = case.script.as_ref().expect("a script");
        let bounds = Bounds { calls, threads, keys: 1 };
        let family = Family::of_script(script, bounds, &additions(case)).expect("a family");
        let proof = run(&family.consistency(level), true);
        proof.unwrap_or_else(|error| panic!("{} {}: {error}", race.display(), case.name))
    };
    let is_broken = |case: &&Case| matches!(case.expectation.expected, Expected::Violations(_));
    let level = level.expect("the repaired script has a level");
    let broken = cases.iter().find(is_broken).expect("a control");
    let repaired = cases.iter().find(|case| !is_broken(case)).expect("a repaired script");
    [prove(broken, level), prove(repaired, level)]
}

fn name(race: &Path) -> String {
    let folder = race.parent().and_then(Path::file_name).expect("each race has a folder");
    folder.to_string_lossy().into_owned()
}

/// Checks the proofs of each race for clients of up to so many calls. Prints the figures.
fn check_proofs(races: Vec<PathBuf>, calls: usize, threads: usize) {
    for race in races {
        let [broken, repaired] = proofs(&race, calls, threads);
        let name = name(&race);
        match &broken.outcome {
            Outcome::Refuted(found) => {
                println!("{name} | {} calls by {} threads | {:?}", found.size.0, found.size.1, broken.wall);
            }
            other => println!("{name} | NOT FOUND {broken} {other:?}"),
        }
        let total = repaired.total();
        println!(
            "{name} | {repaired} | {} searches, {} schedules, {} states, {:?}",
            total.searches, total.schedules, total.states, repaired.wall
        );
    }
}

#[test]
#[ignore = "figures"]
fn figures() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let only = std::env::var("RACE").unwrap_or_default();
    let races = races().into_iter().filter(|race| name(race).contains(&only)).collect();
    check_proofs(races, number("CALLS", 3), number("THREADS", 2));
}
