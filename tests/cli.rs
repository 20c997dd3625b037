//! The binary, as its users run it.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

#[track_caller]
fn selvedge(words: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    let command = command.args(words).env_remove("GITHUB_ACTIONS");
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Run { code: status.code().expect("no signal"), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs a command and checks its exit code.
#[track_caller]
fn check(words: &[&str], code: i32) -> Run {
    let run = selvedge(words);
    assert_eq!(run.code, code, "{words:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

/// A scenario of one reader and one writer, in a separate file.
struct File {
    path: PathBuf,
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.toml"));
        fs::write(&path, text).expect("a file for the test");
        File { path }
    }

    /// The scenario with this cache, these operations and this expectation.
    fn scenario(name: &str, cache: &str, reader: &str, writer: &str, expect: &str) -> Self {
        let text = format!(
            "name = \"{name}\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
             [[thread]]\nname = \"reader\"\nops = [{reader}]\n[[thread]]\nname = \"writer\"\nops = [{writer}]\n\
             [[expect]]\n{expect}\n"
        );
        File::new(name, &text)
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }
}

const GET: &str = "\"get user:1\"";
const SET: &str = "\"set user:1\"";
const LINEARIZABLE: &str = "consistency = \"linearizable\"";

/// `cargo selvedge` has the arguments, the output and the exit code of `selvedge`.
#[test]
fn cargo_has_the_subcommand() {
    let own = PathBuf::from(env!("CARGO_BIN_EXE_cargo-selvedge"));
    let mut path = own.parent().expect("the file is in a folder").as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let cargo = |words: &[&str]| {
        let output = Command::new(env!("CARGO")).arg("selvedge").args(words).env("PATH", &path).output();
        let output = output.expect("cargo runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    assert_eq!(cargo(&["--version"]), (Some(0), check(&["--version"], 0).stdout));
    assert_eq!(cargo(&["test", "--help"]), (Some(0), check(&["test", "--help"], 0).stdout));
    assert_eq!(cargo(&["no-such-command"]).0, Some(2));
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let run = check(&["--help"], 0);
    contains(&run.stdout, &["explore", "gate", "matrix", "trace", "replay", "list", "Exit codes:"]);
    for command in ["explore", "gate", "matrix", "trace", "replay", "list"] {
        let help = check(&[command, "--help"], 0).stdout;
        contains(&help, &["Examples:", &format!("selvedge {command}")]);
        let (_, examples) = help.split_once("Examples:").expect("they are there");
        assert!(examples.lines().all(|line| line.chars().count() <= 80), "{examples}");
    }
}

#[test]
fn list_has_a_line_for_each_shipped_scenario() {
    let run = check(&["list"], 0);
    contains(&run.stdout, &["control-article", "article-matrix", "tiered-matrix"]);
    for line in run.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_case_too_large_for_an_engine_is_bounded() {
    let run = check(&["explore", "tiered-4-readers", "--engine", "loom"], 3);
    contains(&run.stdout, &["this engine has room for 4 threads, and the case has 6"]);
}

#[test]
fn wrong_arguments_are_2() {
    contains(&check(&["gaet"], 2).stderr, &["gaet", "gate"]);
    contains(&check(&["gate", "--budget", "5"], 2).stderr, &["30s"]);
    contains(&check(&["gate", "--engine", "lom"], 2).stderr, &["loom"]);
    contains(&check(&["gate", "--max-schedules", "0"], 2).stderr, &["max-schedules"]);
    contains(&check(&["gate", "contrl-article"], 2).stderr, &["did you mean", "control-article"]);
}

#[test]
fn a_mistake_in_a_scenario_is_2_with_the_file_and_the_line() {
    let file = File::scenario("mistake", "artcle", GET, SET, LINEARIZABLE);
    for command in ["explore", "gate", "matrix", "trace", "list"] {
        let run = check(&[command, file.path()], 2);
        assert_eq!(run.stdout, "", "stdout is for results");
        contains(
            &run.stderr,
            &["mistake.toml:3", "unknown cache: `artcle`", "expected one of", "did you mean `article`?"],
        );
    }
}

#[test]
fn a_field_that_the_cache_would_ignore_is_2_with_its_line() {
    let file = File::scenario("absent", "article", GET, SET, LINEARIZABLE);
    let text = fs::read_to_string(file.path()).expect("it is there");
    let text = text.replace("remote = \"present\"", "remote = \"absent\"\nspecials = [\"keeps-absent\"]");
    let file = File::new("absent", &text);
    let run = check(&["gate", file.path()], 2);
    contains(
        &run.stderr,
        &["absent.toml:6", "`article` does not support `keeps-absent`", "supported by: tiered"],
    );
}

#[test]
fn text_that_is_not_toml_is_2_with_the_line() {
    let file = File::new("broken", "name = \"broken\"\nabout = \n");
    contains(&check(&["gate", file.path()], 2).stderr, &["broken.toml:2", "invalid TOML"]);
}

#[test]
fn as_expected_is_0() {
    let file = File::scenario("sound", "tiered", GET, SET, LINEARIZABLE);
    contains(&check(&["gate", file.path()], 0).stdout, &["1 case", "all as expected"]);
}

#[test]
fn a_control_that_fails_as_it_must_is_0() {
    check(&["gate", "control-article"], 0);
}

#[test]
fn a_violation_is_1_with_its_trace() {
    let file = File::scenario("violation", "article", GET, SET, LINEARIZABLE);
    let run = check(&["gate", file.path()], 1);
    contains(&run.stdout, &["FAIL violation only", "not linearizable", "redis GET → v0"]);
}

#[test]
fn a_control_that_did_not_fail_is_1() {
    let file = File::scenario("tame", "tiered", GET, SET, "violations = [\"stale\"]");
    contains(&check(&["gate", file.path()], 1).stdout, &["the control did not fail", "stale"]);
}

#[test]
fn bounded_where_complete_was_required_is_3_and_never_clean() {
    let file = File::scenario("bounded", "tiered", GET, SET, LINEARIZABLE);
    let run = check(&["gate", file.path(), "--max-schedules", "1", "--format", "json"], 3);
    let case = json_lines(&run.stdout).remove(0);
    assert_eq!((case["verdict"].as_str(), case["complete"].as_bool()), (Some("bounded"), Some(false)));
    contains(&run.stderr, &["bounded, but must be complete"]);
}

#[test]
fn bounded_where_it_is_allowed_is_0() {
    let file =
        File::scenario("allowed", "tiered", GET, SET, "consistency = \"linearizable\"\nbounded = true");
    check(&["gate", file.path(), "--max-schedules", "1"], 0);
}

#[test]
fn a_case_in_which_no_read_meets_a_write_is_vacuous_and_4() {
    for (name, reader, writer) in
        [("other-key", GET, "\"set user:2\""), ("no-read", SET, SET), ("no-write", GET, GET)]
    {
        let file = File::scenario(name, "tiered", reader, writer, LINEARIZABLE);
        let run = check(&["gate", file.path(), "--format", "json"], 4);
        assert_eq!(json_lines(&run.stdout)[0]["verdict"], "vacuous", "{name}");
    }
}

#[test]
fn text_that_a_terminal_or_a_runner_would_interpret_is_escaped() {
    let text = |name: &str, key: &str| {
        format!(
            "name = \"{name}\"\nabout = \"a\\nb\"\ncache = \"tiered\"\nlocal = \"cold\"\nremote = \"present\"\n\
             [[thread]]\nname = \"\\u001b]0;title\\u0007\"\nops = [\"get {key}\"]\n[[expect]]\n{LINEARIZABLE}\n"
        )
    };
    for (name, key) in [("\\u202ename", "user:1"), ("a\\n::error::b", "user\\u009b:1")] {
        let file = File::new("hostile", &text(name, key));
        let run = check(&["gate", file.path()], 2);
        let is_unsafe = |it: char| it != '\n' && selvedge_sim::plain::is_unsafe(it);
        assert!(!run.stderr.contains(is_unsafe), "{}", run.stderr);
        assert!(run.stderr.lines().all(|line| !line.trim_start().starts_with("::")), "{}", run.stderr);
        contains(&run.stderr, &["hostile.toml:1", "hostile.toml:2", "hostile.toml:7"]);
    }
    // No error contains raw bytes of a file.
    let file = File::new("raw", "name = \"\x1b]0;title\x07\"\n::error::x\n");
    let run = check(&["gate", file.path()], 2);
    assert!(!run.stderr.contains(['\x1b', '\x07']), "{}", run.stderr);
    contains(&run.stderr, &["\\u{1b}]0;title"]);
}

#[test]
fn a_file_of_one_long_line_is_2_and_not_echoed() {
    let file = File::new("one-line", &format!("name = \"{}\" x", "a".repeat(70_000)));
    let run = check(&["gate", file.path()], 2);
    contains(&run.stderr, &["one-line.toml:1:700"]);
    assert!(run.stderr.len() < 5_000, "{}", run.stderr.len());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("one-line.trace.json");
    fs::write(&path, format!("{{\"a\": \"{}\" x}}", "a".repeat(1_000_000))).expect("a file for the test");
    let run = check(&["trace", path.to_str().expect("UTF-8")], 2);
    contains(&run.stderr, &["is not JSON"]);
    assert!(run.stderr.len() < 5_000, "{}", run.stderr.len());
}

#[cfg(target_os = "linux")]
#[test]
fn an_error_with_closed_stderr_has_its_exit_code() {
    let mistake = File::scenario("unread", "artcle", GET, SET, LINEARIZABLE);
    for (words, code) in [
        (&["gate", mistake.path()][..], 2),
        (&["gaet"], 2),
        (&["trace", "no-such.json"], 2),
        (&["trace", "tiered-delete", "--case", "readers=1"], 0),
        (&["gate", "--case", "no-such-case"], 4),
        (&["gate", "control-article", "--case", "nothing", "--format", "json"], 4),
    ] {
        for stderr in ["2>&-", "2>/dev/full"] {
            let script = format!("exec \"$0\" \"$@\" {stderr}");
            let mut command = Command::new("sh");
            command.args(["-c", &script, env!("CARGO_BIN_EXE_selvedge")]).args(words);
            let status = command.output().expect("the binary runs").status;
            assert_eq!(status.code(), Some(code), "{words:?} {stderr}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn one_signal_ends_a_command_without_a_search() {
    use std::time::{Duration, Instant};

    let fifo = folder("signalled").with_extension("json");
    _ = fs::remove_file(&fifo);
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("it runs").success());
    let socket = fifo.with_extension("sock");
    let fifo = fifo.to_str().expect("UTF-8");
    for words in [&["trace", fifo][..], &["redis", "--socket", socket.to_str().expect("UTF-8")], &["redis"]] {
        for signal in ["TERM", "INT"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
            let command = command.args(words).stdout(std::process::Stdio::null());
            let mut child = command.spawn().expect("the binary runs");
            // The handlers are installed, and the command waits.
            std::thread::sleep(Duration::from_millis(500));
            assert!(child.try_wait().expect("ours").is_none(), "{words:?} waits");
            let start = Instant::now();
            let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
            assert!(status.expect("it runs").success());
            let status = child.wait().expect("ours");
            assert_eq!(status.code(), Some(130), "{words:?} {signal}");
            assert!(start.elapsed() < Duration::from_secs(1), "{words:?} {signal}: {:?}", start.elapsed());
        }
    }
    assert!(!socket.exists(), "the socket's file is removed");
}

#[test]
fn nothing_ran_is_4() {
    contains(&check(&["gate", "--case", "no-such-case"], 4).stdout, &["no case ran"]);
}

#[test]
fn a_violation_outweighs_bounded_and_bounded_outweighs_vacuous() {
    let violation = File::scenario("grave", "article", GET, SET, LINEARIZABLE);
    let vacuous = File::scenario("hollow", "tiered", GET, "\"set user:2\"", LINEARIZABLE);
    check(&["gate", vacuous.path(), violation.path()], 1);
    check(&["gate", vacuous.path(), "control-article"], 4);
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn json_is_one_object_per_case() {
    for command in ["explore", "gate", "matrix"] {
        let run = check(&[command, "article-classes", "--case", "writers=1", "--format", "json"], 0);
        let cases = json_lines(&run.stdout);
        assert_eq!(cases.len(), 4, "{command}");
        let mut fields: Vec<_> =
            cases[0].as_object().expect("an object").keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = [
            "cache",
            "case",
            "complete",
            "engine",
            "events",
            "scenario",
            "schedules",
            "verdict",
            "violating",
            "violations",
            "wall_ms",
        ];
        assert_eq!(fields, expected, "{command}");
        assert_eq!(cases[0]["case"], "local=cold,readers=1,writers=1");
        assert_eq!(cases[0]["engine"], "optimal");
        let count = |rule: &str| cases[0]["violations"][rule].as_u64().unwrap_or(0);
        let violating = cases[0]["violating"].as_u64().expect("a count");
        assert!(
            count("stale") > 0
                && violating >= count("stale")
                && violating <= cases[0]["schedules"].as_u64().expect("a count")
        );
        assert_eq!(run.stderr, "", "{command}: every case passes, and stderr is not a terminal");
    }
}

#[test]
fn explore_shows_the_trace_the_tables_and_the_summary() {
    let run = check(&["explore", "article-classes", "control-article"], 0);
    contains(&run.stdout, &["control-article: ", "article-classes: ", "verdict", "L1.", "all as expected"]);
    let place = |part: &str| run.stdout.find(part).expect(part);
    assert!(
        place("L1.") < place("control-article: ") && place("control-article: ") < place("article-classes: "),
        "the first trace precedes the tables"
    );
    assert!(place("article-classes: ") < place("gate: "), "the summary is last");
    assert_eq!(run.stdout.matches("Stale: ").count(), 1, "one trace");
}

#[test]
fn explore_shows_an_unexpected_trace_after_the_tables() {
    let bad = File::scenario("unexpected", "article", GET, SET, LINEARIZABLE);
    let run = check(&["explore", "control-article", bad.path()], 1);
    let last = run.stdout.rfind("Stale: ").expect("a second trace");
    assert!(run.stdout.find("unexpected: ").expect("a table") < last, "{}", run.stdout);
    assert_eq!(run.stdout.matches("Stale: ").count(), 2);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    check(&["man", path], 0);
    for (page, part) in [("selvedge.1", "Exit codes"), ("selvedge-gate.1", "total\\-budget")] {
        let text = fs::read_to_string(folder.path().join(page)).expect(page);
        assert!(text.contains(".TH") && text.contains(part), "{text}");
    }
    let run = check(&["man", &format!("{path}/absent")], 2);
    contains(&run.stderr, &["cannot write the results"]);
}

#[test]
fn the_completions_of_a_shell_are_not_escaped() {
    for shell in ["bash", "fish", "zsh"] {
        let script = check(&["completions", shell], 0).stdout;
        contains(&script, &["replay", "total-budget"]);
        assert!(!script.contains("\\u{"), "{script}");
    }
    contains(&check(&["--version"], 0).stdout, &["selvedge ", env!("CARGO_PKG_VERSION")]);
}

#[test]
fn matrix_has_no_column_without_a_case() {
    let run = check(&["matrix", "article-classes", "--case", "writers=2"], 0);
    contains(&run.stdout, &["writers=2"]);
    assert!(!run.stdout.contains("writers=1"), "{}", run.stdout);
}

#[test]
fn matrix_shows_an_axis_across() {
    let run = check(&["matrix", "article-classes"], 0);
    contains(&run.stdout, &["local", "readers", "writers=1", "writers=2", "clean", "stale"]);
}

#[test]
fn trace_shows_the_articles_stale_read() {
    let run = check(&["trace"], 0);
    contains(&run.stdout, &["reader", "writer", "redis GET → v0"]);
    assert_eq!(run.stdout, check(&["trace", "control-article"], 0).stdout, "the same each time");
}

/// A reader and `writers` writers of one key.
fn writers(name: &str, writers: u32) -> File {
    let text = format!(
        "name = \"{name}\"\nabout = \"a test\"\ncache = \"tiered\"\nlocal = \"cold\"\nremote = \"present\"\n\
         [[thread]]\nname = \"reader\"\nops = [{GET}]\n\
         [[thread]]\nname = \"writer\"\ncount = {writers}\nops = [{SET}]\n\
         [[expect]]\n{LINEARIZABLE}\n"
    );
    File::new(name, &text)
}

#[test]
fn a_large_case_is_searched_by_states_with_the_reason() {
    // 118,092 classes, and a quarter as many states.
    let file = writers("large", 3);
    let run = check(&["gate", file.path(), "--format", "json"], 0);
    let case = json_lines(&run.stdout).remove(0);
    assert_eq!((&case["engine"], &case["verdict"]), (&"stateful".into(), &"clean".into()), "{case}");
    assert_eq!(case["engine_reason"], "more than 100,000 schedules");
    assert_eq!((&case["schedules"], &case["complete"]), (&Value::Null, &true.into()));
    let count = |name: &str| case[name].as_u64().unwrap_or_else(|| panic!("no {name}: {case}"));
    assert!(count("states") > 1_000 && count("transitions") > count("states"), "{case}");
    assert!((16..200).contains(&count("bytes_per_state")), "{case}");
    let states = run_of_states(&check(&["explore", file.path()], 0).stdout);
    assert_eq!(states, count("states"), "explore and gate count the same states");
}

/// The number of states in a table of one case.
fn run_of_states(text: &str) -> u64 {
    contains(
        text,
        &["\n  states  verdict\n", "\n  searched by states: more than 100,000 schedules\n", " states, "],
    );
    let row = text.lines().nth(2).expect("a row").trim().split(' ').next().expect("a number");
    row.replace(',', "").parse().expect(row)
}

#[test]
fn a_bound_on_states_ends_the_search_and_reports_its_progress() {
    let file = writers("states", 2);
    let words = ["gate", file.path(), "--engine", "stateful", "--max-states", "100"];
    contains(
        &check(&words, 3).stdout,
        &[
            "gate: 1 case in 100 states, ",
            "bounded, but must be complete: nothing found in 100 states \
             (stopped at the bound of 100 states, after 100 states of ",
            " bytes each, about ",
            " % of the search)",
        ],
    );
    let run = check(&[&words[..], &["--format", "json"]].concat(), 3);
    let case = json_lines(&run.stdout).remove(0);
    assert_eq!((&case["verdict"], &case["states"]), (&"bounded".into(), &100.into()), "{case}");
    assert!((0.0..1.0).contains(&case["done"].as_f64().expect("a share")), "{case}");
    // A bound above the number of states has no effect.
    check(&["gate", file.path(), "--engine", "stateful", "--max-states", "1000000"], 0);
    // A case with few classes is not searched by states.
    check(&["gate", file.path(), "--max-states", "1"], 0);
    let refused = check(&["gate", file.path(), "--engine", "optimal", "--max-states", "1"], 2);
    contains(&refused.stderr, &["--max-states requires a stateful search", "optimal"]);
    contains(&check(&["gate", "--max-states", "0"], 2).stderr, &["max-states"]);
}

/// A folder that does not exist.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = fs::remove_dir_all(&path);
    path
}

/// The recorded trace of the control, in a separate file.
fn recorded(name: &str) -> PathBuf {
    let run = check(&["trace", "control-article", "--format", "json"], 0);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.trace.json"));
    fs::write(&path, run.stdout).expect("a file for the test");
    path
}

#[test]
fn a_recorded_trace_is_shown_like_that_of_its_scenario() {
    let path = recorded("recorded");
    let path = path.to_str().expect("UTF-8");
    for (form, sign) in [
        ("text", "Stale: observer's get user:1"),
        ("json", "\"format\": \"selvedge-trace\""),
        ("mermaid", "sequenceDiagram"),
        ("perfetto", "\"traceEvents\""),
        ("shiviz", "(?<host>"),
        ("html", "<!doctype html>"),
    ] {
        let shown = check(&["trace", path, "--format", form], 0).stdout;
        contains(&shown, &[sign, "user:1"]);
        assert_eq!(shown, check(&["trace", "control-article", "--format", form], 0).stdout, "{form}");
    }
}

#[test]
fn a_file_without_a_trace_is_2() {
    let text = fs::read_to_string(recorded("whole")).expect("it is there");
    let cases = [
        ("broken", "{]", "is not JSON"),
        ("cut", &text[..text.len() / 2], "is cut off"),
        ("other", "{}", "not a recorded trace"),
        ("newer", &text.replace("\"version\": 1,\n", "\"version\": 7,\n"), "is of version 7"),
        ("unfit", &text.replace("\"task\": 0", "\"task\": 9"), "but `tasks` has 3 elements"),
    ];
    for (name, text, said) in cases {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.trace.json"));
        fs::write(&path, text).expect("a file for the test");
        let run = check(&["trace", path.to_str().expect("UTF-8")], 2);
        assert_eq!(run.stdout, "", "{name}");
        let said_in = run.stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        contains(&said_in, &[said]);
    }
    contains(&check(&["trace", "no-such.json"], 2).stderr, &["cannot read no-such.json"]);
    contains(&check(&["trace", "one.json", "control-article"], 2).stderr, &["one.json is a recorded trace"]);
}

#[test]
fn a_report_has_a_page_and_the_traces() {
    let violation = File::scenario("reported", "article", GET, SET, LINEARIZABLE);
    for (command, code) in [("gate", 1), ("explore", 1)] {
        let report = folder(&format!("report-{command}")).join("deeper");
        let words = [command, violation.path(), "control-epoch", "--report", report.to_str().expect("UTF-8")];
        check(&words, code);
        let page = fs::read_to_string(report.join("index.html")).expect("the page");
        contains(&page, &["\"scenario\":\"reported\"", "\"scenario\":\"control-epoch\""]);
        for name in ["reported.only", "control-epoch.only"] {
            let trace = report.join(format!("{name}.trace.json"));
            let shown = check(&["trace", trace.to_str().expect("UTF-8")], 0).stdout;
            contains(&shown, &["scenario  ", "redis GET → v0"]);
        }
    }
}

#[test]
fn a_report_that_cannot_be_written_is_2_and_nothing_is_explored() {
    let file = File::new("in-the-way", "");
    for command in ["explore", "gate"] {
        let run = check(&[command, "control-article", "--report", file.path()], 2);
        contains(&run.stderr, &["cannot write the report to", "in-the-way.toml", "--report"]);
        assert_eq!(run.stdout, "", "{command}");
    }
}

#[test]
fn trace_reports_that_there_is_none() {
    let run = check(&["trace", "tiered-delete", "--case", "readers=1"], 0);
    assert_eq!(run.stdout, "");
    contains(&run.stderr, &["no trace to show"]);
}

const TRACE: [&str; 2] = ["trace", "control-article"];

#[test]
fn output_without_a_terminal_has_no_colour_by_default() {
    assert!(!check(&TRACE, 0).stdout.contains('\x1b'));
    assert!(check(&["trace", "control-article", "--color", "always"], 0).stdout.contains('\x1b'));
    for command in ["explore", "gate"] {
        let file = File::scenario(&format!("colour-{command}"), "article", GET, SET, LINEARIZABLE);
        assert!(!check(&[command, file.path()], 1).stdout.contains('\x1b'), "{command}");
        assert!(check(&[command, file.path(), "--color", "always"], 1).stdout.contains('\x1b'), "{command}");
    }
}

/// The output of the command on a terminal of this width.
#[cfg(target_os = "linux")]
fn on_a_terminal(words: &[&str], columns: u16, variables: &[(&str, &str)]) -> String {
    use std::io::Read;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it can be used");
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&ours, size).expect("it has a size");
    let theirs = ptsname(&ours, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
    let theirs = fs::OpenOptions::new().read(true).write(true).open(theirs).expect("it opens");
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(words).env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = command.stdout(theirs).spawn().expect("the binary runs");
    drop(command);
    let (mut written, mut ours) = (Vec::new(), fs::File::from(ours));
    // Reading the terminal fails once its other side is closed.
    _ = ours.read_to_end(&mut written);
    assert!(child.wait().expect("it ends").success());
    String::from_utf8(written).expect("UTF-8").replace("\r\n", "\n")
}

#[cfg(target_os = "linux")]
fn plain_words(words: &[&str]) -> Vec<String> {
    check(words, 0).stdout.split_whitespace().map(str::to_owned).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colours_and_its_own_width() {
    let plain = check(&TRACE, 0).stdout;
    assert!(on_a_terminal(&TRACE, 120, &[]).contains('\x1b'));
    for (words, variables) in [
        (&TRACE[..], &[("NO_COLOR", "1")][..]),
        (&TRACE, &[("TERM", "dumb")]),
        (&["trace", "control-article", "--color", "never"], &[]),
    ] {
        assert_eq!(on_a_terminal(words, 120, variables), plain, "{words:?} {variables:?}");
    }
    assert!(
        on_a_terminal(&TRACE, 120, &[("NO_COLOR", "")]).contains('\x1b'),
        "an empty variable counts as unset"
    );
    let folded = on_a_terminal(&["list"], 80, &[]);
    assert!(folded.lines().all(|line| line.chars().count() <= 80), "{folded}");
    assert_eq!(folded.split_whitespace().collect::<Vec<_>>(), plain_words(&["list"]));
    let narrow = on_a_terminal(&["trace", "control-epoch"], 80, &[("NO_COLOR", "1")]);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    // On a narrow terminal, the notes of a step are below it.
    let wide = check(&["trace", "control-epoch"], 0).stdout;
    assert_eq!(narrow.matches('◄').count(), wide.matches('◄').count(), "{narrow}\n{wide}");
    assert!(wide.contains('◄'), "{wide}");
}

#[test]
fn a_closed_pipe_neither_panics_nor_passes() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command.args(["explore", "control-article"]).stdout(writer).output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
