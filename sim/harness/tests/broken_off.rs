//! A search that its observer stops reports its findings so far.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use selvedge_sim::explore::{Exploration, Kept, Reached, Unfinished, replay};
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::parse;
use selvedge_sim::trace::{json, lanes, reason};
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

/// The first schedule is crossed, and there are too many schedules to explore.
const CROSSED: &str = r#"
    name = "crossed"
    about = "a test"
    cache = "shared-local-key"
    local = "cold"
    remote = "present"
    thread = [
        { name = "user-1", ops = ["get user:1"] },
        { name = "user-2", ops = ["get user:2"] },
        { name = "writer", count = 12, ops = ["set user:1"] },
    ]
    expect = [{ consistency = "linearizable" }]
"#;

/// A search of a few thousand runs.
const KEPT: &str = r#"
    name = "kept"
    about = "a test"
    cache = "tiered"
    local = "cold"
    remote = "present"
    thread = [
        { name = "reader", count = 2, ops = ["get user:1", "get user:1"] },
        { name = "writer", count = 2, ops = ["set user:1"] },
    ]
    expect = [{ consistency = "linearizable" }]
"#;

/// A reader's own read is stale. Between the first schedule of a class and its simplest are
/// 3^readers states.
fn many_readers(readers: usize) -> String {
    format!(
        r#"
        name = "many-readers"
        about = "a test"
        cache = "delete-first"
        local = "warm"
        remote = "present"
        thread = [
            {{ name = "reader", count = {readers}, ops = ["get user:1"] }},
            {{ name = "writer", ops = ["set user:1"] }},
        ]
        expect = [{{ consistency = "linearizable" }}]
    "#
    )
}

#[test]
fn the_search_for_the_simplest_witness_has_a_bound() {
    let scenario = parse("many.toml", &many_readers(30), &Protocol::known()).expect("it has no mistake");
    let case = &scenario.cases[0];
    let budget = Budget { schedules: Some(3), ..Budget::default() };
    let explore = || Exploration::of(case).engine(Engine::Optimal).budget(budget).run();
    let trace = explore().trace.expect("each of the first three schedules is stale");
    assert!(!trace.is_simplest && lanes(&trace).contains("the first schedule found"), "{}", lanes(&trace));
    let document = json(&trace);
    assert!(document.contains("\"simplest\": false"), "{document}");
    assert_eq!(explore().trace.expect("the same").schedule, trace.schedule, "it is bounded by a count");
    // The schedule is complete, and shows the finding that it was chosen for.
    let again = replay::<Protocol>(case, trace.schedule.parse().expect("a schedule"), None, None);
    assert_eq!(again.misfit, None);
    assert!(again.trace.findings.iter().any(|finding| finding.rule == trace.findings[0].rule));
}

#[test]
fn the_search_for_the_simplest_witness_stops_with_the_run() {
    let scenario = parse("many.toml", &many_readers(24), &Protocol::known()).expect("it has no mistake");
    let case = &scenario.cases[0];
    let budget = Budget { time: Some(Duration::ZERO), ..Budget::default() };
    for engine in [Engine::Optimal, Engine::Stateful] {
        let start = Instant::now();
        let report = Exploration::of(case).engine(engine).budget(budget).run();
        assert!(start.elapsed() < Duration::from_secs(20), "{engine}: {:?}", start.elapsed());
        assert!(report.trace.is_none_or(|trace| !trace.is_simplest));
    }
    let mut looks = 0;
    let start = Instant::now();
    let watch = &mut |_| {
        looks += 1;
        ControlFlow::Break(())
    };
    Exploration::of(case).engine(Engine::Optimal).watch(watch).run();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// A stateful search looks for the simplest schedule at its end. After a stop, it does not.
#[test]
fn so_does_one_that_is_found_by_states() {
    let scenario = parse("crossed.toml", CROSSED, &["shared-local-key"]).expect("it has no mistake");
    let case = &scenario.cases[0];
    let mut looks = Vec::new();
    let watch = &mut |reached| {
        looks.push(reached);
        ControlFlow::Break(())
    };
    let report = Exploration::of(case).engine(Engine::Stateful).watch(watch).run();
    let [_, Reached::States { count, done }] = looks[..] else { panic!("{looks:?}") };
    assert!(count > 0 && (0.0..1.0).contains(&done));
    assert!(!report.complete && report.violations[&Rule::Crossed] > 0);
    let trace = report.trace.as_ref().expect("the schedule that was found");
    assert!(reason(trace).starts_with("Crossed: "), "{}", reason(trace));
    // The schedule is complete, and can be replayed.
    let schedule = trace.schedule.parse().expect("a schedule");
    assert_eq!(replay::<Protocol>(case, schedule, None, None).misfit, None);
}

#[test]
fn a_violation_outlives_the_search_that_found_it() {
    let scenario = parse("crossed.toml", CROSSED, &["shared-local-key"]).expect("it has no mistake");
    let case = &scenario.cases[0];
    let mut looks = 0;
    let watch = &mut |reached| {
        looks += 1;
        assert!(matches!(reached, Reached::Schedules(1..)));
        ControlFlow::Break(())
    };
    let report = Exploration::of(case).engine(Engine::Optimal).watch(watch).run();
    assert_eq!(looks, 2, "once on the way, and once at the end");
    assert!(!report.complete);
    assert!(report.violations[&Rule::Crossed] > 0);
    assert!(matches!(&report.verdict, Verdict::Violated(rules) if rules.contains(&Rule::Crossed)));
    let trace = report.trace.as_ref().expect("the simplest schedule so far");
    assert!(reason(trace).starts_with("Crossed: "), "{}", reason(trace));
    let judgement = case.expectation.judge(&report);
    assert_eq!((judgement.passed(), judgement.outcome.exit_code()), (false, 1));
}

#[test]
fn a_search_with_checkpoints_has_the_same_result() {
    let scenario = parse("kept.toml", KEPT, &["tiered"]).expect("it has no mistake");
    let case = &scenario.cases[0];
    let whole = Exploration::of(case).engine(Engine::Stateful).run();
    let mut states = Vec::new();
    let keep = &mut |unfinished: &Unfinished| states.push(unfinished.states());
    let mut kept = Kept { unfinished: None, every: Duration::ZERO, keep };
    let report = Exploration::of(case).engine(Engine::Stateful).checkpoints(&mut kept).run();
    assert_eq!(kept.unfinished, None);
    let counts = |report: &CaseReport| report.states.map(|its| (its.states, its.transitions));
    assert_eq!((counts(&report), &report.verdict), (counts(&whole), &whole.verdict));
    assert!(!states.is_empty() && states.is_sorted(), "{states:?}");
}
