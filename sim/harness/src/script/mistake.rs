//! An error in a script, with its place.

use std::ops::Range;

use thiserror::Error;

use crate::Excerpt;
use crate::diagnostic::{Diagnostic, Label};

/// The bytes of a place in a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot(pub(crate) u32, pub(crate) u32);

impl Spot {
    pub(crate) fn range(self) -> Range<usize> {
        self.0 as usize..self.1 as usize
    }

    /// From the begin of this to the end of the other.
    pub(crate) fn to(self, other: Spot) -> Spot {
        Spot(self.0, other.1.max(self.1))
    }
}

/// An error in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptMistake {
    pub(crate) span: Range<usize>,
    pub(crate) what: String,
    /// The label of the place.
    pub(crate) label: String,
    pub(crate) help: Option<String>,
}

impl ScriptMistake {
    pub(crate) fn new(span: Range<usize>, what: impl Into<String>, label: impl Into<String>) -> Self {
        ScriptMistake { span, what: what.into(), label: label.into(), help: None }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        ScriptMistake { help: Some(help.into()), ..self }
    }
}

/// An error in a script, with the script.
#[derive(Clone, Debug, Error)]
#[error("{what}")]
pub struct ScriptError {
    pub(crate) excerpt: Excerpt,
    pub(crate) span: Range<usize>,
    pub(crate) what: String,
    pub(crate) label: String,
    pub(crate) help: Option<String>,
}

impl Diagnostic for ScriptError {
    fn help(&self) -> Option<String> {
        self.help.clone()
    }

    fn place(&self) -> Option<Label<'_>> {
        Some(Label { excerpt: &self.excerpt, span: self.span.clone(), label: &self.label })
    }
}
