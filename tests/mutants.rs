//! The gate catches our own protocol when it is broken: each mutant of the core fails it, with a trace that shows why.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use selvedge_mutants::Mutant;
use selvedge_sim::protocols::Caches;
use serde_json::Value;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Runs a command on every case of the mutant. The exit code, and what it wrote on stdout.
#[track_caller]
fn run(command: &str, mutant: Mutant, format: &str) -> (i32, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_selvedge-mutants"));
    let cases = format!("cache={},", mutant.name());
    program.args([command, SCENARIOS, "--case", &cases, "--format", format]).env_remove("GITHUB_ACTIONS");
    let Output { status, stdout, .. } = program.output().expect("the binary runs");
    (status.code().expect("no signal"), String::from_utf8(stdout).expect("UTF-8"))
}

/// The rules that are broken in any of the cases, and whether one has a deadlock.
fn broken(lines: &str) -> BTreeSet<String> {
    let mut broken = BTreeSet::new();
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).expect(line);
        let verdict = case["verdict"].as_str().expect("a string");
        assert!(case["complete"] == true || verdict == "deadlock", "{line}");
        broken.extend(case["violations"].as_object().expect("an object").keys().cloned());
        broken.extend((verdict == "deadlock").then(|| verdict.to_owned()));
    }
    broken
}

/// The table has what breaks and what does not, such as the unmutated core: so it is the step that fails the gate, and
/// not how mutants are made.
#[test]
fn the_gate_finds_in_each_mutant_what_the_table_says() {
    for &mutant in Mutant::ALL {
        let expected: BTreeSet<_> = mutant.violations().iter().copied().map(str::to_owned).collect();
        let (code, lines) = run("gate", mutant, "json");
        assert_eq!(code, if expected.is_empty() { 0 } else { 1 }, "{}\n{lines}", mutant.name());
        assert_eq!(broken(&lines), expected, "{}\n{lines}", mutant.name());
    }
    let wrong = Mutant::ALL.iter().filter(|mutant| !mutant.violations().is_empty()).count();
    assert!(wrong >= 12 && Mutant::Unmutated.violations().is_empty());
}

#[test]
fn the_trace_shows_why() {
    for &mutant in Mutant::ALL.iter().filter(|mutant| !mutant.violations().is_empty()) {
        let (code, trace) = run("trace", mutant, "text");
        assert_eq!(code, 1, "{}", mutant.name());
        assert!(run("gate", mutant, "text").1.contains(&trace), "{}: the gate shows it too", mutant.name());
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => mutant.about(),
        }, {
            insta::assert_snapshot!(format!("mutant-{}", mutant.name()), trace);
        });
    }
}
