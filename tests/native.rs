//! `selvedge test` on packages outside of the workspace, as users have them.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Runs `selvedge test` in a fixture. Returns the exit code and the output.
fn selvedge_test(fixture: &str, fails: bool, arguments: &[&str]) -> (i32, String) {
    // cargo would wait for the folder anyway, and say so in the output.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = root.join("sim/native/fixtures").join(fixture).join("Cargo.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(["test", "--locked", "--manifest-path"]).arg(manifest).args(arguments);
    // Old versions of crates, and pools, are downloaded once. All others are the workspace's.
    if !fixture.starts_with("published") && fixture != "pools" {
        command.arg("--offline");
    }
    // One folder for all fixtures, so that the runtime is built once.
    command.env("CARGO_TARGET_DIR", target());
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    if fails {
        command.env("NATIVE_PROGRAMS_FAIL", "1");
    }
    let output = command.output().expect("the binary runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code().unwrap_or(-1), text.concat())
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("native")
}

/// The programs of the literature, written with std's types, have the known numbers of classes; and
/// programs that wait in std's precompiled code have the right verdicts.
#[test]
fn programs_of_the_types_of_std() {
    let (code, output) = selvedge_test("programs", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("50 tests run: 50 passed, 0 failed"), "{output}");
}

#[test]
fn tests_are_listed_and_filtered() {
    let (code, output) = selvedge_test("programs", false, &["--list", "wainc"]);
    assert_eq!((code, output.lines().next()), (0, Some("native-programs::atomics wainc")), "{output}");
    let (code, output) = selvedge_test("programs", false, &["no_such_test"]);
    assert_eq!(code, 4, "{output}");
}

/// A failure is printed with the user's own lines; its schedule is replayed in another process.
#[test]
fn a_failure_has_a_trace_and_a_schedule() {
    let junit = target().join("junit.xml");
    let path = junit.to_str().expect("the path is text");
    let (code, output) = selvedge_test("programs", true, &["an_update_is_lost", "--junit", path]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("panic: main panicked at tests/failing.rs:21"), "{output}");
    assert!(output.contains("failing::an_upd") && output.contains("failing.rs:16"), "{output}");
    let junit = fs::read_to_string(junit).expect("the file was written");
    assert!(
        junit.contains("<testsuites name=\"selvedge-test\" tests=\"1\" failures=\"1\" errors=\"0\">"),
        "{junit}"
    );

    let line = output.lines().find(|line| line.contains("--schedule ")).expect("the schedule is printed");
    let schedule = line.rsplit(' ').next().expect("the last word");
    let (code, output) = selvedge_test("programs", true, &["an_update_is_lost", "--schedule", schedule]);
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("an update was lost") && output.contains("\n1 executions, "), "{output}");
}

/// Bugs of real crates, unchanged, at the versions of the workspace's lock file.
#[test]
fn museum() {
    let (code, output) = selvedge_test("museum", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("6 tests run: 6 passed, 0 failed"), "{output}");
}

/// Published bugs of crates at the versions that have them, and the versions that mend them.
#[test]
fn published_bugs() {
    let passes = |package: &str, tests: usize| {
        let (code, output) = selvedge_test(&format!("published/{package}"), false, &["--no-fail-fast"]);
        assert_eq!(code, 0, "{output}");
        assert!(output.contains(&format!("{tests} tests run: {tests} passed, 0 failed")), "{output}");
    };
    passes("first", 5);
    passes("second", 6);
    passes("third", 3);
}

/// `TieredCache` as it ships, and its mutants.
#[test]
fn shipped_cache() {
    let (code, output) = selvedge_test("shipped", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("5 tests run: 5 passed, 0 failed"), "{output}");
}

/// Programs with connections to a simulated Redis, and on tokio.
#[test]
fn programs_that_use_the_network() {
    let (code, output) = selvedge_test("network", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("21 tests run: 21 passed, 0 failed"), "{output}");
}

/// A stale read is found in each of four caches, which do not depend on Selvedge.
#[test]
fn caches_of_teams() {
    let (code, output) = selvedge_test("teams", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("4 tests run: 4 passed, 0 failed"), "{output}");
}

/// Pools of connections to a simulated Redis.
#[test]
fn pools_of_connections() {
    let (code, output) = selvedge_test("pools", false, &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("3 tests run: 3 passed, 0 failed"), "{output}");
}
