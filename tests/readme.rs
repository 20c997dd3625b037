//! The README shows real output of the commands, and its instructions work.

use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../README.md");

/// The code blocks of this language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    // Text and blocks alternate.
    let inside = README.split("```").skip(1).step_by(2);
    inside.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// Runs the binary, checks the exit code and returns the output.
#[track_caller]
fn selvedge(words: &[&str], code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    let output = command.args(words).env_remove("GITHUB_ACTIONS").output().expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_two_commands_come_first() {
    let first = README.split("```").nth(1).expect("a code block");
    let commands: Vec<_> = first.lines().map(|line| line.split('#').next().unwrap_or("").trim()).collect();
    assert_eq!(commands, ["sh", "cargo run --release -- explore", "cargo test --workspace"]);
}

#[test]
fn the_trace_is_the_output_of_the_command() {
    assert!(README.contains("`cargo run --release -- trace control-article`"));
    assert_eq!(blocks("text"), [selvedge(&["trace", "control-article"], 0)]);
}

#[test]
fn the_scenario_passes_and_fails_with_the_articles_cache() {
    let [scenario] = blocks("toml")[..] else { panic!("one scenario") };
    let gate = |name: &str, text: &str, code| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).expect("a file for the test");
        selvedge(&["gate", path.to_str().expect("UTF-8")], code)
    };
    assert!(gate("readme.toml", scenario, 0).contains("all as expected"));
    let broken = scenario.replace("\"tiered\"", "\"article\"");
    assert!(gate("readme-article.toml", &broken, 1).contains("Stale: "));
}

#[test]
fn every_link_and_folder_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let links = README.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let folders = README.lines().filter(|line| line.starts_with("| `")).flat_map(|line| line.split('`'));
    let local = links.filter(|link| !link.starts_with("http")).chain(folders.filter(|it| it.ends_with('/')));
    for path in local {
        let path = path.split('#').next().unwrap_or(path);
        assert!(root.join(path).exists(), "{path}");
    }
}
