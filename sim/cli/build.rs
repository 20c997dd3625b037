//! Sets `SELVEDGE_VERSION`: the version, with the commit of a release build where it is known.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    // A debug build is not distributed. It would be linked again after each commit.
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if is_release { of_package().or_else(of_checkout) } else { None };
    let version = commit.map_or(version.clone(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=SELVEDGE_VERSION={version}");
    println!("cargo::rerun-if-changed=build.rs");
}

/// The commit that `cargo package` has noted.
fn of_package() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    rest.get(..10).map(str::to_owned)
}

/// The commit of the checkout, if this crate is in one: a copy of the crate in another repository
/// has none.
fn of_checkout() -> Option<String> {
    let git = |words: &[&str]| {
        let output =
            Command::new("git").args(words).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if git(&["rev-parse", "--show-prefix"])? != "sim/cli/" {
        return None;
    }
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=10", "HEAD"])
}
