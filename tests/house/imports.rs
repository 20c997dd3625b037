//! Which crate may import which.

use std::path::Path;

use super::{ROOT, manifest, read, sources};

/// A crate, and the crates of the workspace that it may depend on.
const CRATES: [(&str, &[&str]); 11] = [
    (".", &[]),
    ("sim/engine", &[]),
    ("sim/redis", &["selvedge-engine"]),
    ("sim/harness", &["selvedge", "selvedge-engine", "selvedge-redis"]),
    ("sim/cli", &["selvedge-redis", "selvedge-sim"]),
    // A part of the user's test. `selvedge test` alone links the runtime into it, by name.
    ("sim/native", &[]),
    ("sim/native/runtime", &["selvedge-engine", "selvedge-redis"]),
    ("sim/redis-server", &[]),
    // It must not depend on the simulator that explores it.
    ("sim/team-cache", &[]),
    ("sim/mutants", &["selvedge", "selvedge-cli", "selvedge-sim"]),
    (
        "sim/bench",
        &["selvedge", "selvedge-engine", "selvedge-redis", "selvedge-redis-server", "selvedge-sim"],
    ),
];

/// An external crate, and the places in the product that may import it. Tests may import any.
const OTHERS: [(&str, &[&str]); 9] = [
    ("loom", &["sim/harness/src/backends/", "sim/bench/src/"]),
    ("shuttle", &["sim/harness/src/backends/", "sim/bench/src/"]),
    (
        "redis",
        &[
            "./src/remote/",
            "sim/redis/src/face/",
            "sim/cli/src/error/replay.rs",
            "sim/cli/src/fleet/",
            "sim/cli/src/replay/",
            "sim/bench/src/",
            "sim/team-cache/src/",
        ],
    ),
    ("tokio", &["./src/remote/redis/", "sim/redis/src/face/", "sim/bench/src/"]),
    ("dashmap", &["./src/sync/std.rs", "sim/bench/src/"]),
    ("crossbeam", &["./src/sync/std.rs", "sim/engine/src/work_queue.rs"]),
    ("libc", &["sim/engine/src/coroutine/", "sim/native/src/runtime.rs", "sim/native/runtime/src/"]),
    ("mlua", &["sim/redis/src/script/"]),
    ("parking_lot", &["./src/sync/std.rs"]),
];

/// The lines with the word outside of a comment, before one of `next`.
fn lines_with(files: &[String], word: &str, next: &[&str]) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    for file in files {
        for (number, line) in read(file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let is_word = |at: usize| {
                // In backticks, a message names it.
                !code[..at].ends_with(inside)
                    && !code[..at].ends_with('`')
                    && next.iter().any(|next| code[at + word.len()..].starts_with(next))
            };
            if code.match_indices(word).any(|(at, _)| is_word(at)) {
                found.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

/// The lines outside of these places.
fn elsewhere(lines: &[String], places: &[&str]) -> Vec<String> {
    let is_there = |line: &&String| places.iter().any(|place| line.starts_with(place));
    lines.iter().filter(|line| !is_there(line)).cloned().collect()
}

#[test]
fn each_crate_depends_only_on_allowed_crates_of_the_workspace() {
    let members = manifest(".")["workspace"]["members"].clone();
    let members: Vec<String> = members.try_into().expect("a list of folders");
    let known = CRATES.map(|(folder, _)| folder);
    assert!(
        members.iter().all(|member| known.contains(&member.as_str())),
        "a crate without a rule: {members:?}"
    );
    for (folder, may) in CRATES {
        let dependencies = manifest(folder)["dependencies"].clone();
        let dependencies = dependencies.as_table().expect("a table").keys();
        let ours = dependencies.filter(|name| name.starts_with("selvedge"));
        let others: Vec<_> = ours.filter(|name| !may.contains(&name.as_str())).collect();
        assert!(others.is_empty(), "{folder} may depend on {may:?}, not on {others:?}");
    }
}

#[test]
fn optional_parts_are_optional_dependencies() {
    for (folder, dependency) in
        [("sim/redis", "selvedge-engine"), ("sim/redis", "mlua"), ("sim/harness", "selvedge-redis")]
    {
        let manifest = manifest(folder);
        let is_optional = manifest["dependencies"][dependency].get("optional").and_then(toml::Value::as_bool);
        assert_eq!(is_optional, Some(true), "{folder} is used without {dependency}");
        let default = manifest["features"].get("default").and_then(toml::Value::as_array);
        // Scripts are enabled by default: most users of a Redis need them, and not all have an
        // engine.
        let is_allowed = |feature: &toml::Value| folder == "sim/redis" && feature.as_str() == Some("lua");
        assert!(
            default.is_none_or(|default| default.iter().all(is_allowed)),
            "{folder} has default features"
        );
    }
}

#[test]
fn external_crates_are_imported_only_in_their_places() {
    let mut files: Vec<_> = CRATES.iter().flat_map(|(folder, _)| sources(&format!("{folder}/src"))).collect();
    files.retain(|file| !file.ends_with("/tests.rs") && !file.contains("/tests/"));
    for (name, places) in OTHERS {
        // `crossbeam` is a family of crates, such as crossbeam_queue. Other names may begin a
        // function's name.
        let next: &[_] = if name == "crossbeam" { &["::", "_"] } else { &["::", " as ", ";"] };
        let lines = lines_with(&files, name, next);
        assert_eq!(elsewhere(&lines, places), [""; 0], "{name} belongs in {places:?}");
    }
    // The search works: it finds the imports in the allowed places.
    assert!(!lines_with(&files, "loom", &["::"]).is_empty());
}

#[test]
fn only_coroutines_and_native_mode_contain_unsafe_code() {
    let folders = CRATES.iter().flat_map(|(folder, _)| [format!("{folder}/src"), format!("{folder}/tests")]);
    let files: Vec<_> =
        folders.filter(|folder| Path::new(ROOT).join(folder).is_dir()).flat_map(|it| sources(&it)).collect();
    let lines = lines_with(&files, "unsafe", &[" "]);
    assert!(!lines.is_empty());
    let places = ["sim/engine/src/coroutine/", "sim/native/src/runtime.rs", "sim/native/runtime/src/"];
    assert_eq!(elsewhere(&lines, &places), [""; 0]);
    assert_eq!(manifest(".")["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for (folder, _) in CRATES {
        let lints = manifest(folder)["lints"].clone();
        let inherited = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let has_unsafe_code = ["sim/engine", "sim/native", "sim/native/runtime"].contains(&folder);
        assert!(inherited || has_unsafe_code, "{folder} has lints of its own");
    }
}
