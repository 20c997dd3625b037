//! An error in a scenario: the error, its place, and how to fix it.

use std::ops::Range;

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use crate::Excerpt;

/// One error in a scenario.
#[derive(Clone, Debug, Error, Diagnostic)]
#[error("{what}")]
pub struct Mistake {
    what: String,
    #[source_code]
    source_code: Option<Excerpt>,
    #[label("{expected}")]
    span: Option<SourceSpan>,
    expected: String,
    #[help]
    help: Option<String>,
}

impl Mistake {
    /// An error at a place in a file.
    pub(super) fn at(
        source: &Excerpt,
        span: Range<usize>,
        what: String,
        expected: String,
        help: Option<String>,
    ) -> Self {
        let span = Some(source.span(span.start, span.len()));
        Mistake { what, source_code: Some(source.clone()), span, expected, help }
    }

    /// An error without a place in a file.
    pub fn without_place(what: String, help: Option<String>) -> Self {
        Mistake { what, source_code: None, span: None, expected: String::new(), help }
    }

    /// The key that identifies an error, and sorts errors in the order of the file.
    pub(super) fn identity(&self) -> (usize, &str) {
        (self.span.map_or(0, |span| span.offset()), &self.what)
    }
}

/// All errors found; never empty. Each is a separate diagnostic.
#[derive(Clone, Debug, Error)]
#[error("{} in the scenarios", crate::number::counted(.0.len() as u64, "error"))]
pub struct Mistakes(pub Vec<Mistake>);

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Mistakes(vec![mistake])
    }
}
