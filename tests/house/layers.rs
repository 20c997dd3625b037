//! Inside a crate, too, dependencies run in one direction: a module imports only modules below it.

use std::collections::BTreeSet;

use super::{read, sources};

/// The modules of each crate, bottom up. A module may import those on its left.
const LAYERS: [(&str, &str); 6] = [
    (
        "src",
        "sync codec nodes remote settings lookup stats error derived template l1 fence member flights tiered builder",
    ),
    (
        "sim/engine/src",
        "number text binding_name determinism bound event schedule coroutine watchdog work_queue history dpor graph stateful strategy runtime \
     monitor sometimes hint choice wait time thread sync cell object native future script run trace witness progress report \
     verdict observer search capability explorer mode check",
    ),
    (
        "sim/harness/src",
        "excerpt number nearest plain look diagnostic history script oracle trace verdict scenario protocols backends monitor world scripted fleet explore \
         file_name checkpoint report prove object custom",
    ),
    (
        "sim/redis/src",
        "glob time resp notify keyspace dump error request session pubsub users script server command execution face",
    ),
    ("sim/redis-server/src", "server"),
    (
        "sim/cli/src",
        "wrap terminal interrupt allowance progress shard args look error fleet surroundings projection session trace replay \
         simulated_redis manual native new gate explore prove serve list matrix merge run bin",
    ),
];

/// The module of a file of the crate in `folder`: `sync` of `sync/mutex.rs`.
fn module<'a>(folder: &str, file: &'a str) -> &'a str {
    let path = file.strip_prefix(folder).expect("a file of the crate").trim_start_matches('/');
    path.split('/').next().expect("a path").trim_end_matches(".rs")
}

/// The modules of its own crate that a file imports by `crate::`, outside of comments and unit
/// tests.
fn imported(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut all = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let path = &code[at + found.len()..];
        let names: Vec<&str> = match path.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').map(str::trim).collect(),
            None => vec![path],
        };
        for name in names {
            all.insert(name.split(|c| !is_word(c)).next().unwrap_or_default().to_owned());
        }
    }
    all
}

#[test]
fn modules_import_only_modules_below_them() {
    let mut upwards = Vec::new();
    for (folder, order) in LAYERS {
        let order: Vec<&str> = order.split_whitespace().collect();
        let level = |module: &str| order.iter().position(|its| *its == module);
        for file in sources(folder) {
            let own = module(folder, &file);
            if matches!(own, "lib" | "main") || file.contains("/tests/") || file.ends_with("tests.rs") {
                continue;
            }
            let Some(own_level) = level(own) else { panic!("{file}: `{own}` has no place in LAYERS") };
            for other in imported(&read(&file)) {
                if other != own && level(&other).is_some_and(|level| level > own_level) {
                    upwards.push(format!("{file} imports {other}"));
                }
            }
        }
    }
    assert_eq!(upwards, [""; 0], "a module imports one above it");
}

#[test]
fn imports_are_found_in_each_form() {
    let text = "use crate::event::Decision;\nuse crate::{run, text::wrapped};\nfn f() { crate::thread::live() } // crate::no";
    let expected = ["event", "run", "text", "thread"].map(str::to_owned);
    assert_eq!(imported(text), BTreeSet::from(expected));
}
