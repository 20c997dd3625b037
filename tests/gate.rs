//! The gate in a CI job: budgets, reports, baselines, interrupts, and errors.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_selvedge");

/// A separate folder for a test, with scenarios.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gate-{name}"));
        // The folder may exist from a previous run.
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("scenarios")).expect("a folder for the test");
        Folder { path }
    }

    /// A scenario of one reader and `writers` writers.
    fn scenario(&self, name: &str, cache: &str, writers: u32, expect: &str) -> &Self {
        let text = format!(
            "name = \"{name}\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
             [[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\ncount = {writers}\nops = [\"set user:1\"]\n\
             [[expect]]\n{expect}\n"
        );
        self.write(&format!("scenarios/{name}.toml"), &text);
        self
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path.join(file), text).expect("a file for the test");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// The command in this folder, without the variables of a CI runner.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(words).current_dir(&self.path);
        command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
        command
    }

    /// Runs a command and checks its exit code.
    #[track_caller]
    fn check(&self, words: &[&str], code: i32) -> Run {
        ended(self.command(words).output().expect("the binary runs"), words, code)
    }
}

#[derive(Debug)]
struct Run {
    stdout: String,
    stderr: String,
}

#[track_caller]
fn ended(output: Output, words: &[&str], code: i32) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let run = Run { stdout: text(output.stdout), stderr: text(output.stderr) };
    assert_eq!(output.status.code(), Some(code), "{words:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    // Long lines of errors are wrapped.
    let folded: Vec<_> = text.split_whitespace().filter(|word| *word != "│").collect();
    let folded = folded.join(" ");
    for part in parts {
        assert!(text.contains(part) || folded.contains(part), "no {part:?} in\n{text}");
    }
}

const LINEARIZABLE: &str = "consistency = \"linearizable\"";
const STALE: &str = "violations = [\"stale\", \"lasting\"]";
const BOUNDED: &str = "consistency = \"linearizable\"\nbounded = true";

#[test]
fn a_total_budget_shrinks_with_each_case_and_unreached_cases_are_bounded() {
    let folder = Folder::new("total");
    folder.scenario("a", "article", 1, STALE).scenario("b", "article", 1, STALE);
    folder.scenario("c", "tiered", 1, BOUNDED).scenario("d", "tiered", 1, LINEARIZABLE);
    // `a` and `b` have 5 schedules each. The budget leaves one for `b`, and none for the others.
    let run = folder.check(&["gate", "scenarios", "--total-schedules", "6"], 3);
    contains(
        &run.stdout,
        &[
            "gate: 4 cases in 6 schedules",
            "1 as expected, 3 not:",
            "bounded, and the control has not failed: stale, lasting not found in 1 schedule \
             (stopped at the bound of 6 schedules in all, after 1 schedule)",
            "FAIL c only\n       not explored: the bound of 6 schedules in all was used up\n",
            "and 1 case after it, also not explored",
        ],
    );
    let run = folder.check(&["gate", "scenarios", "--total-schedules", "6", "--format", "json"], 3);
    let complete: Vec<_> = run.stdout.lines().map(|line| json(line)["complete"].clone()).collect();
    assert_eq!(complete, [true, false, false, false]);
    // A total budget of 0 ms explores no case.
    let run = folder.check(&["gate", "scenarios", "--total-budget", "0s"], 3);
    contains(&run.stdout, &["gate: 4 cases in 0 schedules", "the bound of 0 ms in all was used up"]);
    folder.check(&["gate", "scenarios", "--total-budget", "1h", "--total-schedules", "1000000"], 0);
}

#[test]
fn a_budget_per_case_ends_its_search() {
    let folder = Folder::new("each");
    folder.scenario("strict", "tiered", 2, LINEARIZABLE);
    let run = folder.check(&["gate", "scenarios", "--max-schedules", "2"], 3);
    contains(&run.stdout, &["bounded, but must be complete: nothing found in 2 schedules"]);
    folder.scenario("strict", "tiered", 2, BOUNDED);
    folder.check(&["gate", "scenarios", "--max-schedules", "2"], 0);
    folder.check(&["gate", "scenarios", "--budget", "0s"], 0);
}

#[test]
fn a_control_must_fail() {
    let folder = Folder::new("control");
    folder.scenario("tame", "tiered", 1, STALE);
    contains(&folder.check(&["gate", "scenarios"], 1).stdout, &["the control did not fail: stale, lasting"]);
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn junit_and_sarif_are_written_to_their_files() {
    let folder = Folder::new("reports");
    folder.scenario("bad", "article", 1, LINEARIZABLE).scenario("good", "tiered", 1, LINEARIZABLE);
    folder.write("gate.xml", "what was there before");
    folder.check(&["gate", "scenarios", "--junit", "gate.xml", "--sarif", "gate.sarif"], 1);
    let junit = folder.read("gate.xml");
    assert!(junit.starts_with("<?xml") && junit.trim_end().ends_with("</testsuites>"), "{junit}");
    contains(&junit, &["tests=\"2\"", "failures=\"1\"", "classname=\"bad\""]);
    let sarif = json(&folder.read("gate.sarif"));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["ruleId"], "stale");
    // Without failures the files are still written.
    folder.check(&["gate", "scenarios/good.toml", "--junit", "gate.xml", "--sarif", "gate.sarif"], 0);
    contains(&folder.read("gate.xml"), &["tests=\"1\"", "failures=\"0\""]);
    assert_eq!(json(&folder.read("gate.sarif"))["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn in_github_actions_failures_are_annotated_and_summarised() {
    let folder = Folder::new("github");
    folder.scenario("bad", "article", 1, LINEARIZABLE).scenario("hollow", "tiered", 1, STALE);
    folder.write("summary.md", "an earlier step\n");
    let run = |set: &[(&str, &str)], words: &[&str]| {
        let mut command = folder.command(words);
        let output = command.envs(set.iter().copied()).output().expect("the binary runs");
        ended(output, words, 1)
    };
    let annotated = |text: &str| text.lines().filter(|line| line.starts_with("::error ")).count();
    let inside = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let text = run(&inside, &["gate", "scenarios"]).stdout;
    assert_eq!(annotated(&text), 2, "{text}");
    // Without a trace, the annotation is at the line of the expectation.
    contains(
        &text,
        &[
            "::error file=scenarios/hollow.toml,line=13,title=selvedge%3A hollow only::the control did not fail",
        ],
    );
    let summary = folder.read("summary.md");
    assert!(summary.starts_with("an earlier step\n## selvedge gate: 2 of 2 cases failed\n"), "{summary}");
    // With JSON, stdout has only objects.
    let json = run(&inside, &["gate", "scenarios", "--format", "json"]);
    assert_eq!((annotated(&json.stdout), annotated(&json.stderr)), (0, 2));
    // With `--github` outside of GitHub Actions there is no file for the summary; without it, no
    // annotation.
    assert_eq!(annotated(&run(&[], &["gate", "scenarios", "--github"]).stdout), 2);
    assert_eq!(annotated(&run(&[], &["gate", "scenarios"]).stdout), 0);
    assert_eq!(annotated(&run(&[("GITHUB_ACTIONS", "false")], &["gate", "scenarios"]).stdout), 0);
}

#[test]
fn an_unwritable_output_is_2_before_the_search_begins() {
    let folder = Folder::new("unwritable");
    folder.scenario("bad", "article", 1, LINEARIZABLE);
    for (option, what) in [("--junit", "the JUnit report"), ("--sarif", "the SARIF log")] {
        for (path, why) in [("no/such/folder/report", "No such file"), ("scenarios", "directory")] {
            let run = folder.check(&["gate", "scenarios", option, path], 2);
            contains(
                &run.stderr,
                &[&format!("cannot write {what} to {path}"), why, "name a file in an existing folder"],
            );
            assert_eq!(run.stdout, "", "nothing was explored");
        }
    }
    let mut command = folder.command(&["gate", "scenarios", "--github"]);
    let output = command.env("GITHUB_STEP_SUMMARY", "no/such/summary.md").output().expect("the binary runs");
    contains(
        &ended(output, &["--github"], 2).stderr,
        &["cannot write the job's summary to no/such/summary.md"],
    );
}

#[test]
fn a_folder_without_a_scenario_is_2() {
    let folder = Folder::new("empty");
    let run = folder.check(&["gate", "scenarios"], 2);
    contains(&run.stderr, &["the folder scenarios contains no scenario", "*.toml", "nothing was explored"]);
    let run = folder.check(&["gate", "scenarois"], 2);
    contains(&run.stderr, &["scenarois is not a file, a folder or a shipped scenario"]);
}

#[test]
fn a_filter_without_a_matching_case_is_4() {
    let folder = Folder::new("filter");
    folder.scenario("good", "tiered", 1, LINEARIZABLE);
    let run = folder.check(&["gate", "scenarios", "--case", "local=cold", "--case", "x"], 4);
    contains(&run.stderr, &["no case has `local=cold` and `x` in its name; the first case is `only`"]);
    contains(&run.stdout, &["no case ran"]);
}

/// Sends a signal to a process, as a terminal does.
#[cfg(unix)]
fn interrupt(process: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -INT {process}")]).status();
    assert!(status.expect("a shell").success());
}

/// Sends Ctrl-C during a long search, after exploring `first`.
#[cfg(unix)]
fn interrupted(name: &str, first: (&str, &str)) -> (Folder, Run) {
    let folder = Folder::new(name);
    folder.scenario("a", first.0, 1, first.1).scenario("b", "tiered", 12, LINEARIZABLE);
    folder.scenario("c", "tiered", 1, LINEARIZABLE);
    let words = ["gate", "scenarios", "--budget", "1h", "--format", "json", "--junit", "gate.xml"];
    let mut command = folder.command(&words);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    let mut stdout = String::new();
    // The first case has completed; the search of the second is running or about to start.
    out.read_line(&mut stdout).expect("a line");
    interrupt(process.id());
    out.read_to_string(&mut stdout).expect("UTF-8");
    let mut stderr = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    let code = process.wait().expect("it ends").code();
    let expected = if first.1 == LINEARIZABLE && first.0 == "article" { 1 } else { 130 };
    assert_eq!(code, Some(expected), "{stdout}\n{stderr}");
    (folder, Run { stdout, stderr })
}

#[cfg(unix)]
#[test]
fn ctrl_c_reports_the_results_so_far() {
    let (folder, run) = interrupted("interrupted", ("article", STALE));
    let cases: Vec<_> = run.stdout.lines().map(json).collect();
    assert_eq!(cases.len(), 3);
    assert_eq!((&cases[0]["verdict"], &cases[0]["complete"]), (&"stale".into(), &true.into()));
    for case in &cases[1..] {
        assert_eq!((&case["verdict"], &case["complete"]), (&"bounded".into(), &false.into()), "{case}");
    }
    contains(&run.stderr, &["1 as expected, 2 not:", "not explored: the search was interrupted"]);
    // The JUnit report contains the interrupted cases too.
    contains(&folder.read("gate.xml"), &["tests=\"3\"", "failures=\"2\"", "interrupted"]);
}

#[cfg(unix)]
#[test]
fn a_violation_found_before_ctrl_c_is_reported() {
    let (_, run) = interrupted("interrupted-late", ("article", LINEARIZABLE));
    contains(&run.stderr, &["FAIL a only", "stale in 1, lasting in 1 of 5 schedules: not linearizable"]);
}

#[test]
fn a_baseline_is_recorded_beside_the_scenario_and_a_change_fails_until_it_is_accepted() {
    let folder = Folder::new("baseline");
    folder.scenario("stale", "article", 1, STALE).scenario("sound", "tiered", 1, LINEARIZABLE);
    contains(&folder.check(&["gate", "scenarios"], 0).stdout, &["all as expected"]);
    let run = folder.check(&["gate", "scenarios", "--accept"], 0);
    contains(&run.stdout, &["baseline: 2 changes recorded\n"]);
    let recorded = folder.read("scenarios/baseline/stale/only.txt");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("baseline-stale", recorded);
    });
    folder.check(&["gate", "scenarios"], 0);
    contains(
        &folder.check(&["gate", "scenarios", "--accept"], 0).stdout,
        &["baseline: 0 changes recorded\n"],
    );

    // With another writer the result is still as expected, but different.
    folder.scenario("stale", "article", 2, STALE);
    let run = folder.check(&["gate", "scenarios", "--junit", "gate.xml"], 1);
    contains(
        &run.stdout,
        &[
            "FAIL stale only: as expected, but different from the baseline: `selvedge gate --accept` updates it",
            "--- accepted\n+++ now\n",
            "\n-schedules 5\n",
            "\n+schedules 52\n+stale     10\n",
            "1 as expected, 1 not:",
        ],
    );
    contains(&folder.read("gate.xml"), &["type=\"changed\"", "+schedules 52"]);
    let run = folder.check(&["gate", "scenarios", "--format", "json"], 1);
    assert_eq!(run.stdout.lines().map(json).count(), 2);
    contains(&run.stderr, &["FAIL stale only: as expected, but different", "+schedules 52"]);
    contains(&folder.check(&["gate", "scenarios", "--accept"], 0).stdout, &["baseline: 1 change recorded\n"]);
    folder.check(&["gate", "scenarios"], 0);

    // The same counts with another witness.
    let accepted = folder.read("scenarios/baseline/stale/only.txt");
    folder.write("scenarios/baseline/stale/only.txt", &accepted.replace("→ miss", "→ hit"));
    contains(&folder.check(&["gate", "scenarios"], 1).stdout, &["→ hit\n+", "→ miss\n"]);
    // Converted line ends make no difference.
    folder.write("scenarios/baseline/stale/only.txt", &accepted.replace('\n', "\r\n"));
    folder.check(&["gate", "scenarios"], 0);
}

#[test]
fn the_baseline_of_a_stateful_search_names_the_engine() {
    let folder = Folder::new("baseline-states");
    // 118,092 classes.
    folder.scenario("large", "tiered", 3, LINEARIZABLE);
    folder.check(&["gate", "scenarios", "--accept"], 0);
    let recorded = folder.read("scenarios/baseline/large/only.txt");
    contains(&recorded, &["engine    stateful\nverdict   clean\nstates    "]);
    folder.check(&["gate", "scenarios"], 0);
    // Counts of classes are not compared with counts of states.
    folder.check(&["gate", "scenarios", "--engine", "optimal"], 0);
}

#[test]
fn a_violation_cannot_be_accepted() {
    let folder = Folder::new("refused");
    folder.scenario("good", "tiered", 1, LINEARIZABLE).scenario("guarded", "tiered", 1, LINEARIZABLE);
    folder.check(&["gate", "scenarios", "--accept"], 0);
    let before = folder.read("scenarios/baseline/guarded/only.txt");
    folder.scenario("guarded", "article", 1, LINEARIZABLE);
    for _ in 0..2 {
        let run = folder.check(&["gate", "scenarios", "--accept"], 1);
        contains(
            &run.stdout,
            &[
                "FAIL guarded only: stale in 1, lasting in 1 of 5 schedules: not linearizable",
                "baseline: 0 changes recorded; 1 case refused: a result that the scenario does not expect cannot be accepted\n",
            ],
        );
        assert_eq!(folder.read("scenarios/baseline/guarded/only.txt"), before);
    }
    folder.check(&["gate", "scenarios"], 1);
}

#[test]
fn a_new_or_removed_case_is_a_change() {
    let folder = Folder::new("moved");
    let axes = |labels: &str| {
        let text = format!(
            "name = \"moving\"\nabout = \"a test\"\ncache = \"tiered\"\nlocal = \"$local\"\nremote = \"present\"\n\
             thread = [{{ name = \"r\", ops = [\"get k\"] }}, {{ name = \"w\", ops = [\"set k\"] }}]\n\
             axes.local = {labels}\n[[expect]]\n{LINEARIZABLE}\n"
        );
        folder.write("scenarios/moving.toml", &text);
    };
    axes("[\"cold\"]");
    folder.check(&["gate", "scenarios", "--accept"], 0);
    axes("[\"warm\"]");
    let run = folder.check(&["gate", "scenarios"], 1);
    contains(
        &run.stdout,
        &[
            "FAIL moving local=warm: as expected, but without a baseline",
            "FAIL moving local=cold\n",
            "local=cold.txt belongs to no case",
        ],
    );
    let run = folder.check(&["gate", "scenarios", "--accept"], 0);
    contains(&run.stdout, &["baseline: 1 change recorded, 1 file removed\n"]);
    folder.check(&["gate", "scenarios"], 0);
    // An unselected case does not count as removed.
    axes("[\"warm\", \"expired\"]");
    folder.check(&["gate", "scenarios", "--case", "warm"], 0);
    folder.check(&["gate", "scenarios", "--accept", "--case", "expired"], 0);
    folder.check(&["gate", "scenarios"], 0);
}

#[test]
fn a_bounded_search_is_not_compared() {
    let folder = Folder::new("bounded");
    folder.scenario("slow", "tiered", 1, BOUNDED);
    folder.check(&["gate", "scenarios", "--accept", "--max-schedules", "2"], 0);
    let recorded = folder.read("scenarios/baseline/slow/only.txt");
    contains(&recorded, &["verdict   bounded\nsearch    bounded\n"]);
    assert!(!recorded.contains("schedules"), "{recorded}");
    folder.check(&["gate", "scenarios", "--max-schedules", "1"], 0);
    folder.check(&["gate", "scenarios"], 0);
}

#[test]
fn shipped_scenarios_have_baselines_in_the_given_folder() {
    let folder = Folder::new("shipped");
    let run = folder.check(&["gate", "control-article", "--accept"], 2);
    contains(&run.stderr, &["`control-article` ships with selvedge", "--baseline DIR"]);
    let run = folder.check(&["gate", "control-article", "--baseline", "kept"], 2);
    contains(&run.stderr, &["the folder of baselines kept does not exist", "--accept"]);
    folder.check(&["gate", "control-article", "--baseline", "kept", "--accept"], 0);
    folder.check(&["gate", "control-article", "--baseline", "kept"], 0);
    folder.write("kept/control-article/only.txt", "selvedge baseline 1\nverdict   clean\n");
    folder.check(&["gate", "control-article", "--baseline", "kept"], 1);
    folder.check(&["gate", "control-article"], 0);
    let run = folder.check(&["gate", "control-article", "--baseline", "kept", "--engine", "naive"], 2);
    contains(&run.stderr, &["baselines require the engine `auto`, not `naive`"]);
}

#[test]
fn a_broken_baseline_is_2_and_reported_before_the_search_begins() {
    let folder = Folder::new("broken");
    folder.scenario("good", "tiered", 1, LINEARIZABLE);
    folder.check(&["gate", "scenarios", "--accept"], 0);
    let file = "scenarios/baseline/good/only.txt";
    let text = folder.read(file);
    for (broken, why) in [
        (String::new(), "its first line is `` instead of `selvedge baseline 1`"),
        ("<<<<<<< HEAD\n".to_owned() + &text, "its first line is `<<<<<<< HEAD`"),
        (text[..25].to_owned(), "it is truncated"),
        (text.replace("baseline 1", "baseline 2"), "it has version 2, but this selvedge supports only 1"),
    ] {
        folder.write(file, &broken);
        for accept in [&["gate", "scenarios"][..], &["gate", "scenarios", "--accept"]] {
            let run = folder.check(accept, 2);
            contains(&run.stderr, &["only.txt is not a baseline: ", why, "restore it from version control"]);
            assert_eq!(run.stdout, "", "nothing was explored");
        }
    }
    fs::write(folder.path.join(file), [0xff, 0xfe]).expect("a file");
    contains(&folder.check(&["gate", "scenarios"], 2).stderr, &["it is not UTF-8"]);
    fs::remove_file(folder.path.join(file)).expect("it is there");
    fs::create_dir(folder.path.join(file)).expect("a folder in its place");
    contains(&folder.check(&["gate", "scenarios"], 2).stderr, &["cannot read the baseline", "only.txt"]);
}

#[test]
fn a_baseline_that_cannot_be_written_is_2() {
    let folder = Folder::new("baseline-unwritable");
    folder.scenario("good", "tiered", 1, LINEARIZABLE);
    folder.write("scenarios/baseline", "a file where the folder belongs");
    for words in [&["gate", "scenarios", "--accept"][..], &["gate", "scenarios"]] {
        contains(&folder.check(words, 2).stderr, &["the baseline scenarios/baseline/good"]);
    }
}
