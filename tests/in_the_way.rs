//! Obstacles to each command: a clear message and the exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const SCHEDULE: &str = "s1:ab2c2ba";

struct Run {
    stdout: String,
    /// The message in one line, without its frame.
    stderr: String,
}

/// A separate folder for a test, in which its commands run.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).expect("a file for the test");
    }

    fn folder(&self, name: &str) {
        fs::create_dir_all(self.path().join(name)).expect("a folder for the test");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
        command.args(words).current_dir(self.path()).env_remove("GITHUB_ACTIONS");
        command
    }

    /// Runs a command and checks its exit code.
    #[track_caller]
    fn check(&self, words: &[&str], code: i32) -> Run {
        ended(self.command(words).output().expect("the binary runs"), words, code)
    }
}

#[track_caller]
fn ended(output: Output, words: &[&str], code: i32) -> Run {
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{words:?}\n{stdout}\n{stderr}");
    let words: Vec<_> = stderr.split_whitespace().filter(|word| *word != "│").collect();
    Run { stdout, stderr: words.join(" ") }
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

/// A scenario of one reader and `writers` writers.
fn scenario(cache: &str, writers: u32, expect: &str) -> String {
    format!(
        "name = \"{cache}-{writers}\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
         [[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n\
         [[thread]]\nname = \"writer\"\ncount = {writers}\nops = [\"set user:1\"]\n\
         [[expect]]\n{expect}\n"
    )
}

const LINEARIZABLE: &str = "consistency = \"linearizable\"";

#[test]
fn a_folder_without_a_scenario() {
    let folder = Folder::new();
    folder.folder("scenarios");
    folder.write("scenarios/README.md", "nothing of ours");
    folder.write("a.trace.json", folder.check(&["trace", "control-article", "--format", "json"], 0).stdout);
    for words in [
        &["explore", "scenarios"][..],
        &["gate", "scenarios"],
        &["matrix", "scenarios"],
        &["trace", "scenarios"],
        &["list", "scenarios"],
        &["replay", "scenarios", "--schedule", SCHEDULE],
        &["replay", "a.trace.json", "scenarios"],
    ] {
        let run = folder.check(words, 2);
        assert_eq!(run.stdout, "", "{words:?}");
        contains(&run.stderr, &["the folder scenarios contains no scenario", "a file `*.toml`"]);
    }
}

/// Checks that both commands report the unreadable file with this message.
#[track_caller]
fn no_trace(folder: &Folder, name: &str, said: &[&str]) {
    for command in ["trace", "replay"] {
        let run = folder.check(&[command, name], 2);
        assert_eq!(run.stdout, "", "{command}");
        contains(&run.stderr, said);
        contains(&run.stderr, &[name, "help:"]);
    }
}

#[test]
fn a_file_that_is_not_a_trace() {
    let folder = Folder::new();
    let text = folder.check(&["trace", "control-article", "--format", "json"], 0).stdout;
    folder.write("broken.json", text.replacen("\"steps\": [", "\"steps\": [,", 1));
    no_trace(&folder, "broken.json", &["broken.json is not JSON"]);
    folder.write("bytes.json", [0xff, 0xfe, 0x00, 0x7b]);
    no_trace(&folder, "bytes.json", &["bytes.json is not JSON"]);
    folder.write("other.json", "{\"name\": \"a package\"}");
    no_trace(&folder, "other.json", &["not a recorded trace"]);
    folder.write("newer.json", text.replacen("\"version\": 1,", "\"version\": 2, \"news\": true,", 1));
    no_trace(
        &folder,
        "newer.json",
        &["newer.json is of version 2 of the format", "reads version 1", "update selvedge"],
    );
    folder.write("schedule.json", text.replacen(SCHEDULE, "s1:a!", 1));
    no_trace(&folder, "schedule.json", &["`schedule`: character 5"]);
    folder.folder("folder.json");
    no_trace(&folder, "folder.json", &["cannot read folder.json"]);
    no_trace(&folder, "nowhere.json", &["cannot read nowhere.json"]);
}

#[test]
fn a_trace_that_is_truncated_anywhere() {
    let folder = Folder::new();
    let text = folder.check(&["trace", "control-article", "--format", "json"], 0).stdout;
    for length in (0..text.trim_end().len()).step_by(397).filter(|&at| text.is_char_boundary(at)) {
        folder.write("cut.json", &text[..length]);
        no_trace(&folder, "cut.json", &["cut.json is cut off", "record the trace again"]);
    }
}

#[test]
fn a_report_that_cannot_be_created() {
    let folder = Folder::new();
    folder.write("file", "");
    folder.folder("page-is-a-folder/index.html");
    for command in ["explore", "gate", "matrix"] {
        for place in ["file", "file/deeper", "page-is-a-folder"] {
            let run = folder.check(&[command, "control-article", "--report", place], 2);
            contains(&run.stderr, &[&format!("cannot write the report to {place}"), "--report"]);
            assert_eq!(run.stdout, "", "nothing is explored");
        }
    }
    assert_eq!(fs::read(folder.path().join("file")).expect("it is there"), b"", "the file is unchanged");
}

#[test]
fn a_report_that_cannot_be_continued() {
    let folder = Folder::new();
    folder.folder("report/control-epoch.only.trace.json");
    for command in ["explore", "gate"] {
        let run = folder.check(&[command, "control-article", "control-epoch", "--report", "report"], 2);
        contains(&run.stderr, &["cannot write the report to report/control-epoch.only.trace.json"]);
        // The cases before the error are there.
        folder.check(&["trace", "report/control-article.only.trace.json"], 0);
        let page = fs::read_to_string(folder.path().join("report/index.html")).expect("the page");
        contains(&page, &["\"scenario\":\"control-article\""]);
    }
}

/// A device without free space.
#[cfg(target_os = "linux")]
#[test]
fn a_report_on_a_full_disk() {
    let folder = Folder::new();
    folder.folder("report");
    let trace = folder.path().join("report/control-article.only.trace.json");
    std::os::unix::fs::symlink("/dev/full", trace).expect("a link");
    let run = folder.check(&["gate", "control-article", "--report", "report"], 2);
    contains(
        &run.stderr,
        &["cannot write the report to report/control-article.only.trace.json", "No space left"],
    );
}

/// Sends Ctrl-C when the first case is in the report and the second is being searched.
#[cfg(unix)]
fn interrupted(command: &str, engine: &str, second: &str, code: i32) -> (Folder, Run) {
    let folder = Folder::new();
    folder.write("second.toml", second);
    let words = [command, "control-article", "second.toml", "--budget", "1h", "--report", "report"];
    let words = [&words[..], &["--engine", engine]].concat();
    let mut process = folder.command(&words);
    let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let first = folder.path().join("report/index.html");
    while !fs::read_to_string(&first).is_ok_and(|page| page.contains("\"scenario\":\"control-article\"")) {
        assert!(process.try_wait().expect("it is ours").is_none(), "it ends before it is interrupted");
        std::thread::yield_now();
    }
    let status = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
    assert!(status.expect("a signal").success());
    let run = ended(process.wait_with_output().expect("it ends"), &words, code);
    (folder, run)
}

#[cfg(unix)]
#[test]
fn ctrl_c_during_a_search_reports_the_results_so_far() {
    for command in ["explore", "gate", "matrix"] {
        let (folder, run) = interrupted(command, "optimal", &scenario("tiered", 12, LINEARIZABLE), 130);
        contains(
            &run.stdout,
            &["gate: 2 cases in ", "1 as expected, 1 not:", "FAIL tiered-12 only", "interrupted"],
        );
        folder.check(&["trace", "report/control-article.only.trace.json"], 0);
        let page = fs::read_to_string(folder.path().join("report/index.html")).expect("the page");
        contains(&page, &["\"scenario\":\"tiered-12\"", "interrupted"]);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_during_a_stateful_search_reports_its_progress() {
    let (folder, run) = interrupted("gate", "stateful", &scenario("tiered", 12, LINEARIZABLE), 130);
    let found = "FAIL tiered-12 only\n       bounded, but must be complete: nothing found in ";
    let (_, said) = run.stdout.split_once(found).unwrap_or_else(|| panic!("{}", run.stdout));
    let (states, _) = said.split_once(" (interrupted after ").expect(said);
    assert!(said.starts_with(&format!("{states} (interrupted after {states} of ")), "{said}");
    assert!(states.ends_with(" states") && said.contains(" bytes each, about "), "{said}");
    let page = fs::read_to_string(folder.path().join("report/index.html")).expect("the page");
    contains(&page, &[&format!("\"searched\":\"{states}\""), "\"engine\":\"stateful\""]);
}

/// Before any output: until the handler is installed and the search has begun, the signal ends the
/// process.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_during_the_search_for_a_trace() {
    let folder = Folder::new();
    folder.write("long.toml", scenario("tiered", 12, LINEARIZABLE));
    let words = ["trace", "long.toml", "--budget", "1h"];
    let mut process = folder.command(&words);
    let process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let [status, stat] = ["status", "stat"].map(|name| format!("/proc/{}/{name}", process.id()));
    let is_caught = || {
        let status = fs::read_to_string(&status).expect("the process is there");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
        u64::from_str_radix(caught.trim(), 16).expect("in hex") & 0b10 != 0
    };
    // The fourteenth field is the time in user mode, in ticks of 10 ms: the start takes less.
    let is_searching = || {
        let text = fs::read_to_string(&stat).expect("the process is there");
        let (_, fields) = text.rsplit_once(") ").expect("the name ends");
        fields.split(' ').nth(11).and_then(|ticks| ticks.parse::<u64>().ok()).expect("a time") >= 50
    };
    while !is_caught() || !is_searching() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let sent = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
    assert!(sent.expect("a signal").success());
    let run = ended(process.wait_with_output().expect("it ends"), &words, 130);
    assert_eq!(run.stdout, "");
    contains(&run.stderr, &["no trace to show", "interrupted"]);
}
