//! An error in a scenario: the error, its place, and how to fix it.

use std::ops::Range;

use thiserror::Error;

use crate::Excerpt;
use crate::diagnostic::{Diagnostic, Label};
use crate::script::ScriptError;

/// One error in a scenario.
#[derive(Clone, Debug, Error)]
#[error("{what}")]
pub struct Mistake {
    what: String,
    place: Option<(Excerpt, Range<usize>)>,
    expected: String,
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
        let place = Some((source.clone(), source.span(span.start, span.len())));
        Mistake { what, place, expected, help }
    }

    /// An error without a place in a file.
    pub fn without_place(what: String, help: Option<String>) -> Self {
        Mistake { what, place: None, expected: String::new(), help }
    }

    /// The key that identifies an error, and sorts errors in the order of the file.
    pub(super) fn identity(&self) -> (usize, &str) {
        (self.place.as_ref().map_or(0, |(_, span)| span.start), &self.what)
    }
}

impl From<ScriptError> for Mistake {
    fn from(error: ScriptError) -> Self {
        let ScriptError { excerpt, span, what, label, help } = error;
        Mistake::at(&excerpt, span, what, label, help)
    }
}

impl Diagnostic for Mistake {
    fn help(&self) -> Option<String> {
        self.help.clone()
    }

    fn place(&self) -> Option<Label<'_>> {
        let (excerpt, span) = self.place.as_ref()?;
        Some(Label { excerpt, span: span.clone(), label: &self.expected })
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
