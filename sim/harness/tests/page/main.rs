//! The report's page in a browser: a user's actions, and the visible results. Needs Chromium.

mod chromium;

use std::fs;
use std::path::PathBuf;

use chromium::{Screen, Theme, chromium};
use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::report::{Folder, Judged, trace_page};
use selvedge_sim::scenario::{Scenario, load_all, parse};
use selvedge_sim::trace::{Trace, json, read};
use selvedge_sim::verdict::Engine;
use serde_json::Value;

/// A scenario of the article's cache that expects more than the cache guarantees.
fn wrong() -> Scenario {
    let text = r#"
        name = "orders"
        about = "a gate that fails"
        cache = "$cache"
        local = "cold"
        remote = "present"
        thread = [{ name = "reader", ops = ["get order:7"] }, { name = "writer", ops = ["set order:7"] }]
        axes.cache = ["tiered", "article"]
        expect = [{ consistency = "linearizable" }]
    "#;
    parse("orders.toml", text, &["article", "tiered"]).expect("a sound scenario")
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = fs::remove_dir_all(&path);
    path
}

/// A report of the control of this name and of the failing gate: its page, and the folder's
/// contents.
fn report(name: &str) -> (PathBuf, Vec<String>) {
    let path = folder(name);
    let mut folder = Folder::create(&path).expect("a folder for the test");
    let mut scenarios =
        load_all(&["control-epoch", "control-shared-local-key"], &Protocol::known()).expect("they ship");
    scenarios.push(wrong());
    for case in scenarios.iter().flat_map(|scenario| &scenario.cases) {
        let report = Exploration::of(case).engine(Engine::Optimal).run();
        folder.add(&Judged::new(case, report)).expect("it is written");
    }
    let files = fs::read_dir(&path).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().expect("UTF-8")).collect();
    files.sort();
    (path, files)
}

/// The article's stale read.
fn article() -> Trace {
    let scenarios = load_all(&["control-article"], &Protocol::known()).expect("it ships");
    let report = Exploration::of(&scenarios[0].cases[0]).engine(Engine::Optimal).run();
    report.trace.expect("the control fails")
}

#[test]
fn the_folder_has_a_page_and_a_file_for_each_trace() {
    let (path, files) = report("report-files");
    let expected = [
        "control-epoch.only.trace.json",
        "control-shared-local-key.only.trace.json",
        "index.html",
        "orders.cache=article.trace.json",
    ];
    assert_eq!(files, expected);
    for file in files.iter().filter(|file| file.ends_with(".json")) {
        let trace = read(&path.join(file)).expect("it is read back");
        assert_eq!(json(&trace), fs::read_to_string(path.join(file)).expect("text"));
    }
}

#[test]
fn cases_with_similar_names_have_separate_files() {
    let path = folder("report-alike");
    let mut folder = Folder::create(&path).expect("a folder for the test");
    let mut case = wrong().cases[1].clone();
    let report = Exploration::of(&case).engine(Engine::Optimal).run();
    for name in ["a/b", "a b", "A?B", &"long".repeat(100), "../../out"] {
        case.name = name.to_owned();
        let mut report = report.clone();
        report.trace.as_mut().expect("a trace").case = name.to_owned();
        folder.add(&Judged::new(&case, report)).expect("it is written");
    }
    let files = fs::read_dir(&path).expect("the folder").count();
    assert_eq!(files, 6, "the page and five traces");
}

#[test]
fn the_page_loads_nothing() {
    let page = trace_page(&article());
    for sign in
        ["http:", "https:", " src=", "@import", "url(", "fetch(", "XMLHttpRequest", "innerHTML", "eval("]
    {
        let used = page.lines().find(|line| line.contains(sign) && !line.contains("www.w3.org/2000/svg"));
        // The page itself contains the arrowheads.
        assert_eq!(used.filter(|line| !line.contains("url(#head)")), None, "{sign}");
    }
    assert!(page.contains("default-src 'none'"));
}

/// Runs the script in the page, and returns its log. The script is inserted before the cases,
/// because the page can be cut off inside a case.
fn drive(name: &str, page: &str, script: &str, screen: Screen) -> Option<Value> {
    let script = format!("<script>\"use strict\";\n{}{script}\n</script>\n", include_str!("drive.js"));
    let data = page.find("<script type=\"application/json\"").expect("a case");
    let text = chromium(
        &folder(&format!("page-{name}")),
        &(page[..data].to_owned() + &script + &page[data..]),
        screen,
    )?;
    let noted: Value = serde_json::from_str(&text).expect(&text);
    assert_eq!((&noted["wrong"], &noted["done"]), (&Value::Null, &Value::Bool(true)), "{noted:#}");
    Some(noted)
}

const DESK: Screen = Screen { width: 1600, height: 1000, theme: Theme::Light };
const PHONE: Screen = Screen { width: 400, height: 800, theme: Theme::Dark };

#[test]
fn a_report_responds_to_keys_and_clicks() {
    let (path, _) = report("report-driven");
    let page = fs::read_to_string(path.join("index.html")).expect("the page");
    drive("report", &page, include_str!("report.js"), DESK);
}

#[test]
fn a_trace_page_responds_to_keys_and_clicks() {
    for (name, screen) in [("desk", DESK), ("phone", PHONE)] {
        let page = trace_page(&article());
        let Some(noted) = drive(name, &page, include_str!("trace.js"), screen) else { return };
        assert_eq!(
            (noted["done"].as_bool(), noted["narrow"].as_bool()),
            (Some(true), Some(name == "phone")),
            "{noted:#}"
        );
    }
}

#[test]
fn all_text_of_the_page_is_legible() {
    let (path, _) = report("report-contrast");
    let page = fs::read_to_string(path.join("index.html")).expect("the page");
    for width in [400, 1600] {
        for theme in [Theme::Light, Theme::Dark] {
            let screen = Screen { width, height: 900, theme };
            let name = format!("contrast-{width}-{theme:?}");
            let Some(noted) = drive(&name, &page, include_str!("legible.js"), screen) else { return };
            assert_eq!(noted["width"], width, "{noted:#}");
            assert_eq!(noted["dark"], theme == Theme::Dark, "{noted:#}");
            assert!(noted["looked_at"].as_u64() > Some(100), "{noted:#}");
        }
    }
}

#[test]
fn the_text_of_a_trace_is_never_interpreted_as_html() {
    let mut trace = article();
    let hostile = "</script><script>document.body.dataset.taken = 1</script><img src=x onerror=\"document.body.dataset.taken = 1\"><!-- ";
    trace.lanes[0] = hostile.to_owned();
    trace.case = hostile.to_owned();
    trace.schedule = hostile.to_owned();
    trace.tiers[0].name = hostile.to_owned();
    trace.steps[0].what = hostile.to_owned();
    trace.steps[0].location = hostile.to_owned();
    trace.operations[0].call = hostile.to_owned();
    trace.operations[0].reply = Some(hostile.to_owned());
    let script = r##"
        drive(async () => {
            expect("nothing was run", document.body.dataset.taken, undefined);
            expect("no image", document.querySelectorAll("img").length, 0);
            expect("said as it is", find("#lanes span:nth-child(2)").textContent.startsWith("<\/script><script>"), true);
        });
    "##;
    drive("hostile", &trace_page(&trace), script, DESK);
}

#[test]
fn a_truncated_page_shows_the_complete_traces() {
    let (path, _) = report("report-stopped");
    let page = fs::read_to_string(path.join("index.html")).expect("the page");
    let whole = page.trim_end().strip_suffix("</script>").expect("the last case");
    let cut = &whole[..whole.floor_char_boundary(whole.len() - 100)];
    let script = r##"
        drive(async () => {
            expect("three of four", document.querySelectorAll("#rows tr.one").length, 3);
            expect("it is said", find("#damage").hidden, false);
        });
    "##;
    drive("stopped", cut, script, DESK);
}
