//! Reports: the table, the grid, the summary and the JSON line, of cases whose numbers are made up.

use std::collections::BTreeMap;
use std::time::Duration;

use selvedge_sim::oracle::Rule;
use selvedge_sim::report::{Judged, Summary, case_line, grid, table};
use selvedge_sim::scenario::{Case, Scenario, parse};
use selvedge_sim::verdict::{CaseReport, Engine, Verdict};

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

/// A report with made-up numbers: of the rules, as many classes as are given.
fn report(case: &Case, violations: &[(Rule, u64)], verdict: Verdict) -> CaseReport {
    CaseReport {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        cache: case.cache.clone(),
        engine: Engine::Optimal,
        schedules: 1_016,
        events: 11_000,
        states: None,
        violations: violations.iter().copied().collect::<BTreeMap<_, _>>(),
        complete: !matches!(verdict, Verdict::Bounded(_)),
        verdict,
        wall: Duration::from_millis(1_250),
        trace: None,
    }
}

/// One case of every kind that a table tells apart.
fn judged(scenario: &Scenario) -> Vec<Judged<'_>> {
    let stale = [(Rule::Stale, 292), (Rule::Lasting, 270)];
    let violated = Verdict::Violated([Rule::Stale, Rule::Lasting].into());
    let bounded = Verdict::Bounded("5 m were over".to_owned());
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
fn what_is_too_wide_is_cut() {
    let label = "a-very-long-label-of-the-sort-that-nobody-should-write-but-somebody-will";
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
fn the_summary_says_what_failed_and_why() {
    let scenario = scenario(STARTS);
    snapshot("report-summary", &summary(&judged(&scenario)).to_string());
}

#[test]
fn the_gravest_outcome_decides_the_exit_code() {
    let scenario = scenario(STARTS);
    let tiered = &scenario.cases[3];
    let clean = || Judged::new(tiered, report(tiered, &[], Verdict::Clean));
    let vacuous = || Judged::new(tiered, report(tiered, &[], Verdict::Vacuous));
    let bounded = || Judged::new(tiered, report(tiered, &[], Verdict::Bounded("1 s was over".to_owned())));
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
