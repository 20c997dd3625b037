//! Checkpoints: a resumed search has the same result as one without an interruption.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A separate folder for a test, with one scenario.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, cache: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("checkpoints-{name}"));
        // The folder may exist from a previous run.
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        let folder = Folder(path);
        folder.scenario(cache, "cold");
        folder
    }

    fn scenario(&self, cache: &str, local: &str) {
        let text = format!(
            "name = \"four\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"{local}\"\nremote = \"present\"\n\
             [[thread]]\nname = \"reader\"\ncount = 2\nops = [\"get user:1\", \"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\ncount = 2\nops = [\"set user:1\"]\n\
             [[expect]]\nconsistency = \"linearizable\"\n"
        );
        fs::write(self.0.join("four.toml"), text).expect("a file for the test");
    }

    /// Explores the scenario and checks the exit code.
    #[track_caller]
    fn explore(&self, words: &[&str], code: i32) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
        command.current_dir(&self.0).args(["explore", "four.toml"]).args(words);
        let output = command.output().expect("the binary runs");
        let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert_eq!(output.status.code(), Some(code), "{words:?}\n{}{}", text[0], text[1]);
        output
    }

    /// The JSON result of the exploration, without the fields that depend on timing.
    #[track_caller]
    fn result(&self, words: &[&str], code: i32) -> Value {
        let output = self.explore(&[words, &["--format", "json"]].concat(), code);
        let mut report: Value = serde_json::from_slice(&output.stdout).expect("one object");
        for other in ["events", "bytes_per_state", "wall_ms", "done"] {
            report.as_object_mut().expect("an object").remove(other);
        }
        report
    }

    /// The files in the folder of checkpoints.
    fn kept(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.0.join("kept")).expect("a folder of checkpoints");
        files.map(|file| file.expect("a file").path()).collect()
    }
}

const KEPT: [&str; 2] = ["--checkpoint", "kept"];

fn words<'w>(words: &[&'w str]) -> Vec<&'w str> {
    [&KEPT, words].concat()
}

#[test]
fn a_resumed_search_has_the_same_result() {
    let folder = Folder::new("parts", "tiered");
    let whole = folder.result(&["--engine", "stateful"], 0);
    for (most, jobs) in [("4000", "1"), ("9000", "2")] {
        let part = folder.result(&words(&["--engine", "stateful", "--max-states", most, "--jobs", jobs]), 3);
        assert_eq!((&part["verdict"], part["states"].to_string().as_str()), (&"bounded".into(), most));
        assert_eq!(folder.kept().len(), 1);
    }
    assert_eq!(folder.result(&words(&["--engine", "stateful", "--jobs", "3"]), 0), whole);
    assert_eq!(folder.kept(), [] as [PathBuf; 0], "a completed search has no checkpoint");
}

#[test]
fn a_violation_found_before_a_checkpoint_is_reported() {
    let folder = Folder::new("found", "article");
    let whole = folder.result(&["--engine", "stateful"], 1);
    assert!(whole["violations"]["stale"].as_u64() > Some(0), "{whole}");
    folder.result(&words(&["--engine", "stateful", "--max-states", "900"]), 1);
    assert_eq!(folder.kept().len(), 1);
    assert_eq!(folder.result(&words(&["--engine", "stateful"]), 1), whole);
}

#[test]
fn a_resumed_search_does_not_repeat_the_search_by_classes() {
    let folder = Folder::new("auto", "tiered");
    let part = folder.result(&words(&["--max-states", "4000"]), 3);
    assert_eq!(part["engine"], "stateful");
    let report = folder.result(&KEPT, 0);
    assert_eq!((&report["engine"], &report["verdict"]), (&"stateful".into(), &"clean".into()));
    assert!(report.to_string().contains("more than 100,000 schedules"), "{report}");
}

#[test]
fn an_unusable_checkpoint_is_reported_and_not_changed() {
    let folder = Folder::new("wrong", "tiered");
    let part = words(&["--engine", "stateful", "--max-states", "500"]);
    let output = folder.explore(&part, 3);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("of the search; saved in kept, to be resumed"), "{text}");
    let refused = |why: &str| {
        let output = folder.explore(&part, 2);
        let text = String::from_utf8_lossy(&output.stderr).replace("\n  │", "");
        assert!(text.contains(why) && text.contains("help: "), "{text}");
        assert_eq!(folder.kept().len(), 1);
    };
    folder.scenario("tiered", "warm");
    refused("the case has changed since the checkpoint");
    folder.scenario("tiered", "cold");
    let file = &folder.kept()[0];
    let bytes = fs::read(file).expect("the checkpoint");
    fs::write(file, &bytes[..bytes.len() - 1]).expect("the checkpoint");
    refused("its digest does not match");
    fs::write(file, "something else").expect("the checkpoint");
    refused("its first line is not that of this version");
    fs::write(file, &bytes).expect("the checkpoint");
    folder.explore(&words(&["--engine", "stateful"]), 0);
}

#[test]
fn a_search_by_classes_has_no_checkpoints() {
    let folder = Folder::new("classes", "tiered");
    let output = folder.explore(&words(&["--engine", "optimal"]), 2);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("--checkpoint requires a stateful search, and --engine optimal is not one"),
        "{text}"
    );
}
