//! The rules of the repository that no compiler checks: imports, the order of modules, and words.

mod homonyms;
mod imports;
mod layers;
mod words;

use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The folders of the crates.
const FOLDERS: [&str; 9] = [
    ".",
    "sim/engine",
    "sim/redis",
    "sim/harness",
    "sim/cli",
    "sim/redis-server",
    "sim/team-cache",
    "sim/mutants",
    "sim/bench",
];

/// The text of a file.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest(folder: &str) -> toml::Table {
    let path = Path::new(ROOT).join(folder).join("Cargo.toml");
    fs::read_to_string(path).expect("each crate has a manifest").parse().expect("cargo has read it")
}

/// The Rust files of a folder and of those in it.
fn sources(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder of the house") {
        let entry = entry.expect("it can be read");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("UTF-8"));
        if entry.path().is_dir() {
            files.extend(sources(&path));
        } else if path.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}
