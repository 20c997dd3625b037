//! Reports: the table, the grid, the summary and the JSON line, for cases with invented numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use selvedge_sim::oracle::Rule;
use selvedge_sim::report::{Judged, Summary, case_line, grid, table};
use selvedge_sim::scenario::{Case, Scenario, parse};
use selvedge_sim::verdict::{CaseReport, Engine, StateCount, Verdict};

fn scenario(local: &str) -> Scenario {
    let text = format!(
        r#"
        name = "demo"
        about = "what it shows"
        cache = "$cache"
        local = "$local"
        remote = "present"
        thread = [{{ name = "reader", ops = ["get a"] }}, {{ name = "writer", ops = ["set a"] }}]
        axes.cache = ["article", "tiered"]
        axes.local = {local}
        [[expect]]
        where.cache = "article"
        violations = ["stale", "lasting"]
        [[expect]]
        consistency = "linearizable"
        "#
    );
    parse("demo.toml", &text, &["article", "tiered"]).expect("a sound scenario")
}

/// A report with invented numbers: `violations` has the number of classes for each rule.
fn report(case: &Case, violations: &[(Rule, u64)], verdict: Verdict) -> CaseReport {
    CaseReport {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        engine: Engine::Optimal,
        engine_reason: None,
        schedules: 1_016,
        events: 11_000,
        states: None,
        violations: violations.iter().copied().collect::<BTreeMap<_, _>>(),
        violating: None,
        complete: !matches!(verdict, Verdict::Bounded(_)),
        verdict,
        wall: Duration::from_millis(1_250),
        trace: None,
    }
}

/// Like [`report`], for a large case that was searched by states.
fn by_states(case: &Case, violations: &[(Rule, u64)], verdict: Verdict) -> CaseReport {
    let done = if matches!(verdict, Verdict::Bounded(_)) { 0.25 } else { 1.0 };
    let states = StateCount { states: 22_294, transitions: 60_001, runs: 40_000, bytes: 758_016, done };
    CaseReport {
        engine: Engine::Stateful,
        engine_reason: Some("more than 100,000 schedules".to_owned()),
        states: Some(states),
        ..report(case, violations, verdict)
    }
}

/// One case of each kind, some of them searched by states.
fn judged_by_states(scenario: &Scenario) -> Vec<Judged<'_>> {
    let mut cases = judged(scenario);
    let stale = [(Rule::Stale, 12)];
    for (at, violations, verdict) in
        [(0, &stale[..], Verdict::Violated([Rule::Stale].into())), (3, &[], Verdict::Clean)]
    {
        cases[at] = Judged::new(cases[at].case, by_states(cases[at].case, violations, verdict));
    }
    cases
}

/// One case of each kind that a table distinguishes.
fn judged(scenario: &Scenario) -> Vec<Judged<'_>> {
    let stale = [(Rule::Stale, 292), (Rule::Lasting, 270)];
    let violated = Verdict::Violated([Rule::Stale, Rule::Lasting].into());
    let bounded = Verdict::Bounded("stopped after 5 m".to_owned());
    let cases = [
        (&stale[..], violated.clone()),
        (&[], Verdict::Clean),
        (&[], Verdict::Deadlock),
        (&[], Verdict::Clean),
        (&stale[..], violated),
        (&[], bounded),
    ];
    let reports = scenario.cases.iter().zip(cases);
    reports
        .map(|(case, (violations, verdict))| Judged::new(case, report(case, violations, verdict)))
        .collect()
}

fn snapshot(name: &str, text: &str) {
    let wide = text.lines().find(|line| line.chars().count() > 100);
    assert_eq!(wide, None, "a line of more than 100 columns");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn states_are_counted_apart_and_the_reason_stands_below() {
    let scenario = scenario(STARTS);
    let mut cases = judged_by_states(&scenario);
    snapshot("report-table-states", &table(&scenario, &cases));
    snapshot("report-grid-states", &grid(&scenario, &cases));
    let total = summary(&cases).to_string();
    assert!(total.starts_with("gate: 6 cases in 4,064 schedules and 44,588 states, "), "{total}");
    // If one case was searched by states, the report names it; if all were, it names none.
    let why = "searched by states: more than 100,000 schedules\n";
    cases.truncate(2);
    let text = table(&scenario, &cases);
    assert!(text.ends_with(&format!("\n  cache=article,local=cold: {why}")), "{text}");
    cases.truncate(1);
    let text = table(&scenario, &cases);
    assert!(text.ends_with(&format!("\n  {why}")) && !text.contains("schedules  "), "{text}");
}

const STARTS: &str = r#"["cold", "warm", "expired"]"#;

#[test]
fn a_table_has_a_row_for_each_case() {
    let scenario = scenario(STARTS);
    snapshot("report-table", &table(&scenario, &judged(&scenario)));
}

#[test]
fn a_grid_has_an_axis_across() {
    let scenario = scenario(STARTS);
    snapshot("report-grid", &grid(&scenario, &judged(&scenario)));
}

#[test]
fn text_that_is_too_wide_is_shortened() {
    let label = "a-very-long-label-of-the-sort-that-no-one-should-write-but-somebody-will";
    let scenario =
        scenario(&format!("{{ {label}-1 = \"cold\", {label}-2 = \"warm\", {label}-3 = \"expired\" }}"));
    let cases = judged(&scenario);
    snapshot("report-table-cut", &table(&scenario, &cases));
    assert_eq!(grid(&scenario, &cases), table(&scenario, &cases), "no axis fits across");
}

fn summary(cases: &[Judged<'_>]) -> Summary {
    let mut summary = Summary::default();
    for judged in cases {
        summary.add(judged);
    }
    summary
}

#[test]
fn the_summary_names_the_failed_cases_and_the_reasons() {
    let scenario = scenario(STARTS);
    snapshot("report-summary", &summary(&judged(&scenario)).to_string());
}

#[test]
fn the_gravest_outcome_decides_the_exit_code() {
    let scenario = scenario(STARTS);
    let tiered = &scenario.cases[3];
    let clean = || Judged::new(tiered, report(tiered, &[], Verdict::Clean));
    let vacuous = || Judged::new(tiered, report(tiered, &[], Verdict::Vacuous));
    let bounded =
        || Judged::new(tiered, report(tiered, &[], Verdict::Bounded("stopped after 1 s".to_owned())));
    let panicked = || Judged::new(tiered, report(tiered, &[], Verdict::Panic("boom".to_owned())));
    let code = |cases: &[Judged<'_>]| summary(cases).exit_code();
    assert_eq!(code(&[]), 4);
    assert_eq!(code(&[clean()]), 0);
    assert_eq!(code(&[clean(), vacuous()]), 4);
    assert_eq!(code(&[clean(), vacuous(), bounded()]), 3);
    assert_eq!(code(&[panicked(), vacuous(), bounded()]), 1);
}

#[test]
fn the_json_line_has_the_fields_of_the_design() {
    let scenario = scenario(STARTS);
    let line = case_line(&judged(&scenario)[0].report);
    let expected = concat!(
        r#"{"scenario":"demo","case":"cache=article,local=cold","cache":"article","engine":"optimal","#,
        r#""schedules":1016,"events":11000,"violations":{"lasting":270,"stale":292},"verdict":"stale","#,
        r#""complete":true,"wall_ms":1250}"#
    );
    assert_eq!(line, expected);
}

#[test]
fn the_json_line_of_a_search_by_states_has_them_and_no_schedules() {
    let scenario = scenario(STARTS);
    let case = &scenario.cases[0];
    let stale = [(Rule::Stale, 12)];
    let line = case_line(&by_states(case, &stale, Verdict::Violated([Rule::Stale].into())));
    let expected = concat!(
        r#"{"scenario":"demo","case":"cache=article,local=cold","cache":"article","engine":"stateful","#,
        r#""engine_reason":"more than 100,000 schedules","schedules":null,"states":22294,"#,
        r#""transitions":60001,"bytes_per_state":34,"events":11000,"violations":{"stale":12},"#,
        r#""verdict":"stale","complete":true,"wall_ms":1250}"#
    );
    assert_eq!(line, expected);
    let line = case_line(&by_states(case, &[], Verdict::Bounded("stopped after 1 s".to_owned())));
    assert!(line.contains(r#""complete":false,"done":0.25,"#), "{line}");
}
