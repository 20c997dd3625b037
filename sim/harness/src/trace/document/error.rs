//! Errors of reading a trace.

use std::io;

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use crate::Excerpt;

/// Why a file cannot be shown as a trace.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("cannot read {name}: {error}")]
    #[diagnostic(help("give a trace that `selvedge trace --format json` or `--report` has written"))]
    File {
        /// The file.
        name: String,
        /// The cause.
        error: io::Error,
    },
    /// The text is not JSON.
    #[error("{name} is not JSON")]
    #[diagnostic(help("give a trace that `selvedge trace --format json` or `--report` has written"))]
    NotJson {
        /// The file.
        name: String,
        /// What the parser expected.
        what: String,
        /// The file's text.
        #[source_code]
        source_code: Excerpt,
        /// The position of the syntax error.
        #[label("{what}")]
        span: SourceSpan,
    },
    /// The text ends before the document does.
    #[error("{name} is cut off: its end is missing")]
    #[diagnostic(help("it was not written to its end, or not copied whole: record the trace again"))]
    CutOff {
        /// The file.
        name: String,
        /// The file's text.
        #[source_code]
        source_code: Excerpt,
        /// The end of the file.
        #[label("the file ends here")]
        span: SourceSpan,
    },
    /// The JSON is not a trace.
    #[error("{name} is JSON, but no recorded trace: {what}")]
    #[diagnostic(help(
        "a trace is what `selvedge trace --format json` writes, or a file `*.trace.json` of a report"
    ))]
    NotATrace {
        /// The file.
        name: String,
        /// The missing part.
        what: String,
    },
    /// This release does not support the document's version.
    #[error("{name} is of version {found} of the format, and this selvedge reads version {}", super::VERSION)]
    #[diagnostic(help("read it with the release that wrote it, or update selvedge"))]
    Version {
        /// The file.
        name: String,
        /// The document's version.
        found: String,
    },
    /// A field is missing or invalid.
    #[error("{name} is not a whole trace: {what}")]
    #[diagnostic(help(
        "`docs/trace-format.md` describes the format; if nobody has edited the file, record it again"
    ))]
    Field {
        /// The file.
        name: String,
        /// The problem.
        what: String,
        /// The file's text.
        #[source_code]
        source_code: Excerpt,
        /// The position.
        #[label("here")]
        span: SourceSpan,
    },
    /// The fields are valid, but contradict each other.
    #[error("{name} does not fit together: {what}")]
    #[diagnostic(help(
        "if nobody has edited the file, this is a bug of the selvedge that wrote it: please report it"
    ))]
    Contradiction {
        /// The file.
        name: String,
        /// The contradiction, with its path in the document.
        what: String,
    },
}
