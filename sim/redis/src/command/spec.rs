//! A row of the table of commands.

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
    /// Like [`Access::Read`], but the command does not commute with other reads: its reply depends
    /// on earlier reads (`OBJECT IDLETIME`), or it advances random numbers (`SRANDMEMBER`).
    ReadAlone,
    Write,
    /// It counts neither as a read nor as a write, whatever a script does.
    Neither,
}

impl Access {
    /// Whether the server tracks the command's keys.
    pub(crate) fn is_tracked(self) -> bool {
        matches!(self, Access::Read | Access::ReadAlone)
    }
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
    /// The second argument.
    Second,
    /// The first two arguments.
    FirstTwo,
    /// All arguments.
    Arguments,
    /// All arguments except the last, which is a timeout.
    AllButLast,
    /// Every second argument, from the first.
    Pairs,
    /// The argument at this index is the number of keys; they follow it.
    Counted(usize),
    /// The first argument is written. The keys at these indices and beyond are read.
    Destination(usize),
    /// The first argument is written. The second is the number of keys that are read; they follow
    /// it.
    DestinationCounted,
    /// The first argument is read, the second is written.
    SourceThenDestination,
    /// The arguments of `BITOP`: the second is written, those after it are read.
    BitOperation,
    /// The arguments of `SORT`: its patterns can name any key.
    Sort,
    /// The first half of the arguments after `STREAMS`.
    Streams,
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
    ///
    /// # Errors
    ///
    /// If the number of keys is invalid. The text is that of `EVAL`.
    pub(crate) fn positions(self, words: &[Bytes]) -> Result<Vec<usize>, ErrorReply> {
        let all = words.len();
        Ok(match self {
            KeyPositions::None | KeyPositions::Any => Vec::new(),
            KeyPositions::First => vec![1],
            KeyPositions::Second => vec![2],
            KeyPositions::FirstTwo | KeyPositions::SourceThenDestination => vec![1, 2],
            KeyPositions::Arguments => (1..all).collect(),
            KeyPositions::AllButLast => (1..all - 1).collect(),
            KeyPositions::Pairs => (1..all).step_by(2).collect(),
            KeyPositions::Counted(at) => (at + 1..at + 1 + count(words, at)?).collect(),
            KeyPositions::Destination(end) => (1..all.min(end)).collect(),
            KeyPositions::DestinationCounted => {
                let sources = 3..3 + count(words, 2)?;
                [1].into_iter().chain(sources).collect()
            }
            KeyPositions::BitOperation => (2..all).collect(),
            KeyPositions::Streams => streams(words),
            KeyPositions::Sort => [1].into_iter().chain(sort_destination(words)).collect(),
        })
    }

    /// Whether a writing command changes only some of its keys: then their positions.
    pub(crate) fn destination(self, words: &[Bytes]) -> Option<Vec<usize>> {
        match self {
            KeyPositions::Destination(_) | KeyPositions::DestinationCounted => Some(vec![1]),
            KeyPositions::SourceThenDestination | KeyPositions::BitOperation => Some(vec![2]),
            KeyPositions::Sort => Some(sort_destination(words).into_iter().collect()),
            _ => None,
        }
    }

    /// Whether the command can access keys that it does not name.
    pub(crate) fn is_any(self, words: &[Bytes]) -> bool {
        match self {
            KeyPositions::Any => true,
            KeyPositions::Sort => sort_reads_patterns(words),
            // `COPY` to another database.
            KeyPositions::SourceThenDestination => {
                words.iter().skip(3).any(|word| word.eq_ignore_ascii_case(b"db"))
            }
            _ => false,
        }
    }
}

/// The number of keys, at this index.
fn count(words: &[Bytes], at: usize) -> Result<usize, ErrorReply> {
    let count = whole_number(&words[at]).ok_or(ErrorReply::NOT_AN_INTEGER)?;
    let arguments = words.len() - at - 1;
    match usize::try_from(count) {
        Err(_) => Err(ErrorReply::fixed("ERR Number of keys can't be negative")),
        Ok(count) if count > arguments => {
            Err(ErrorReply::fixed("ERR Number of keys can't be greater than number of args"))
        }
        Ok(count) => Ok(count),
    }
}

/// The positions of the keys of `XREAD` and `XREADGROUP`.
fn streams(words: &[Bytes]) -> Vec<usize> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        at += match () {
            () if is(b"streams") => {
                let keys = (words.len() - at - 1) / 2;
                return (at + 1..=at + keys).collect();
            }
            () if is(b"group") => 3,
            () if is(b"block") || is(b"count") => 2,
            () if is(b"noack") => 1,
            () => break,
        };
    }
    Vec::new()
}

/// The position of the key in which `SORT` stores its result, if any.
fn sort_destination(words: &[Bytes]) -> Option<usize> {
    let options = words.iter().enumerate().skip(2);
    // Redis uses the last one.
    let stores = options.filter(|(at, word)| word.eq_ignore_ascii_case(b"store") && at + 1 < words.len());
    stores.last().map(|(at, _)| at + 1)
}

fn sort_reads_patterns(words: &[Bytes]) -> bool {
    words[2..].iter().any(|word| word.eq_ignore_ascii_case(b"by") || word.eq_ignore_ascii_case(b"get"))
}
