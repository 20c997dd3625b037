//! A script as the cache of a proof.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use selvedge_sim::scenario::{Mistake, Mistakes};
use selvedge_sim::script::Script;

/// Whether the cache is a script's file, not a name.
pub(super) fn is_script(cache: &str) -> bool {
    cache.ends_with(".star")
}

/// Reads and compiles the script.
pub(super) fn read(path: &str) -> Result<Arc<Script>, Mistakes> {
    let text = Script::read(Path::new(path)).map_err(|error| {
        let what = format!("the script {path} cannot be read: {error}");
        let help = "--cache names a cache, or a script's file relative to the current folder".to_owned();
        Mistakes::from(Mistake::without_place(what, Some(help)))
    })?;
    Script::parse(path, &text).map_err(|errors| Mistakes(errors.into_iter().map(Mistake::from).collect()))
}

/// The name of the script in a scenario with this file: its path relative to the scenario's folder.
pub(super) fn named_in(script: &str, scenario: &Path) -> String {
    let folder = scenario.parent().filter(|its| !its.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let relative = match (fs::canonicalize(folder), fs::canonicalize(script)) {
        (Ok(folder), Ok(script)) => relative(&folder, &script),
        _ => PathBuf::from(script),
    };
    // A scenario has this separator on each system.
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    match relative.components().next() {
        Some(Component::Normal(_)) => format!("./{}", parts.join("/")),
        Some(Component::ParentDir) => parts.join("/"),
        _ => relative.to_string_lossy().into_owned(),
    }
}

fn relative(folder: &Path, file: &Path) -> PathBuf {
    let shared = folder.components().zip(file.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(file.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::relative;
    use std::path::Path;

    #[test]
    fn a_path_is_relative_to_the_scenarios_folder() {
        for (folder, file, expected) in [
            ("/a/b", "/a/b/orders.star", "orders.star"),
            ("/a/b", "/a/b/c/orders.star", "c/orders.star"),
            ("/a/b", "/a/orders.star", "../orders.star"),
            ("/a/b/c", "/a/d/orders.star", "../../d/orders.star"),
        ] {
            assert_eq!(relative(Path::new(folder), Path::new(file)), Path::new(expected));
        }
    }
}
