//! Parses an operation.

use std::str::FromStr;

use thiserror::Error;

use super::{Op, OpKind};
use crate::history::Key;

/// Why a text is not an operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpError {
    /// The first word is not the name of an operation.
    #[error("unknown operation `{verb}`: expected get KEY, set KEY or delete KEY")]
    NoVerb {
        /// The word.
        verb: String,
    },
    /// There is no valid key.
    #[error("`{text}` has no key: expected get KEY, set KEY or delete KEY")]
    NoKey {
        /// The text.
        text: String,
    },
}

impl FromStr for Op {
    type Err = OpError;

    fn from_str(text: &str) -> Result<Self, OpError> {
        let (verb, key) = text.split_once(' ').unwrap_or((text, ""));
        let kind = OpKind::ALL.into_iter().find(|kind| kind.name() == verb);
        let kind = kind.ok_or_else(|| OpError::NoVerb { verb: verb.to_owned() })?;
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(OpError::NoKey { text: text.to_owned() });
        }
        Ok(Op { kind, key: Key::new(key) })
    }
}
