//! Why a file is not a trace that can be shown.

use std::io;

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use crate::Excerpt;

/// Why a file is not a trace that can be shown.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Unreadable {
    /// The file itself cannot be read.
    #[error("cannot read {name}: {error}")]
    #[diagnostic(help("give a trace that `selvedge trace --format json` or `--report` has written"))]
    File {
        /// The file.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// The text is not JSON.
    #[error("{name} is not JSON")]
    #[diagnostic(help("give a trace that `selvedge trace --format json` or `--report` has written"))]
    NotJson {
        /// The file.
        name: String,
        /// What was expected.
        what: String,
        /// Its text.
        #[source_code]
        source_code: Excerpt,
        /// Where it ceases to be JSON.
        #[label("{what}")]
        span: SourceSpan,
    },
    /// The text ends before the document does.
    #[error("{name} is cut off: its end is missing")]
    #[diagnostic(help("it was not written to its end, or not copied whole: record the trace again"))]
    CutOff {
        /// The file.
        name: String,
        /// Its text.
        #[source_code]
        source_code: Excerpt,
        /// Where it ends.
        #[label("the file ends here")]
        span: SourceSpan,
    },
    /// It is JSON, but something else.
    #[error("{name} is JSON, but no recorded trace: {what}")]
    #[diagnostic(help(
        "a trace is what `selvedge trace --format json` writes, or a file `*.trace.json` of a report"
    ))]
    NotATrace {
        /// The file.
        name: String,
        /// What is missing.
        what: String,
    },
    /// It is of a version that this release does not read.
    #[error("{name} is of version {found} of the format, and this selvedge reads version {}", super::VERSION)]
    #[diagnostic(help("read it with the release that wrote it, or update selvedge"))]
    Version {
        /// The file.
        name: String,
        /// The document's version.
        found: String,
    },
    /// A field is missing, or is not what it should be.
    #[error("{name} is not a whole trace: {what}")]
    #[diagnostic(help(
        "`docs/trace-format.md` describes the format; if nobody has edited the file, record it again"
    ))]
    Field {
        /// The file.
        name: String,
        /// What is wrong.
        what: String,
        /// Its text.
        #[source_code]
        source_code: Excerpt,
        /// Where.
        #[label("here")]
        span: SourceSpan,
    },
    /// Each field is what it should be, but they contradict one another.
    #[error("{name} does not fit together: {what}")]
    #[diagnostic(help(
        "if nobody has edited the file, this is a bug of the selvedge that wrote it: please report it"
    ))]
    Contradiction {
        /// The file.
        name: String,
        /// What contradicts what, with its place in the document.
        what: String,
    },
}
