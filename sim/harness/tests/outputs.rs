//! The outputs of a gate for other tools: an independent reader reads each form.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCaseStatus};
use selvedge_sim::explore::Exploration;
use selvedge_sim::report::{Judged, Summary, annotations, job_summary, junit, sarif};
use selvedge_sim::scenario::{Case, Scenario, parse};
use selvedge_sim::verdict::{Budget, Engine, StateCount, Verdict};
use serde_json::Value;

/// A case of each kind that reports distinguish: clean, stale, a control that did not fail,
/// bounded, vacuous.
fn scenario() -> Scenario {
    let text = r#"
name = "every kind"
about = "a case of every kind"
cache = "$kind"
local = "cold"
remote = "present"
thread = "$work"
axes.kind = { sound = "tiered", stale = "article" }
[axes.work]
meets = [{ name = "reader", ops = ["get user:1"] }, { name = "writer", ops = ["set user:1"] }]
vacuous = [{ name = "reader", ops = ["get user:1"] }, { name = "writer", ops = ["set user:2"] }]

[[expect]]
where = { kind = "stale", work = "vacuous" }
violations = ["stale"]

[[expect]]
consistency = "linearizable"
"#;
    parse("scenarios/every kind.toml", text, &["article", "tiered"]).expect("a sound scenario")
}

fn judged(scenario: &Scenario) -> Vec<Judged<'_>> {
    let explored = |case| {
        let mut report = Exploration::of(case).engine(Engine::Optimal).run();
        report.wall = Duration::from_millis(1_500);
        report
    };
    let [sound, vacuous, stale, tame] = &scenario.cases[..] else { panic!("four cases") };
    let bounded = Exploration::of(sound)
        .engine(Engine::Optimal)
        .budget(Budget { schedules: Some(1), ..Budget::default() })
        .run();
    let mut unreached = explored(sound);
    (unreached.schedules, unreached.complete) = (0, false);
    unreached.verdict = Verdict::Bounded("the bound of 1 s in all was used up".to_owned());
    let mut panics = explored(sound);
    panics.verdict = Verdict::Panic("reader panicked at src/my,cache.rs:7: 100%\nout".to_owned());
    let mut control = explored(tame);
    control.verdict = Verdict::Clean;
    let mut changed = Judged::new(sound, explored(sound));
    changed.differs("not as it was accepted", "--- accepted\n+++ now\n-a\n+b\n".to_owned());
    vec![
        Judged::new(sound, explored(sound)),
        Judged::new(vacuous, explored(vacuous)),
        Judged::new(stale, explored(stale)),
        Judged::new(tame, control),
        Judged::new(sound, bounded),
        Judged::new(sound, unreached),
        Judged::new(sound, panics),
        changed,
    ]
}

/// The same as a case of a cache that does not ship: its steps are in the user's files.
fn of_custom_cache(judged: &Judged<'_>) -> Case {
    Case { cache: "mine".to_owned(), ..judged.case.clone() }
}

/// The rules of junit-10.xsd of Jenkins' xUnit plugin: the parents and the attributes of each
/// element.
const JENKINS: [(&str, &[&str], &[&str]); 8] = [
    ("testsuites", &[""], &["name", "time", "tests", "failures", "errors"]),
    (
        "testsuite",
        &["testsuites", "testsuite"],
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
    ),
    ("testcase", &["testsuite"], &["name", "time", "classname", "group"]),
    ("failure", &["testcase"], &["type", "message"]),
    ("error", &["testcase"], &["type", "message"]),
    ("skipped", &["testcase"], &["type", "message"]),
    ("system-out", &["testcase", "testsuite"], &[]),
    ("system-err", &["testcase", "testsuite"], &[]),
];

#[test]
fn junit_is_valid_by_the_schema_of_jenkins() {
    let scenario = scenario();
    let text = junit(&judged(&scenario));
    let (mut open, mut seen) = (vec![""], 0);
    for tag in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let known = JENKINS.iter().find(|(known, ..)| *known == name);
        let (_, parents, allowed) = known.unwrap_or_else(|| panic!("no element `{name}`"));
        assert!(parents.contains(open.last().expect("the root's parent")), "`{name}` in {open:?}");
        // Values contain no quotes, so each is between two quotes.
        for attribute in attributes.split('"').step_by(2).map(|it| it.trim().trim_end_matches('=')) {
            assert!(attribute.is_empty() || allowed.contains(&attribute), "`{name}` has `{attribute}`");
        }
        seen += 1;
        if !is_empty {
            open.push(name);
        }
    }
    assert_eq!(open, [""]);
    assert!(seen > 20, "{text}");
}

#[test]
fn junit_is_read_back_by_a_junit_reader() {
    let scenario = scenario();
    let report = quick_junit::Report::deserialize_from_str(&junit(&judged(&scenario))).expect("JUnit");
    assert_eq!((report.tests, report.failures, report.errors), (8, 6, 1));
    let [suite] = &report.test_suites[..] else { panic!("one scenario") };
    assert_eq!((suite.name.as_str(), suite.tests), ("every kind", 8));
    let types: Vec<_> = suite
        .test_cases
        .iter()
        .map(|test| match &test.status {
            TestCaseStatus::Success { .. } => "pass",
            TestCaseStatus::NonSuccess { ty, .. } => ty.as_ref().expect("a type").as_str(),
            TestCaseStatus::Skipped { .. } => "skipped",
        })
        .collect();
    assert_eq!(
        types,
        ["pass", "vacuous", "violation", "control-did-not-fail", "bounded", "bounded", "crash", "changed"]
    );
    let stale = &suite.test_cases[2];
    assert_eq!(
        (stale.name.as_str(), stale.classname.as_deref()),
        ("kind=stale,work=meets", Some("every kind"))
    );
    assert_eq!(stale.time, Some(Duration::from_millis(1_500)));
    let TestCaseStatus::NonSuccess { kind, message, description, .. } = &stale.status else { panic!() };
    assert_eq!(*kind, NonSuccessKind::Failure);
    assert_eq!(
        message.as_ref().map(|text| text.as_str()),
        Some("stale in 1, lasting in 1 of 5 schedules: not linearizable")
    );
    let trace = description.as_ref().expect("a trace").as_str();
    assert!(trace.contains("redis GET → v0") && trace.contains("Stale: "), "{trace}");
}

fn log(cases: &[Judged<'_>]) -> Value {
    serde_json::from_str(&sarif(cases, Path::new("/home/me/shop"))).expect("JSON")
}

#[test]
fn sarif_is_valid_by_the_schema() {
    let schema = include_str!("sarif/sarif-schema-2.1.0.json");
    // The pattern of a language has an extra bracket. Some dialects of regular expressions accept
    // it; this one does not.
    let slip = r"[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert_eq!(schema.matches(slip).count(), 2);
    let schema: Value =
        serde_json::from_str(&schema.replace(slip, "[a-zA-Z]{2}-[a-zA-Z]{2}$")).expect("JSON");
    let validator = jsonschema::draft7::new(&schema).expect("a schema");
    let scenario = scenario();
    for cases in [judged(&scenario), Vec::new()] {
        let log = log(&cases);
        let wrong: Vec<_> = validator
            .iter_errors(&log)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert_eq!(wrong, [""; 0]);
        let expected = cases.iter().filter(|judged| !judged.judgement.passed()).count();
        assert_eq!(log["runs"][0]["results"].as_array().expect("results").len(), expected);
    }
    // The schema rejects an invalid log.
    let mut broken = log(&judged(&scenario));
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    assert!(!validator.is_valid(&broken));
}

/// GitHub's requirements on a tool and its rules, beyond the schema.
#[test]
fn sarif_describes_the_tool_and_each_rule() {
    let scenario = scenario();
    let log = log(&judged(&scenario));
    let driver = &log["runs"][0]["tool"]["driver"];
    assert!(driver["informationUri"].as_str().expect("a URI").starts_with("https://"));
    for rule in driver["rules"].as_array().expect("rules") {
        for field in ["shortDescription", "fullDescription", "help"] {
            let text = rule[field]["text"].as_str().unwrap_or_else(|| panic!("{rule} has no {field}"));
            assert!(text.ends_with('.') && text.len() < 1_024, "{text}");
        }
    }
}

#[test]
fn sarif_has_a_rule_for_each_result_and_the_steps_in_the_runs_order() {
    let scenario = scenario();
    let log = log(&judged(&scenario));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    let ids: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["vacuous", "stale", "control-did-not-fail", "bounded", "bounded", "panic", "changed"]);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let stale = &results[1];
    // The reader has the scenario, but not the source of a cache that ships.
    let at = &stale["locations"][0]["physicalLocation"];
    assert_eq!(at["artifactLocation"]["uri"], "scenarios/every%20kind.toml");
    assert!(!log.to_string().contains("protocols/"), "{log}");
    let cases = judged(&scenario);
    let case = of_custom_cache(&cases[2]);
    let own = self::log(&[Judged::new(&case, cases[2].report.clone())]);
    // The line that stored the old value.
    let own = &own["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(own["artifactLocation"]["uri"], "sim/harness/src/protocols/unfenced.rs");
    assert_eq!(at["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    let flows = stale["codeFlows"][0]["threadFlows"].as_array().expect("a code flow");
    let tasks: Vec<_> = flows.iter().map(|flow| flow["id"].as_str().expect("a task")).collect();
    assert_eq!(tasks, ["reader", "writer", "observer"]);
    let mut steps: Vec<_> =
        flows.iter().flat_map(|flow| flow["locations"].as_array().expect("steps")).collect();
    steps.sort_by_key(|step| step["executionOrder"].as_u64());
    let texts: Vec<_> =
        steps.iter().map(|step| step["location"]["message"]["text"].as_str().expect("a text")).collect();
    assert_eq!(
        texts,
        [
            "step 1, reader: L1.get user:1 → miss",
            "step 2, reader: redis GET user:1 → v0",
            "step 3, writer: redis SET user:1 = v1",
            "step 4, writer: L1.remove user:1 (was not there)",
            "step 5, reader: L1.fill user:1 = v0",
            "step 6, observer: L1.get user:1 → v0",
        ]
    );
    // If no run shows a violation, the location is that of the expectation.
    let at = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(at["artifactLocation"]["uri"], "scenarios/every%20kind.toml");
    assert_eq!(at["region"]["startLine"], 17);
}

#[test]
fn each_names_the_engine_and_the_reason_if_it_is_not_the_usual_one() {
    let scenario = scenario();
    let mut cases = judged(&scenario);
    let report = &mut cases[2].report;
    let reason = "more than 100,000 schedules";
    (report.engine, report.engine_reason) = (Engine::Stateful, Some(reason.to_owned()));
    report.states =
        Some(StateCount { states: 700, transitions: 2_000, runs: 1_500, bytes: 24_000, done: 1.0 });

    let properties = |at: usize| -> Vec<(String, String)> {
        let report = quick_junit::Report::deserialize_from_str(&junit(&cases)).expect("JUnit");
        let output = report.test_suites[0].test_cases[at].system_out.clone().expect("an output");
        let line =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        output.as_str().lines().filter_map(line).collect()
    };
    let has = |at: usize, name: &str, value: &str| properties(at).contains(&(name.into(), value.into()));
    assert!(has(0, "engine", "optimal") && has(0, "schedules", "12"), "{:?}", properties(0));
    assert!(has(2, "engine", "stateful") && has(2, "engine_reason", reason) && has(2, "states", "700"));
    assert!(properties(0).iter().all(|(name, _)| name != "engine_reason"));

    let results = log(&cases)["runs"][0]["results"].clone();
    assert_eq!(results[0]["properties"], serde_json::json!({ "engine": "optimal" }));
    let expected = serde_json::json!({ "engine": "stateful", "engineReason": reason });
    assert_eq!(results[1]["properties"], expected);

    let lines = annotations(&cases, Path::new(""));
    assert_eq!(lines.matches("%0Asearched by states: more than 100,000 schedules%0A").count(), 1, "{lines}");
    let summary = job_summary(&cases, &Summary::default());
    assert!(summary.contains("| every kind | kind=stale,work=meets | stateful | violation |"), "{summary}");
}

/// Line numbers change with every edit of a file; the identity of a result does not.
#[test]
fn fingerprints_are_the_same_when_lines_have_moved() {
    let scenario = scenario();
    let mut cases = judged(&scenario);
    let case = of_custom_cache(&cases[2]);
    cases[2].case = &case;
    let fingerprints = |cases: &[Judged<'_>]| -> Vec<Value> {
        let results = log(cases)["runs"][0]["results"].as_array().expect("results").clone();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    let before = (fingerprints(&cases), log(&cases));
    for judged in &mut cases {
        for step in judged.report.trace.iter_mut().flat_map(|trace| &mut trace.steps) {
            step.location = step.location.replace(".rs:", ".rs:10");
        }
    }
    assert_ne!(log(&cases), before.1);
    assert_eq!(fingerprints(&cases), before.0);
    assert_eq!(before.0[1]["selvedgeCase/v1"], "every kind/kind=stale,work=meets");
}

#[test]
fn files_are_named_from_the_root() {
    let scenario = scenario();
    let mut cases = judged(&scenario);
    cases.retain(|judged| judged.case.name == "kind=stale,work=meets");
    let case = of_custom_cache(&cases[0]);
    cases[0].case = &case;
    let uri = |cases: &[Judged<'_>], file: &str| {
        let mut cases = cases.to_vec();
        for step in
            cases.iter_mut().filter_map(|judged| judged.report.trace.as_mut()).flat_map(|it| &mut it.steps)
        {
            step.location = format!("{file}:7");
        }
        let at = log(&cases)["runs"][0]["results"][0]["locations"][0]["physicalLocation"].clone();
        let text = annotations(&cases, Path::new("/home/me/shop"));
        (at["artifactLocation"].clone(), text.split("::error ").nth(1).expect("one").to_owned())
    };
    let (location, annotation) = uri(&cases, "/home/me/shop/src/cache.rs");
    assert_eq!(location, serde_json::json!({ "uri": "src/cache.rs", "uriBaseId": "%SRCROOT%" }));
    assert!(annotation.starts_with("file=src/cache.rs,line=7,title="), "{annotation}");
    let (location, annotation) = uri(&cases, "/opt/vendored/cache.rs");
    assert_eq!(location, serde_json::json!({ "uri": "file:///opt/vendored/cache.rs" }));
    assert!(annotation.starts_with("file=/opt/vendored/cache.rs,line=7,title="), "{annotation}");
}

#[test]
fn annotations_are_a_line_each_and_escaped() {
    let scenario = scenario();
    let text = annotations(&judged(&scenario), Path::new(""));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(
        lines[0],
        "::error file=scenarios/every kind.toml,line=17,title=selvedge%3A every kind kind=sound%2Cwork=vacuous\
         ::no read overlapped or followed a write of its key, so no rule could be broken"
    );
    assert!(
        lines[1].contains(": not linearizable%0A%0AStale: observer's get user:1 returned v0"),
        "{}",
        lines[1]
    );
    assert!(lines[5].contains("src/my,cache.rs:7: 100%25%0Aout"), "{}", lines[5]);
    assert!(
        lines[6].ends_with("::not as it was accepted%0A%0A--- accepted%0A+++ now%0A-a%0A+b"),
        "{}",
        lines[6]
    );
}

#[test]
fn there_are_at_most_nine_annotations_and_the_ninth_counts_the_rest() {
    let scenario = scenario();
    let stale = judged(&scenario).remove(2);
    let lines = |cases: usize| -> Vec<String> {
        annotations(&vec![stale.clone(); cases], Path::new("")).lines().map(str::to_owned).collect()
    };
    assert_eq!(lines(0).len(), 0);
    assert!(lines(9).len() == 9 && !lines(9)[8].contains(" more "));
    assert_eq!(lines(10).len(), 9);
    let ninth = "::error title=selvedge::2 cases more failed: the summary lists them";
    assert_eq!(lines(10)[8], ninth);
}

#[test]
fn the_jobs_summary_has_a_row_for_each_failure_and_its_trace() {
    let scenario = scenario();
    let cases = judged(&scenario);
    let mut summary = Summary::default();
    cases.iter().for_each(|judged| summary.add(judged));
    let text = job_summary(&cases, &summary);
    assert!(
        text.starts_with(
            "## selvedge gate: 7 of 8 cases failed\n\n| scenario | case | engine | outcome | why |\n"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "| every kind | kind=stale,work=meets | optimal | violation | stale in 1, lasting in 1 of 5 schedules: not linearizable |"
        ),
        "{text}"
    );
    assert!(text.contains(
        "<details><summary>every kind kind=stale,work=meets</summary>\n\n```text\nscenario  every kind"
    ));
    assert!(text.contains("```text\n--- accepted\n"));
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    let rows = text.lines().filter(|line| line.starts_with("| every kind")).count();
    assert_eq!(rows, 7);
    // A message is not interpreted as markup.
    assert!(text.contains("100% out"), "{text}");

    let mut summary = Summary::default();
    summary.add(&cases[0]);
    assert_eq!(job_summary(&cases[..1], &summary), "## selvedge gate: 1 case as expected\n");
}

#[test]
fn a_summary_is_never_longer_than_a_job_may_have() {
    let scenario = scenario();
    let stale = judged(&scenario).remove(2);
    let cases = vec![stale; 10_000];
    let mut summary = Summary::default();
    cases.iter().for_each(|judged| summary.add(judged));
    let text = job_summary(&cases, &summary);
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(text.contains("\n…and 9,800 cases.\n"));
}
