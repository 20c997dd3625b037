//! The agreement of another engine with Selvedge's.

use std::collections::BTreeSet;

use selvedge_sim::explore::Exploration;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, parse};
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use crate::shipped::scenarios;

fn explored(case: &Case, engine: Engine, budget: Budget) -> CaseReport {
    Exploration::of(case).engine(engine).budget(budget).run()
}

/// Every protocol with one reader and one writer, which every engine can search completely. A peer
/// judges a run by its own order, so one of its runs shows less than a class does; all its runs
/// together have the same result.
#[track_caller]
pub(crate) fn has_the_same_verdicts(peer: Engine) {
    let text = r#"
        name = "one-reader-one-writer"
        about = "small enough for every engine"
        cache = "$cache"
        local = "$local"
        remote = "present"
        thread = [{ name = "reader", ops = "$reads" }, { name = "writer", ops = ["set user:1"] }]
        axes.cache = CACHES
        axes.local = ["cold", "warm"]
        axes.reads = { once = ["get user:1"], twice = ["get user:1", "get user:1"] }
        expect = [{ consistency = "linearizable" }]
    "#;
    let text = text.replace("CACHES", &format!("{:?}", Protocol::names()));
    let scenario = parse("one-reader-one-writer.toml", &text, &Protocol::known()).expect("no mistake in it");
    for case in &scenario.cases {
        let ours = explored(case, Engine::Optimal, Budget::default());
        let theirs = explored(case, peer, Budget::default());
        assert!(ours.complete && theirs.complete, "{}", case.name);
        assert_eq!(theirs.verdict, ours.verdict, "{}", case.name);
        assert!(theirs.schedules > ours.schedules, "{}: {} schedules", case.name, theirs.schedules);
    }
}

/// Every shipped control, with a bound on the peer's schedules: the optimal search finds all
/// violations that the peer finds, and a complete search of the peer finds the same ones.
#[track_caller]
pub(crate) fn finds_in_the_controls_what_ours_finds(peer: Engine) {
    let budget = Budget { schedules: Some(5_000), ..Budget::default() };
    let mut found = BTreeSet::new();
    let controls = scenarios(&[]).into_iter().filter(|scenario| scenario.name.starts_with("control-"));
    // Peers have no choices, which faults require, and no connections between nodes.
    let cases = controls.flat_map(|scenario| scenario.cases);
    let cases = cases.filter(|case| case.faults + case.drops == 0 && case.nodes == 1);
    for case in cases {
        let ours = explored(&case, Engine::Optimal, Budget::default());
        let theirs = explored(&case, peer, budget);
        let [ours, seen]: [BTreeSet<_>; 2] =
            [&ours, &theirs].map(|report| report.violations.keys().copied().collect());
        assert!(seen.is_subset(&ours), "{} {}: {seen:?}, ours {ours:?}", case.scenario, case.name);
        assert!(!theirs.complete || seen == ours, "{} {}: {seen:?}, ours {ours:?}", case.scenario, case.name);
        assert!(theirs.complete || theirs.verdict != Verdict::Clean, "{} {}", case.scenario, case.name);
        found.extend(seen);
    }
    assert!(found.is_superset(&[Rule::Crossed, Rule::Stale, Rule::Lasting].into()), "{found:?}");
}
