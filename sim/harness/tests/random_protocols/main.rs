//! Random protocols in random scenarios: the stateful search, the search of classes, and a
//! judgement of every interleaving by its own order have the same result.

mod cache;
mod program;
mod scenario;

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use proptest::prelude::*;
use selvedge_engine::{Explorer, Schedule};
use selvedge_sim::explore::{Exploration, each_run, own_order};
use selvedge_sim::history::History;
use selvedge_sim::oracle::{Rule, judge};
use selvedge_sim::scenario::{Case, parse};
use selvedge_sim::trace::reason;
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use cache::Random;
use program::Program;
use scenario::{Scenario, scenario};

/// The possible keys.
const KEYS: [&str; 2] = ["user:1", "order:2"];

/// The maximum number of schedules of a compared case. It has fewer classes.
const MOST: u64 = 3_000;

fn search(case: &Case, engine: Engine, schedules: Option<u64>) -> CaseReport {
    let budget = Budget { schedules, ..Budget::default() };
    Exploration::of(case).among::<Random>().engine(engine).budget(budget).run()
}

fn rules(report: &CaseReport) -> BTreeSet<Rule> {
    report.violations.keys().copied().collect()
}

/// The size of the witness: its context switches and its events. Checks that it shows a finding,
/// the gravest first.
fn size(report: &CaseReport) -> Option<(usize, usize)> {
    let trace = report.trace.as_ref()?;
    if let Verdict::Violated(broken) = &report.verdict {
        let shown = reason(trace).to_lowercase();
        let gravest = broken.first().expect("some rule is broken");
        assert!(shown.starts_with(&format!("{gravest}: ")), "{report}\n{shown}");
    }
    let schedule: Schedule = trace.schedule.parse().expect("a trace has a schedule");
    Some((schedule.switches(), schedule.len()))
}

/// The result of an engine.
fn said(report: &CaseReport) -> (BTreeSet<Rule>, &Verdict, Option<(usize, usize)>) {
    (rules(report), &report.verdict, size(report))
}

fn broken(history: &History) -> BTreeSet<Rule> {
    let mut findings = Vec::new();
    judge(history, &mut findings);
    findings.iter().map(|finding| finding.rule).collect()
}

/// Explores every interleaving. The oracle's findings for a class are those of its schedules, each
/// in its own order. Returns the number of classes, and the broken rules; `None` if there are too
/// many interleavings.
fn brute_force(case: &Case) -> Option<(u64, BTreeSet<Rule>)> {
    let mut classes = HashMap::<_, (BTreeSet<Rule>, BTreeSet<Rule>)>::new();
    let report = each_run::<Random>(case, &Explorer::naive().max_executions(MOST), |run, history| {
        let (own, all) = classes.entry(run.class()).or_default();
        own.extend(broken(&own_order(run, history)));
        all.extend(broken(history));
        ControlFlow::Continue(())
    });
    if !report.is_complete() {
        return None;
    }
    let mut all = BTreeSet::new();
    for (class, (own, its)) in &classes {
        assert_eq!(own, its, "what brute force and the oracle say of {class:?}");
        all.extend(own);
    }
    Some((classes.len() as u64, all))
}

/// The extent of a comparison.
#[derive(Debug, PartialEq, Eq)]
enum Compared {
    /// Nothing: there are too many classes.
    Nothing,
    /// The engines, but not the interleavings, of which there are too many.
    Classes,
    All,
}

#[track_caller]
fn agree(scenario: &Scenario) -> Compared {
    let text = scenario.text();
    let parsed = parse("random.toml", &text, &[&scenario.program]).expect("a scenario without a mistake");
    let case = &parsed.cases[0];
    let optimal = search(case, Engine::Optimal, Some(MOST));
    if !optimal.complete {
        return Compared::Nothing;
    }
    let stateful = search(case, Engine::Stateful, None);
    assert_eq!(
        said(&stateful),
        said(&optimal),
        "the search of states and that of classes: {text}\n{stateful}\n{optimal}"
    );
    let Some((classes, broken)) = brute_force(case) else { return Compared::Classes };
    assert_eq!(
        (classes, broken),
        (optimal.schedules, rules(&optimal)),
        "brute force and the search of classes: {text}"
    );
    let naive = search(case, Engine::Naive, None);
    assert_eq!(said(&naive), said(&optimal), "the naive search and that of classes: {text}");
    Compared::All
}

#[test]
fn an_operation_that_touches_nothing_is_called_at_any_point() {
    check(
        "get / set write / delete write",
        ("cold", "present"),
        &[&["get user:1"], &["delete user:1"], &["set user:1"]],
    );
    check(
        "get hit / set put / delete",
        ("warm", "absent"),
        &[&["set user:1", "get user:1"], &["delete user:1"]],
    );
}

/// The number of compared cases; `PROPTEST_CASES` overrides it.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

/// Checks that the program, with these calls, is compared completely.
#[track_caller]
fn check(program: &str, (local, remote): (&'static str, &'static str), threads: &[&[&str]]) {
    let owned = |ops: &&[&str]| ops.iter().map(|&op| op.to_owned()).collect();
    let threads = threads.iter().map(owned).collect();
    let scenario = Scenario { program: program.to_owned(), local, remote, source: "remote", threads };
    assert_eq!(agree(&scenario), Compared::All);
}

#[test]
fn an_absence_may_be_that_of_a_deletion_that_has_begun_in_some_schedules() {
    // The read finds an absence in the local tier, and stops. If the deletion had begun, its
    // absence is the result.
    check(
        "get hit / set write put / delete write",
        ("cold", "present"),
        &[&["delete user:1"], &["get user:1"], &["set user:1"]],
    );
}

#[test]
fn a_read_that_writes_back_its_result_can_make_the_last_version() {
    check(
        "get fetch write hit / set write put / delete drop",
        ("cold", "present"),
        &[&["get user:1"], &["set user:1"]],
    );
}

#[test]
fn no_search_counts_a_write_that_makes_no_version() {
    let one: &[&[&str]] = &[&["get user:1"], &["delete user:1"]];
    let two: &[&[&str]] = &[&["get user:1"], &["delete user:1"], &["set user:1"]];
    for remote in ["present", "absent"] {
        for threads in [one, two] {
            // A get that writes back the value that it read, and writes that retry.
            check("get fetch write / set write write / delete write write", ("cold", remote), threads);
            // Writes without an effect, or that only read.
            check("get fetch / set put / delete fetch", ("cold", remote), threads);
            // A write that another operation executes.
            check("get hit fetch write / set put write / delete drop write", ("cold", remote), threads);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn all_searches_agree_on_random_protocols(scenario in scenario()) {
        prop_assert_eq!(Program::parse(&scenario.program).to_string(), scenario.program.clone());
        prop_assume!(agree(&scenario) != Compared::Nothing);
    }
}
