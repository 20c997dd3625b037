//! Baselines: what cases came to when somebody last looked, a file each, in words.
//!
//! A scenario has baselines if there is a folder for them: `baseline/<scenario>/` beside its file, or in the folder that
//! `--baseline` names. Then every case is held to its own, and one without is a change too: else a file that was lost
//! would go unnoticed.
//!
//! What is accepted is that a case *changed*. Whether it passes is the scenario's to say, and no file here has a part in
//! that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use selvedge_sim::number::counted;
use selvedge_sim::report::Judged;
use selvedge_sim::scenario::Scenario;
use selvedge_sim::verdict::Engine;

use super::diff::diff;
use crate::args::GateOptions;
use crate::error::{Failure, GateError};

const FIRST_WORDS: &str = "selvedge baseline ";
const VERSION: u32 = 1;

/// The baselines of the scenarios that the gate was asked for.
pub(super) struct Baselines {
    accept: bool,
    recorded: u64,
    refused: u64,
    removed: u64,
    folders: BTreeMap<String, Folder>,
}

/// The baselines of one scenario.
struct Folder {
    path: PathBuf,
    /// The accepted texts, by the names of their files.
    accepted: BTreeMap<String, String>,
}

impl Baselines {
    /// Reads what there is. Without a folder, and if nothing is to be accepted, there is nothing to compare with.
    pub(super) fn open(
        scenarios: &[Scenario],
        engine: Engine,
        options: &GateOptions,
    ) -> Result<Self, Failure> {
        let none = Baselines {
            accept: options.accept,
            recorded: 0,
            refused: 0,
            removed: 0,
            folders: BTreeMap::new(),
        };
        if engine != Engine::Auto {
            if options.accept || options.baseline.is_some() {
                return Err(GateError::OtherEngine { engine: engine.name() }.into());
            }
            return Ok(none);
        }
        if let Some(path) = options.baseline.as_ref().filter(|path| !options.accept && !path.is_dir()) {
            return Err(GateError::NoFolder { path: path.clone() }.into());
        }
        let mut folders = BTreeMap::new();
        for scenario in scenarios {
            let beside = scenario.file.as_ref().map(|file| file.with_file_name("baseline"));
            let path = match options.baseline.clone().or(beside) {
                Some(folder) => folder.join(encoded(&scenario.name)),
                None if options.accept => {
                    return Err(GateError::NoPlace { scenario: scenario.name.clone() }.into());
                }
                None => continue,
            };
            let accepted = read_folder(&path)?;
            if let Some(accepted) = accepted.or_else(|| options.accept.then(BTreeMap::new)) {
                folders.insert(scenario.name.clone(), Folder { path, accepted });
            }
        }
        Ok(Baselines { folders, ..none })
    }

    /// Holds a case to its baseline; or makes what it came to its baseline, if that is to be accepted and can be.
    pub(super) fn meet(&mut self, scenario: &Scenario, judged: &mut Judged<'_>) -> Result<(), Failure> {
        let Some(folder) = self.folders.get_mut(&scenario.name) else { return Ok(()) };
        let file = file_name(&judged.case.name);
        let accepted = folder.accepted.remove(&file);
        if !judged.judgement.passed() {
            self.refused += u64::from(self.accept);
            return Ok(());
        }
        let now = text(judged);
        if accepted.as_deref().is_some_and(|accepted| is_same(accepted, &now)) {
            return Ok(());
        }
        if self.accept {
            let path = folder.path.join(file);
            let written = fs::create_dir_all(&folder.path).and_then(|()| fs::write(&path, now));
            written.map_err(|error| GateError::Baseline { what: "write", path, error })?;
            self.recorded += 1;
            return Ok(());
        }
        match accepted {
            Some(accepted) => judged.differs(
                "as expected, but not as it was accepted: `selvedge gate --accept` takes it over",
                diff(&accepted, &now),
            ),
            None => judged.differs(
                "as expected, but it has no baseline yet: `selvedge gate --accept` records it",
                diff("", &now),
            ),
        }
        Ok(())
    }

    /// The scenario has no further case. The baselines that are left are of cases that it no longer has, unless they
    /// were not asked for; they are told, or removed if that is to be accepted.
    pub(super) fn leave(&mut self, scenario: &Scenario) -> Result<Vec<(String, String)>, Failure> {
        let Some(folder) = self.folders.remove(&scenario.name) else { return Ok(Vec::new()) };
        let known: BTreeSet<_> = scenario.every_case.iter().map(|case| file_name(case)).collect();
        let mut gone = Vec::new();
        for file in folder.accepted.into_keys().filter(|file| !known.contains(file)) {
            if self.accept {
                let path = folder.path.join(&file);
                let removed = fs::remove_file(&path);
                removed.map_err(|error| GateError::Baseline { what: "remove", path, error })?;
                self.removed += 1;
            } else {
                let why = format!(
                    "{} is of no case any more: `selvedge gate --accept` removes it",
                    folder.path.join(&file).display()
                );
                gone.push((file.trim_end_matches(".txt").to_owned(), why));
            }
        }
        Ok(gone)
    }

    /// What was accepted, if anything was to be.
    pub(super) fn said(&self) -> Option<String> {
        let Baselines { accept, recorded, refused, removed, .. } = *self;
        if !accept {
            return None;
        }
        let mut said = format!("baseline: {} recorded", counted(recorded, "change"));
        if removed > 0 {
            said += &format!(", {} removed", counted(removed, "file"));
        }
        if refused > 0 {
            let cases = counted(refused, "case");
            said += &format!("; {cases} refused: what is not as the scenario expects cannot be accepted");
        }
        Some(said + "\n")
    }
}

/// How far a bounded search came depends on the machine: there is nothing to compare.
fn is_same(accepted: &str, now: &str) -> bool {
    let bounded = |text: &str| text.lines().any(|line| line == "search    bounded");
    accepted == now || bounded(accepted) || bounded(now)
}

fn text(judged: &Judged<'_>) -> String {
    format!("{FIRST_WORDS}{VERSION}\n{}", judged.report)
}

/// The files of a folder; `None` if there is no such folder.
fn read_folder(folder: &Path) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let unreadable = |path: &Path, error| {
        Failure::from(GateError::Baseline { what: "read", path: path.to_owned(), error })
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let mut texts = BTreeMap::new();
    for entry in entries.map_err(|error| unreadable(folder, error))? {
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.ends_with(".txt") {
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
        // Version control may have given the lines other ends.
        let text = String::from_utf8(bytes).map(|text| text.replace("\r\n", "\n"));
        let text = text.map_err(|_| "it is not UTF-8".to_owned());
        match text.and_then(|text| check(&text).map(|()| text)) {
            Ok(text) => _ = texts.insert(name, text),
            Err(why) => return Err(GateError::NoBaseline { path, why }.into()),
        }
    }
    Ok(Some(texts))
}

fn check(text: &str) -> Result<(), String> {
    let first = text.lines().next().unwrap_or("");
    let Some(version) = first.strip_prefix(FIRST_WORDS) else {
        return Err(format!("its first line must be `{FIRST_WORDS}{VERSION}`, and is `{first}`"));
    };
    match version.parse::<u32>() {
        Ok(VERSION) if text.lines().any(|line| line.starts_with("verdict ")) => Ok(()),
        Ok(VERSION) => Err("it has no line `verdict`: it was cut short".to_owned()),
        Ok(newer) if newer > VERSION => {
            Err(format!("it is of version {newer}, and this selvedge knows {VERSION}: a newer one wrote it"))
        }
        _ => Err(format!("`{version}` is no version: it must be {VERSION}")),
    }
}

fn file_name(case: &str) -> String {
    format!("{}.txt", encoded(case))
}

/// A name as a file's: what some system would not have in one is written as its bytes.
fn encoded(name: &str) -> String {
    let mut file = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'=' | b',' => file.push(byte.into()),
            b'.' if !file.is_empty() => file.push('.'),
            _ => file += &format!("%{byte:02X}"),
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::{check, encoded};

    #[test]
    fn names_become_files_that_every_system_takes() {
        assert_eq!(encoded("local=cold,readers=1"), "local=cold,readers=1");
        assert_eq!(encoded("../a b/ü"), "%2E.%2Fa%20b%2F%C3%BC");
    }

    #[test]
    fn what_is_no_baseline_is_told() {
        assert_eq!(check("selvedge baseline 1\nverdict   clean\n"), Ok(()));
        for (text, why) in [
            ("", "its first line must be `selvedge baseline 1`, and is ``"),
            ("{}", "its first line must be `selvedge baseline 1`, and is `{}`"),
            ("selvedge baseline 1\nscen", "it has no line `verdict`: it was cut short"),
            ("selvedge baseline 2\n", "it is of version 2, and this selvedge knows 1: a newer one wrote it"),
            ("selvedge baseline one\n", "`one` is no version: it must be 1"),
        ] {
            assert_eq!(check(text), Err(why.to_owned()));
        }
    }
}
