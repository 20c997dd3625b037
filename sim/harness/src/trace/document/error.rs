//! Errors of reading a trace.

use std::io;
use std::ops::Range;

use thiserror::Error;

use crate::Excerpt;
use crate::diagnostic::{Diagnostic, Label};

/// Why a file cannot be shown as a trace.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("cannot read {name}: {error}")]
    File {
        /// The file.
        name: String,
        /// The cause.
        error: io::Error,
    },
    /// The text is not JSON.
    #[error("{name} is not JSON")]
    NotJson {
        /// The file.
        name: String,
        /// What the parser expected.
        what: String,
        /// The file's text.
        excerpt: Excerpt,
        /// The position of the syntax error.
        span: Range<usize>,
    },
    /// The text ends before the document does.
    #[error("{name} is cut off: its end is missing")]
    CutOff {
        /// The file.
        name: String,
        /// The file's text.
        excerpt: Excerpt,
        /// The end of the file.
        span: Range<usize>,
    },
    /// The JSON is not a trace.
    #[error("{name} is JSON, but not a recorded trace: {what}")]
    NotATrace {
        /// The file.
        name: String,
        /// The missing part.
        what: String,
    },
    /// This release does not support the document's version.
    #[error("{name} is of version {found} of the format, and this selvedge reads version {}", super::VERSION)]
    Version {
        /// The file.
        name: String,
        /// The document's version.
        found: String,
    },
    /// A field is missing or invalid.
    #[error("{name} is not a complete trace: {what}")]
    Field {
        /// The file.
        name: String,
        /// The problem.
        what: String,
        /// The file's text.
        excerpt: Excerpt,
        /// The position.
        span: Range<usize>,
    },
    /// The fields are valid, but contradict each other.
    #[error("{name} is inconsistent: {what}")]
    Contradiction {
        /// The file.
        name: String,
        /// The contradiction, with its path in the document.
        what: String,
    },
}

impl Diagnostic for Unreadable {
    fn help(&self) -> Option<String> {
        let help = match self {
            Unreadable::File { .. } | Unreadable::NotJson { .. } => {
                "give a trace that `selvedge trace --format json` or `--report` has written"
            }
            Unreadable::CutOff { .. } => "it was not written or copied completely: record the trace again",
            Unreadable::NotATrace { .. } => {
                "`selvedge trace --format json` writes a trace; so is a file `*.trace.json` \
                 of a report"
            }
            Unreadable::Version { .. } => "read it with the release that wrote it, or update selvedge",
            Unreadable::Field { .. } => {
                "`docs/trace-format.md` describes the format; if the file has not been edited, \
                 record it again"
            }
            Unreadable::Contradiction { .. } => {
                "if the file has not been edited, this is a bug of the selvedge that wrote it: \
                 please report it"
            }
        };
        Some(help.to_owned())
    }

    fn place(&self) -> Option<Label<'_>> {
        let (excerpt, span, label) = match self {
            Unreadable::NotJson { excerpt, span, what, .. } => (excerpt, span, &**what),
            Unreadable::CutOff { excerpt, span, .. } => (excerpt, span, "the file ends here"),
            Unreadable::Field { excerpt, span, .. } => (excerpt, span, "here"),
            _ => return None,
        };
        Some(Label { excerpt, span: span.clone(), label })
    }
}
