//! Three shards, merged, are one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with scenarios of different costs: some pass, one fails.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shards-{name}"));
    // The folder may exist from a previous run.
    _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("scenarios")).expect("a folder for the test");
    for (name, cache, expect) in [
        ("a-control", "article", "violations = [\"stale\", \"lasting\"]"),
        ("b-sound", "tiered", "consistency = \"linearizable\""),
        ("c-stale", "article", "consistency = \"linearizable\""),
        ("d-sound", "tiered", "consistency = \"regular\""),
    ] {
        let text = format!(
            "name = \"{name}\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"$local\"\nremote = \"present\"\n\
             [[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\nops = [\"set user:1\"]\n\
             [axes]\nlocal = [\"cold\", \"expired\"]\n[[expect]]\n{expect}\n"
        );
        fs::write(path.join(format!("scenarios/{name}.toml")), text).expect("a scenario");
    }
    path
}

#[track_caller]
fn selvedge(folder: &Path, words: &[&str], code: i32) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(words).current_dir(folder);
    command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{words:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

/// The text without its times.
fn timeless(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        for (before, after) in [("\"wall_ms\":", ","), ("\"wall_ms\":", "}"), (" time=\"", "\"")] {
            let parts: Vec<_> = line.split(before).map(str::to_owned).collect();
            let rest = parts[1..].iter().map(|part| {
                let end = part.find(after).unwrap_or(0);
                let digits = part[..end].chars().all(|its| its.is_ascii_digit() || its == '.');
                format!("{before}{}", if digits { &part[end..] } else { part })
            });
            line = parts[..1].iter().cloned().chain(rest).collect();
        }
        if line.starts_with("gate: ") || line.starts_with("  from ") {
            line.truncate(line.rfind(',').unwrap_or(line.len()));
        }
        // The table of a proof ends with a column of times.
        let time = [" ms", " s", " time"].into_iter().find_map(|end| line.strip_suffix(end));
        let counts = time.filter(|_| line.starts_with("  "));
        if let Some(end) = counts.and_then(|counts| counts.trim_end().rfind("  ")) {
            line.truncate(end);
        }
        kept += line.trim_end();
        kept.push('\n');
    }
    kept
}

/// The files of a report.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("a report").map(|entry| entry.expect("a file").path());
    let name = |path: &Path| path.file_name().expect("a name").to_str().expect("UTF-8").to_owned();
    entries.map(|path| (name(&path), fs::read_to_string(&path).expect("a text"))).collect()
}

#[test]
fn three_shards_of_a_gate_make_the_report_of_one_run() {
    let folder = folder("gate");
    for format in ["text", "json"] {
        let outputs = ["--junit", "one.xml", "--sarif", "one.sarif", "--report", "one", "--format", format];
        let (one, _) = selvedge(&folder, &[&["gate", "scenarios"][..], &outputs].concat(), 1);
        let mut codes = Vec::new();
        for shard in 1..=3 {
            let (of, report) = (format!("{shard}/3"), format!("shard-{shard}"));
            let words = ["gate", "scenarios", "--shard", &of, "--report", &report];
            let output =
                Command::new(env!("CARGO_BIN_EXE_selvedge")).args(words).current_dir(&folder).output();
            codes.push(output.expect("the binary runs").status.code().expect("no signal"));
        }
        assert!(codes.contains(&1) && codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
        // In any order.
        let words = ["merge", "shard-3", "shard-1", "shard-2", "--format", format];
        let outputs = ["--junit", "merged.xml", "--sarif", "merged.sarif", "--report", "merged"];
        let (merged, _) = selvedge(&folder, &[&words[..], &outputs].concat(), 1);
        assert_eq!(timeless(&merged), timeless(&one));
        let read = |name: &str| timeless(&fs::read_to_string(folder.join(name)).expect("a report"));
        assert_eq!(read("merged.xml"), read("one.xml"));
        assert_eq!(read("merged.sarif"), read("one.sarif"));
        assert_eq!(files(&folder.join("merged")), files(&folder.join("one")));
    }
}

#[test]
fn shards_of_explore_are_merged_too() {
    let folder = folder("explore");
    let (one, _) = selvedge(&folder, &["explore", "scenarios"], 1);
    for shard in ["1/2", "2/2"] {
        let report = format!("shard-{}", &shard[..1]);
        let words = ["explore", "scenarios", "--shard", shard, "--report", &report];
        let output = Command::new(env!("CARGO_BIN_EXE_selvedge")).args(words).current_dir(&folder).output();
        assert!(output.expect("the binary runs").status.code().is_some_and(|code| code < 2));
    }
    let (merged, _) = selvedge(&folder, &["merge", "shard-1", "shard-2"], 1);
    assert_eq!(timeless(&merged), timeless(&one));
}

#[test]
fn shards_of_a_proof_make_one_theorem_or_the_smallest_client() {
    let folder = folder("prove");
    for (cache, calls, code, shard_codes) in [("tiered", "3", 0, [0, 0]), ("epoch", "4", 1, [0, 1])] {
        let words = ["prove", "--cache", cache, "--calls", calls, "--threads", "3"];
        let (one, _) = selvedge(&folder, &words, code);
        for shard in ["1/2", "2/2"] {
            let report = format!("{cache}-{}", &shard[..1]);
            let words = [&words[..], &["--shard", shard, "--report", &report]].concat();
            let output =
                Command::new(env!("CARGO_BIN_EXE_selvedge")).args(words).current_dir(&folder).output();
            let output = output.expect("the binary runs");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(output.status.code().is_some_and(|code| shard_codes.contains(&code)), "{text}");
            assert!(!text.contains("for all clients"), "a shard proves nothing: {text}");
        }
        let words = ["merge", &format!("{cache}-1"), &format!("{cache}-2")];
        let (merged, _) = selvedge(&folder, &words, code);
        assert_eq!(timeless(&merged), timeless(&one));
    }
}

#[test]
fn a_merge_with_a_missing_or_foreign_piece_fails() {
    let folder = folder("pieces");
    let shard = |shard: &str, report: &str, more: &[&str]| {
        let words = [&["gate", "scenarios", "--shard", shard, "--report", report], more].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_selvedge")).args(words).current_dir(&folder).output();
        assert!(output.expect("the binary runs").status.code().is_some_and(|code| code < 2));
    };
    shard("1/2", "one", &[]);
    shard("2/2", "two", &[]);
    shard("2/2", "other", &["--max-schedules", "1000"]);
    let merge = |words: &[&str], why: &str| {
        let (stdout, stderr) = selvedge(&folder, &[&["merge"], words].concat(), 2);
        let folded = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(folded.contains(why) && stdout.is_empty(), "no {why:?} in {stderr}");
    };
    merge(&["one"], "the result of shard 2/2 is missing");
    merge(&["one", "one"], "one is a second result of shard 1/2");
    merge(&["one", "other"], "other is a shard of another run than one");
    merge(&["one", "none"], "cannot read none/shard.json");
    let piece = folder.join("two/shard.json");
    let text = fs::read_to_string(&piece).expect("a piece");
    let foreign = text.replacen("\"build\":\"", "\"build\":\"9", 1);
    fs::write(&piece, foreign).expect("a piece");
    merge(&["one", "two"], "two is a result of selvedge 9");
    fs::write(&piece, &text[..text.len() / 2]).expect("a piece");
    merge(&["one", "two"], "is not the result of a shard");
    fs::write(&piece, text).expect("a piece");
    selvedge(&folder, &["merge", "one", "two"], 1);
    // Another scenario than that of the shards.
    let scenario = folder.join("scenarios/b-sound.toml");
    let text = fs::read_to_string(&scenario).expect("a scenario");
    fs::write(&scenario, text.replace("linearizable", "regular")).expect("a scenario");
    merge(&["one", "two"], "the scenarios here are not those of the shards");
}

#[test]
fn shards_are_distributed_by_the_recorded_cost() {
    let folder = folder("cost");
    selvedge(&folder, &["gate", "scenarios", "--case", "local=cold"], 1);
    // The failing scenario has no baseline.
    fs::remove_file(folder.join("scenarios/c-stale.toml")).expect("a scenario");
    selvedge(&folder, &["gate", "scenarios", "--accept"], 0);
    // One case costs more than all others together, so it is alone in its shard.
    let file = folder.join("scenarios/baseline/b-sound/local=cold.txt");
    let text = fs::read_to_string(&file).expect("a baseline");
    let line = text.lines().find(|line| line.starts_with("schedules")).expect("a count").to_owned();
    fs::write(&file, text.replace(&line, "schedules 1,000,000")).expect("a baseline");
    let words = ["gate", "scenarios", "--shard", "1/3", "--report", "first", "--format", "json"];
    let (stdout, _) = selvedge(&folder, &words, 1);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(stdout.contains("\"scenario\":\"b-sound\",\"case\":\"local=cold\""), "{stdout}");
}
