//! What another engine must agree on with ours.

use std::collections::BTreeSet;

use selvedge_sim::explore::explore;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, parse};
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use crate::shipped::scenarios;

fn explored(case: &Case, engine: Engine, budget: Budget) -> CaseReport {
    explore(case, engine, budget, &mut |_| ())
}

/// Every protocol with one reader and one writer: small enough for every engine to come to an end. A peer judges a run by
/// its own order, so that one run shows less to it than a class does to ours; over all its runs it comes to the same.
#[track_caller]
pub(crate) fn comes_to_the_same_verdicts(peer: Engine) {
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

/// Every control that ships, for as many schedules as the peer may run of it: what it finds ours has found, and if it
/// comes to an end it has found all of it.
#[track_caller]
pub(crate) fn finds_in_the_controls_what_ours_finds(peer: Engine) {
    let budget = Budget { schedules: Some(5_000), ..Budget::default() };
    let mut found = BTreeSet::new();
    let controls = scenarios(&[]).into_iter().filter(|scenario| scenario.name.starts_with("control-"));
    // What fails is a choice, and they have none.
    let cases = controls.flat_map(|scenario| scenario.cases).filter(|case| case.faults + case.drops == 0);
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
