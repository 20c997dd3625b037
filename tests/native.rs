//! `selvedge test` on packages outside of the workspace, as users have them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `selvedge test` in a fixture. Returns the exit code and the output.
fn selvedge_test(fixture: &str, arguments: &[&str]) -> (i32, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = root.join("sim/native/fixtures").join(fixture).join("Cargo.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    command.args(["test", "--offline", "--manifest-path"]).arg(manifest).args(arguments);
    // One folder for all fixtures, so that the runtime is built once.
    command.env("CARGO_TARGET_DIR", target()).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = command.output().expect("the binary runs");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code().unwrap_or(-1), text.concat())
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("native")
}

/// The programs of the literature, written with std's types, have the known numbers of classes.
#[test]
fn programs_with_known_counts() {
    let (code, output) = selvedge_test("programs", &["--no-fail-fast"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("34 tests run: 34 passed, 0 failed"), "{output}");
    assert!(!output.contains("nothing explored"), "{output}");
}
