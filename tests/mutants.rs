//! The gate detects each mutant of the core, with a trace that shows the reason.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use selvedge_mutants::Mutant;
use selvedge_sim::protocols::Caches;
use serde_json::Value;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Runs a command on every case of the mutant. Returns the exit code and the output.
#[track_caller]
fn run(command: &str, mutant: Mutant, format: &str) -> (i32, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_selvedge-mutants"));
    let cases = format!("cache={},", mutant.name());
    program.args([command, SCENARIOS, "--case", &cases, "--format", format]).env_remove("GITHUB_ACTIONS");
    let Output { status, stdout, .. } = program.output().expect("the binary runs");
    (status.code().expect("no signal"), String::from_utf8(stdout).expect("UTF-8"))
}

/// The rules broken in any case, and `deadlock` if a case has one.
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

/// The table also has mutants that break nothing, such as the unmutated core: so the changed step
/// fails the gate, not the way in which mutants are generated.
#[test]
fn the_gate_finds_the_listed_violations_of_each_mutant() {
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
fn the_trace_shows_the_reason() {
    for &mutant in Mutant::ALL.iter().filter(|mutant| !mutant.violations().is_empty()) {
        let (code, trace) = run("trace", mutant, "text");
        assert_eq!(code, 1, "{}", mutant.name());
        assert!(
            run("gate", mutant, "text").1.contains(&trace),
            "{}: the gate shows the same trace",
            mutant.name()
        );
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
