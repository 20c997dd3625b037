//! The report files for other tools. They are opened before the search, so that an unwritable one
//! fails early.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use selvedge_sim::report::{Judged, Summary, annotations, job_summary, junit, sarif};

use crate::args::GateOptions;
use crate::error::{Failure, GateError};
use crate::surroundings::Surroundings;

/// The requested reports.
pub(super) struct Outputs {
    junit: Option<Output>,
    sarif: Option<Output>,
    github: bool,
    step_summary: Option<Output>,
    root: PathBuf,
}

struct Output {
    what: &'static str,
    path: PathBuf,
    file: File,
}

impl Outputs {
    /// Opens the files and truncates existing ones: if the process dies before it writes a report,
    /// an old one must not pass for it.
    pub(super) fn open(options: &GateOptions, surroundings: &Surroundings) -> Result<Self, Failure> {
        let github = options.github || surroundings.github_actions;
        let new = |what, path: &Option<PathBuf>| {
            path.as_deref()
                .map(|path| Output::open(what, path, OpenOptions::new().write(true).truncate(true)))
        };
        let step_summary = surroundings.step_summary.as_deref().filter(|_| github);
        let step_summary =
            step_summary.map(|path| Output::open("the job's summary", path, OpenOptions::new().append(true)));
        Ok(Outputs {
            junit: new("the JUnit report", &options.junit).transpose()?,
            sarif: new("the SARIF log", &options.sarif).transpose()?,
            github,
            step_summary: step_summary.transpose()?,
            root: surroundings.root.clone(),
        })
    }

    /// Writes the reports. Returns GitHub's annotations, if requested.
    pub(super) fn write(self, cases: &[Judged<'_>], summary: &Summary) -> Result<Option<String>, Failure> {
        if let Some(output) = self.junit {
            output.write(&junit(cases))?;
        }
        if let Some(output) = self.sarif {
            output.write(&sarif(cases, &self.root))?;
        }
        if let Some(output) = self.step_summary {
            output.write(&job_summary(cases, summary))?;
        }
        Ok(self.github.then(|| annotations(cases, &self.root)))
    }
}

impl Output {
    fn open(what: &'static str, path: &Path, options: &mut OpenOptions) -> Result<Self, Failure> {
        let file = options.create(true).open(path);
        let path = path.to_owned();
        match file {
            Ok(file) => Ok(Output { what, path, file }),
            Err(error) => Err(GateError::Unwritable { what, path, error }.into()),
        }
    }

    fn write(mut self, text: &str) -> Result<(), Failure> {
        let Output { what, path, .. } = self;
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        written.map_err(|error| GateError::Unwritable { what, path, error }.into())
    }
}
