//! A row of the table of commands.

use std::iter::StepBy;
use std::ops::Range;

use bytes::Bytes;

use super::{Answer, Call, ErrorReply};
use crate::resp::whole_number;

/// The static properties of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// In lower case. A subcommand is prefixed with its container: `client|id`.
    pub(crate) name: &'static str,
    /// The number of words, including the name. A negative number is a minimum.
    pub(crate) arity: isize,
    pub(crate) access: Access,
    pub(crate) keys: KeyPositions,
    pub(crate) within: Within,
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

/// How a command accesses data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It reads; the server tracks its keys for client-side caching.
    Read,
    Write,
    /// It counts neither as a read nor as a write, whatever a script does.
    Neither,
}

/// The contexts in which a command may be called, besides directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Also in scripts.
    Scripts,
    /// Not in scripts.
    NoScript,
    /// Not in scripts. A transaction executes it immediately instead of queueing it.
    Immediate,
}

/// The positions of the keys among a command's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPositions {
    /// No keys.
    None,
    /// The first argument.
    First,
    /// The first two arguments.
    FirstTwo,
    /// All arguments.
    Arguments,
    /// Every second argument, from the first.
    Pairs,
    /// The second argument is the number of keys; they follow it.
    Counted,
    /// It accesses keys that it does not name.
    Any,
}

impl Spec {
    pub(crate) fn fits(&self, words: usize) -> bool {
        if self.arity < 0 { words >= self.arity.unsigned_abs() } else { words == self.arity.unsigned_abs() }
    }
}

impl KeyPositions {
    /// The positions of the keys. The number of words must satisfy the command's arity.
    pub(crate) fn positions(self, words: &[Bytes]) -> Result<StepBy<Range<usize>>, ErrorReply> {
        let (range, step) = match self {
            KeyPositions::None | KeyPositions::Any => (0..0, 1),
            KeyPositions::First => (1..2, 1),
            KeyPositions::FirstTwo => (1..3, 1),
            KeyPositions::Arguments => (1..words.len(), 1),
            KeyPositions::Pairs => (1..words.len(), 2),
            KeyPositions::Counted => (3..3 + count(words)?, 1),
        };
        Ok(range.step_by(step))
    }
}

/// The number of keys passed to a script.
fn count(words: &[Bytes]) -> Result<usize, ErrorReply> {
    let count = whole_number(&words[2]).ok_or(ErrorReply::NOT_AN_INTEGER)?;
    let arguments = words.len() - 3;
    match usize::try_from(count) {
        Err(_) => Err(ErrorReply::fixed("ERR Number of keys can't be negative")),
        Ok(count) if count > arguments => {
            Err(ErrorReply::fixed("ERR Number of keys can't be greater than number of args"))
        }
        Ok(count) => Ok(count),
    }
}
