//! The report as a folder: a page of all cases, and a file for each trace.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Judged;
use super::html::{case_block, head};
use crate::diagnostic::Diagnostic;
use crate::file_name::stem;
use crate::trace::json;

/// The folder of a report, written case by case: the added cases are there even if the process
/// dies.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    index: File,
    /// The lower-case names of the traces so far: some file systems ignore case.
    names: BTreeSet<String>,
}

/// The report cannot be written.
#[derive(Debug, Error)]
#[error("cannot write the report to {path}: {error}")]
pub struct Unwritable {
    path: String,
    error: io::Error,
}

impl Diagnostic for Unwritable {
    fn help(&self) -> Option<String> {
        Some("name a folder for `--report` that can be created or written".to_owned())
    }
}

impl Folder {
    /// Creates the folder if necessary, and begins its `index.html`. Changes no other file in it.
    ///
    /// # Errors
    ///
    /// If the folder or the page cannot be written.
    pub fn create(path: &Path) -> Result<Self, Unwritable> {
        let index = path.join("index.html");
        let begun = fs::create_dir_all(path).and_then(|()| File::create(&index)).and_then(|mut file| {
            file.write_all(head().as_bytes())?;
            Ok(file)
        });
        let index = begun.map_err(|error| unwritable(path, error))?;
        Ok(Folder { path: path.to_owned(), index, names: BTreeSet::new() })
    }

    /// Adds a case: its trace, if it has one, as `<scenario>.<case>.trace.json`, and its row in the
    /// page. Returns the name of the trace's file.
    ///
    /// # Errors
    ///
    /// If one of them cannot be written.
    pub fn add(&mut self, judged: &Judged<'_>) -> Result<Option<String>, Unwritable> {
        let file = judged.report.trace.as_ref().map(|trace| {
            let name = self.name(&trace.scenario, &trace.case);
            let path = self.path.join(&name);
            fs::write(&path, json(trace)).map_err(|error| unwritable(&path, error)).map(|()| name)
        });
        let file = file.transpose()?;
        let link = self.link(&judged.case.expected_at.file);
        let block = case_block(judged, file.as_deref(), link);
        let written = self.index.write_all(block.as_bytes());
        written.map_err(|error| unwritable(&self.path.join("index.html"), error))?;
        Ok(file)
    }

    /// The path from the folder to a file, if the file exists. A shipped scenario has none.
    fn link(&self, file: &str) -> Option<String> {
        let (from, to) = (fs::canonicalize(&self.path).ok()?, fs::canonicalize(file).ok()?);
        let common = from.components().zip(to.components()).take_while(|(from, to)| from == to).count();
        let up = from.components().skip(common).map(|_| "..".to_owned());
        let down = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
        Some(up.chain(down).collect::<Vec<_>>().join("/"))
    }

    /// A portable file name that is unique in this report.
    fn name(&mut self, scenario: &str, case: &str) -> String {
        let stem = stem(scenario, case);
        let mut name = stem.clone();
        let mut nth = 1;
        while !self.names.insert(name.to_ascii_lowercase()) {
            nth += 1;
            name = format!("{stem}-{nth}");
        }
        name + ".trace.json"
    }
}

fn unwritable(path: &Path, error: io::Error) -> Unwritable {
    Unwritable { path: path.display().to_string(), error }
}
