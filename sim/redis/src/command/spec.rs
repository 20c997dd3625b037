//! A row of the table of commands.

use std::iter::StepBy;
use std::ops::Range;

use bytes::Bytes;

use super::{Call, ErrorReply};
use crate::resp::{Reply, whole_number};

/// What a command comes to.
pub(crate) type Answer = Result<Reply, ErrorReply>;

/// What is to be known of a command before it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// In lower case. A sub-command has its container in front: `client|id`.
    pub(crate) name: &'static str,
    /// How many words: exactly so many, or, if negative, at least so many.
    pub(crate) arity: isize,
    pub(crate) access: Access,
    pub(crate) keys: KeyPlaces,
    pub(crate) within: Within,
    pub(crate) run: fn(&mut Call<'_>) -> Answer,
}

/// What a command does to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It reads: what it reads is tracked.
    Read,
    Write,
    /// It is neither counted as a read nor as a write, whatever a script does.
    Neither,
}

/// Where a command may be called, besides on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// In scripts too.
    Scripts,
    /// Not in scripts.
    NoScript,
    /// Not in scripts, and a transaction does not queue it: it is done at once.
    AtOnce,
}

/// Where the keys are among a command's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlaces {
    /// There are none.
    None,
    /// The first argument.
    First,
    /// The first two arguments.
    FirstTwo,
    /// All arguments.
    Arguments,
    /// Every second argument, from the first.
    Pairs,
    /// As many as the second argument says, after it.
    Counted,
    /// It touches keys that it does not name.
    Any,
}

impl Spec {
    pub(crate) fn fits(&self, words: usize) -> bool {
        if self.arity < 0 { words >= self.arity.unsigned_abs() } else { words == self.arity.unsigned_abs() }
    }
}

impl KeyPlaces {
    /// The places of the keys. The words are as many as the command takes.
    pub(crate) fn places(self, words: &[Bytes]) -> Result<StepBy<Range<usize>>, ErrorReply> {
        let (range, step) = match self {
            KeyPlaces::None | KeyPlaces::Any => (0..0, 1),
            KeyPlaces::First => (1..2, 1),
            KeyPlaces::FirstTwo => (1..3, 1),
            KeyPlaces::Arguments => (1..words.len(), 1),
            KeyPlaces::Pairs => (1..words.len(), 2),
            KeyPlaces::Counted => (3..3 + count(words)?, 1),
        };
        Ok(range.step_by(step))
    }
}

/// How many keys a script is given.
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
