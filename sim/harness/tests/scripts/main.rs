//! Caches that are written as scripts.

mod entry_points;
mod hostile;
mod language;
mod libraries;
mod like_compiled;
mod mistakes;
mod museum;
mod mutations;
mod prove;
mod steps;
mod weak_memory;
mod whole_redis;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, Mistakes, Scenario, load};
use selvedge_sim::verdict::{Budget, CaseReport, Engine};

/// A scenario of one reader and one writer; `more` has its other fields.
fn one_reader(more: &str, expected: &str) -> String {
    format!(
        "name = \"test\"\nabout = \"a test\"\ncache = \"./cache.star\"\n{more}\n\
         [[thread]]\nname = \"reader\"\nops = [\"get user:1\"]\n\
         [[thread]]\nname = \"writer\"\nops = [\"set user:1\"]\n\
         [[expect]]\n{expected}\n"
    )
}

/// The tiers of most tests.
const PLAIN: &str = "local = \"cold\"\nremote = \"present\"";

/// Writes the script and the scenario to a folder of their own, and reads the scenario.
fn read(script: &str, scenario: &str) -> Result<Scenario, Mistakes> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "scripts-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    fs::create_dir_all(&folder).expect("the folder is writable");
    fs::write(folder.join("cache.star"), script).expect("the folder is writable");
    let file = folder.join("scenario.toml");
    fs::write(&file, scenario).expect("the folder is writable");
    let loaded = load(&file.to_string_lossy(), &Protocol::known());
    fs::remove_dir_all(&folder).expect("the folder is ours");
    loaded.map(|mut scenarios| scenarios.remove(0))
}

/// The only case of a script with this scenario.
fn case(script: &str, scenario: &str) -> Case {
    read(script, scenario).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).cases.remove(0)
}

fn explore(case: &Case, engine: Engine) -> CaseReport {
    Exploration::of(case).engine(engine).run()
}

/// Explores at most this many schedules.
fn explore_some(case: &Case, schedules: u64) -> CaseReport {
    let budget = Budget { schedules: Some(schedules), ..Budget::default() };
    Exploration::of(case).engine(Engine::Optimal).budget(budget).run()
}

/// Every script that is shipped: its path.
fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a folder");
    let mut scripts = Vec::new();
    let mut folders = vec![
        root.join("museum"),
        root.join("harness/scripts"),
        root.join("cli/templates"),
        root.join("libraries"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "star") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    scripts
}

/// The message of the script's first error, with its place.
fn mistake_of(script: &str) -> String {
    let mistakes =
        read(script, &one_reader(PLAIN, "consistency = \"eventual\"")).expect_err("it has a mistake");
    mistakes.0[0].to_string()
}
