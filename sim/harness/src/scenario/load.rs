//! Loads scenarios by name, from files and from folders.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::parse::{LARGEST, parse_with};
use super::shipped::SHIPPED_OF_SCRIPTS;
use super::{Known, Mistake, Mistakes, SHIPPED, Scenario, Scripts, parse};
use crate::nearest::nearest;

/// Loads the named scenarios, in order. Each word is the name of a shipped scenario, a file, or a
/// folder of `*.toml` files, which are sorted by name. Without words, loads every shipped scenario.
///
/// # Errors
///
/// Every error in every file; a file that cannot be read; a folder without a scenario; two
/// scenarios with the same name.
pub fn load_all<W: AsRef<str>>(words: &[W], known: &[Known<'_>]) -> Result<Vec<Scenario>, Mistakes> {
    let (mut scenarios, mut mistakes) = (Vec::new(), Vec::new());
    let all: Vec<&str> = match words {
        [] => SHIPPED.iter().map(|(name, _)| *name).collect(),
        words => words.iter().map(AsRef::as_ref).collect(),
    };
    for word in all {
        match load(word, known) {
            Ok(loaded) => scenarios.extend(loaded),
            Err(Mistakes(more)) => mistakes.extend(more),
        }
    }
    let mut names = BTreeSet::new();
    for scenario in &scenarios {
        if !names.insert(&scenario.name) {
            let what = format!("two scenarios have the name `{}`", scenario.name);
            let help = "rename one of them, or name it once: reports identify scenarios by name";
            mistakes.push(Mistake::without_place(what, Some(help.to_owned())));
        }
    }
    if mistakes.is_empty() { Ok(scenarios) } else { Err(Mistakes(mistakes)) }
}

/// Loads the scenarios of one word: see [`load_all`].
///
/// # Errors
///
/// Same as [`load_all`].
pub fn load(word: &str, known: &[Known<'_>]) -> Result<Vec<Scenario>, Mistakes> {
    if let Some((name, text)) = SHIPPED.iter().chain(SHIPPED_OF_SCRIPTS).find(|(name, _)| *name == word) {
        return Ok(vec![parse_with(&format!("{name}.toml"), text, known, Scripts::Shipped)?]);
    }
    let path = Path::new(word);
    let files = if path.is_dir() { files_of(path)? } else { vec![path.to_owned()] };
    let (mut scenarios, mut mistakes) = (Vec::new(), Vec::new());
    for file in files {
        let loaded = read(&file)
            .map_err(|error| Mistakes::from(unreadable(&file, &error)))
            .and_then(|text| parse(&file.to_string_lossy(), &text, known));
        match loaded {
            Ok(scenario) => scenarios.push(Scenario { file: Some(file), ..scenario }),
            Err(Mistakes(more)) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() { Ok(scenarios) } else { Err(Mistakes(mistakes)) }
}

/// Reads the file; of one larger than the limit, only enough to detect that.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Mistakes> {
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).and_then(Iterator::collect);
    let entries = entries.map_err(|error| unreadable(folder, &error))?;
    let mut files: Vec<_> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some(OsStr::new("toml")) && path.is_file())
        .collect();
    files.sort();
    if files.is_empty() {
        let what = format!("the folder {} contains no scenario", folder.display());
        return Err(Mistake::without_place(what, Some("a scenario is a file `*.toml`".to_owned())).into());
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Mistake {
    let shipped: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
    let help = match nearest(&path.to_string_lossy(), &shipped) {
        _ if error.kind() != io::ErrorKind::NotFound => None,
        Some(near) => Some(format!("did you mean the shipped scenario `{near}`?")),
        None => Some("name a file, a folder or a shipped scenario: `selvedge list` shows these".to_owned()),
    };
    let what = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("{} is not a file, a folder or a shipped scenario", path.display())
        }
        _ => format!("cannot read {}: {error}", path.display()),
    };
    Mistake::without_place(what, help)
}
