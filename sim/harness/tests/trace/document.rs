//! The document: written documents match the schema, and reading restores the trace; a file that is
//! not a trace is rejected.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use selvedge_sim::diagnostic::diagnose;
use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::load_all;
use selvedge_sim::trace::{Ending, Look, Trace, immediately_before, json, lanes, read, reason, states};
use selvedge_sim::verdict::Engine;
use serde_json::{Value, json};

use crate::{article, crowd};

const SCHEMA: &str = include_str!("../../../../docs/trace.schema.json");

/// A recorded trace of every shipped control, and some traces written by hand.
pub(crate) fn traces() -> Vec<Trace> {
    let scenarios = load_all::<&str>(&[], &Protocol::known()).expect("the shipped ones are sound");
    let controls = scenarios.iter().filter(|scenario| scenario.name.starts_with("control-"));
    let cases = controls.flat_map(|scenario| &scenario.cases);
    let traces = cases.filter_map(|case| Exploration::of(case).engine(Engine::Optimal).run().trace);
    let mut traces: Vec<_> = traces.collect();
    assert!(traces.len() >= 7, "the controls fail");
    let mut ended = article();
    ended.ending = Ending::Panic("a value appeared under the fence".to_owned());
    traces.push(ended);
    let mut stuck = crowd(6, "user:1");
    stuck.ending = Ending::Deadlock(vec!["writer-1 waits for stripe 2".to_owned()]);
    traces.push(stuck);
    traces
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.trace.json"));
    fs::write(&path, text).expect("a file for the test");
    path
}

#[test]
fn a_written_trace_is_read_back() {
    for (at, trace) in traces().iter().enumerate() {
        let text = json(trace);
        let back =
            read(&file(&format!("back-{at}"), &text)).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(json(&back), text);
        assert_eq!((lanes(&back), reason(&back)), (lanes(trace), reason(trace)));
        assert_eq!(states(&back), states(trace));
    }
}

#[test]
fn each_step_is_a_line() {
    let text = json(&article());
    let steps = text.lines().filter(|line| line.trim_start().starts_with("{\"step\": ")).count();
    assert_eq!(steps, article().steps.len());
}

/// Makes the schema reject unknown fields.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // If a part only adds a condition, its fields are named elsewhere.
            if fields.contains_key("properties") && fields.contains_key("type") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(strict);
        }
        Value::Array(parts) => parts.iter_mut().for_each(strict),
        _ => {}
    }
}

#[test]
fn a_written_trace_has_exactly_the_fields_of_the_schema() {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is a schema");
    strict(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is sound");
    for trace in traces() {
        let document: Value = serde_json::from_str(&json(&trace)).expect("JSON");
        let mistakes: Vec<_> = validator.iter_errors(&document).map(|mistake| mistake.to_string()).collect();
        assert_eq!(mistakes, [""; 0], "{}", trace.scenario);
    }
    let mut document: Value = serde_json::from_str(&json(&article())).expect("JSON");
    document["steps"][0]["clock"] = json!(["one"]);
    assert!(!validator.is_valid(&document), "the schema looks at the steps");
}

/// The message for a file with this text.
fn refusal(name: &str, text: &str) -> String {
    let error = read(&file(name, text)).expect_err(name);
    diagnose(&error, Look::PLAIN)
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    // The message is wrapped at the width of the screen.
    let joined = text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(joined.contains(part), "no {part:?} in\n{text}");
    }
}

#[test]
fn a_file_without_a_trace_is_rejected() {
    let text = json(&article());
    let missing = read(&PathBuf::from("no-such.trace.json")).expect_err("there is none");
    contains(&missing.to_string(), &["cannot read no-such.trace.json"]);
    contains(&refusal("prose", "Dear reader"), &["prose.trace.json is not JSON", "expected value"]);
    contains(&refusal("tail", &format!("{text}}}")), &["is not JSON", "trailing characters"]);
    contains(
        &refusal("cut", &text[..text.len() / 2]),
        &["is cut off: its end is missing", "record the trace again"],
    );
    contains(&refusal("empty", ""), &["is cut off"]);
    contains(&refusal("list", "[1, 2]"), &["is JSON, but not a recorded trace"]);
    contains(&refusal("other", r#"{"name": "x"}"#), &["not a recorded trace: it has no `format`"]);
    contains(&refusal("sarif", r#"{"format": "sarif"}"#), &["its `format` is \"sarif\""]);
    let newer = text.replace("\"version\": 1,\n", "\"version\": 2,\n");
    contains(&refusal("newer", &newer), &["is of version 2", "reads version 1", "update selvedge"]);
    let none = text.replace("  \"version\": 1,\n", "");
    contains(&refusal("unversioned", &none), &["is of version (none)"]);
    let field = text.replace("\"time_ms\": 0", "\"time_ms\": \"noon\"");
    contains(&refusal("field", &field), &["is not a complete trace", "invalid type: string \"noon\""]);
    let lacking = text.replacen("\"place\": \"l1\", \"start\"", "\"start\"", 1);
    contains(&refusal("lacking", &lacking), &["missing field `place`"]);
    let bytes = file("bytes", "");
    fs::write(&bytes, [0xff, 0xfe, b'{']).expect("a file");
    contains(&read(&bytes).expect_err("no text").to_string(), &["is not JSON"]);
}

#[test]
fn a_contradictory_trace_is_rejected_with_the_position() {
    let whole: Value = serde_json::from_str(&json(&article())).expect("JSON");
    let cases = [
        ("/steps/1/step", json!(7), "`steps[1].step` is 7, but must be 2"),
        ("/steps/1/task", json!(3), "`steps[1].task` is 3, but `tasks` has 3 elements"),
        ("/steps/1/task", json!(2), "`operations[0].task` is 0, but must be 2"),
        ("/steps/1/operation", json!(9), "`steps[1].operation` is 9, but `operations` has 3 elements"),
        ("/steps/1/clock", json!([2, 0]), "`steps[1].clock.length` is 2, but must be 3"),
        ("/steps/1/clock/0", json!(5), "`steps[1].clock[0]` is 5, but must be 2"),
        ("/steps/1/clock/1", json!(1), "`steps[1].clock[1]` is 1, but that task has made 0 steps before"),
        ("/steps/2/effect/content/version", json!(5), "`steps[2].tiers` differs from the contents"),
        ("/steps/4/tiers/0", json!([]), "`steps[4].tiers` differs from the contents"),
        ("/tiers/1/start", json!([]), "`steps[0].tiers` differs from the contents"),
        ("/operations/1/task", json!(5), "`operations[1].task` is 5"),
        ("/operations/1/first", json!(1), "`operations[1].first` is 1, but must be 3"),
        ("/operations/1/last", json!(6), "`operations[1].last` is 6, but must be 4"),
        ("/violations/0/rule", json!("rude"), "`violations[0].rule` is `rude`, which is not a rule"),
        ("/violations/0/read", json!(3), "`violations[0].read` is 3, but `operations` has 3 elements"),
        ("/violations/0/before", json!(3), "`violations[0].before` is 3"),
        ("/schedule", json!("s9:a"), "`schedule`: the schedule is of version `s9`"),
    ];
    for (at, (place, wrong, said)) in cases.into_iter().enumerate() {
        let mut document = whole.clone();
        *document.pointer_mut(place).expect(place) = wrong;
        let text = document.to_string();
        contains(&refusal(&format!("contradiction-{at}"), &text), &["is inconsistent", said]);
    }
}

#[test]
fn terminal_escapes_are_removed() {
    let text = json(&article()).replace("reader-1", "\\u001b[2Jreader");
    let back = read(&file("escape", &text)).expect("a trace");
    assert_eq!(back.lanes[0], "\u{fffd}[2Jreader");
}

/// The pairs of steps in happens-before, from the clocks.
fn by_clocks(trace: &Trace) -> BTreeSet<(usize, usize)> {
    let happens = |a: usize, b: usize| {
        let first = &trace.steps[a];
        a != b && trace.steps[b].clock[first.lane] >= first.clock[first.lane]
    };
    let all = 0..trace.steps.len();
    all.clone().flat_map(|a| all.clone().map(move |b| (a, b))).filter(|&(a, b)| happens(a, b)).collect()
}

#[test]
fn all_of_happens_before_follows_from_the_immediate_edges() {
    for trace in traces() {
        let immediate = immediately_before(&trace);
        let mut follows = BTreeSet::new();
        for (b, before) in immediate.iter().enumerate() {
            let own = (0..b).rev().find(|&a| trace.steps[a].lane == trace.steps[b].lane);
            for &a in before.iter().chain(own.as_ref()) {
                follows.insert((a, b));
                let earlier: Vec<_> =
                    follows.iter().filter(|(_, to)| *to == a).map(|&(from, _)| (from, b)).collect();
                follows.extend(earlier);
            }
            // None of them is implied by the others.
            for &a in before {
                let others = before.iter().chain(own.as_ref()).filter(|&&other| other != a);
                let said = others.into_iter().any(|&other| by_clocks(&trace).contains(&(a, other)));
                assert!(!said, "{}: {a} before {b} is said twice", trace.scenario);
            }
        }
        assert_eq!(follows, by_clocks(&trace), "{}", trace.scenario);
        assert!(immediate.iter().any(|before| !before.is_empty()), "{}: the threads meet", trace.scenario);
    }
}
