//! Baselines: the accepted result of each case, as a text file.
//!
//! A scenario has baselines if there is a folder for them: `baseline/<scenario>/` beside its file,
//! or in the folder of `--baseline`. Then every case is compared with its baseline. A case without
//! one counts as changed: otherwise a lost file would go unnoticed.
//!
//! A baseline accepts only a *change* of a case. The scenario alone decides whether the case
//! passes.

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

/// The baselines of the selected scenarios.
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
    /// The accepted texts by file name.
    accepted: BTreeMap<String, String>,
}

impl Baselines {
    /// Reads the baselines. A scenario without a folder is not compared, unless its results are to
    /// be accepted.
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
                    return Err(GateError::ShippedScenario { scenario: scenario.name.clone() }.into());
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

    /// Compares a case with its baseline. With `--accept`, records the result of a passing case
    /// instead.
    pub(super) fn compare(&mut self, scenario: &Scenario, judged: &mut Judged<'_>) -> Result<(), Failure> {
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
                "as expected, but different from the baseline: `selvedge gate --accept` updates it",
                diff(&accepted, &now),
            ),
            None => judged.differs(
                "as expected, but without a baseline: `selvedge gate --accept` records it",
                diff("", &now),
            ),
        }
        Ok(())
    }

    /// Ends a scenario. Returns the baselines of cases that it no longer has, with a message each;
    /// with `--accept`, removes them instead.
    pub(super) fn finish(&mut self, scenario: &Scenario) -> Result<Vec<(String, String)>, Failure> {
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
                    "{} belongs to no case: `selvedge gate --accept` removes it",
                    folder.path.join(&file).display()
                );
                gone.push((file.trim_end_matches(".txt").to_owned(), why));
            }
        }
        Ok(gone)
    }

    /// The counts of accepted changes; `None` without `--accept`.
    pub(super) fn summary(&self) -> Option<String> {
        let Baselines { accept, recorded, refused, removed, .. } = *self;
        if !accept {
            return None;
        }
        let mut summary = format!("baseline: {} recorded", counted(recorded, "change"));
        if removed > 0 {
            summary += &format!(", {} removed", counted(removed, "file"));
        }
        if refused > 0 {
            let cases = counted(refused, "case");
            summary +=
                &format!("; {cases} refused: a result that the scenario does not expect cannot be accepted");
        }
        Some(summary + "\n")
    }
}

/// The number of schedules or states in the baseline of a case, which is its cost. `None` without a
/// baseline. `folder` is that of `--baseline`.
pub(crate) fn recorded_cost(folder: Option<&Path>, scenario: &Scenario, case: &str) -> Option<u64> {
    let beside = || scenario.file.as_ref().map(|file| file.with_file_name("baseline"));
    let folder = folder.map(Path::to_owned).or_else(beside)?;
    let text = fs::read_to_string(folder.join(encoded(&scenario.name)).join(file_name(case))).ok()?;
    let count = |line: &str| {
        let (name, number) = line.split_once(' ')?;
        let is_count = matches!(name, "schedules" | "states" | "schedule" | "state");
        number.trim().replace(',', "").parse().ok().filter(|_| is_count)
    };
    text.lines().find_map(count)
}

/// Whether the texts agree. Bounded searches always do: their counts depend on the machine.
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
        // Version control may convert line ends.
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
        return Err(format!("its first line is `{first}` instead of `{FIRST_WORDS}{VERSION}`"));
    };
    match version.parse::<u32>() {
        Ok(VERSION) if text.lines().any(|line| line.starts_with("verdict ")) => Ok(()),
        Ok(VERSION) => Err("it has no line `verdict`: it is truncated".to_owned()),
        Ok(newer) if newer > VERSION => Err(format!(
            "it has version {newer}, but this selvedge supports only {VERSION}: a newer one wrote it"
        )),
        _ => Err(format!("its version is `{version}` instead of {VERSION}")),
    }
}

fn file_name(case: &str) -> String {
    format!("{}.txt", encoded(case))
}

/// A name as a file name: characters that a file system may reject are percent-encoded.
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
    fn names_become_portable_file_names() {
        assert_eq!(encoded("local=cold,readers=1"), "local=cold,readers=1");
        assert_eq!(encoded("../a b/ü"), "%2E.%2Fa%20b%2F%C3%BC");
    }

    #[test]
    fn an_invalid_baseline_is_reported() {
        assert_eq!(check("selvedge baseline 1\nverdict   clean\n"), Ok(()));
        for (text, why) in [
            ("", "its first line is `` instead of `selvedge baseline 1`"),
            ("{}", "its first line is `{}` instead of `selvedge baseline 1`"),
            ("selvedge baseline 1\nscen", "it has no line `verdict`: it is truncated"),
            (
                "selvedge baseline 2\n",
                "it has version 2, but this selvedge supports only 1: a newer one wrote it",
            ),
            ("selvedge baseline one\n", "its version is `one` instead of 1"),
        ] {
            assert_eq!(check(text), Err(why.to_owned()));
        }
    }
}
