//! What can go wrong with a command.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::remote::Outcome;

/// A command that failed: which one, of which key, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("redis: {command} of {keys}: {problem}")]
pub struct Error {
    command: &'static str,
    keys: Keys,
    problem: Problem,
}

/// Why a command failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// There was no connection. It was not sent.
    #[error(
        "it was not sent, since there is no connection to {address} ({reason}). Is the server running there?"
    )]
    NotConnected {
        /// Where the server should be.
        address: String,
        /// Why there is none.
        reason: String,
    },
    /// The server answered with an error.
    #[error("the server refused it: {reason}")]
    Refused {
        /// The server's words.
        reason: String,
        /// Whether it may have been carried out in part.
        in_part: bool,
    },
    /// There was no answer in time.
    #[error(
        "there was no answer within {after:?}. It may have been carried out, and may still be. If the server is only \
         slow, raise the builder's `command_timeout`"
    )]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke before the answer came.
    #[error(
        "the connection to {address} broke before the answer came ({reason}). It may have been carried out, and may still \
         be. The next command connects anew"
    )]
    ConnectionLost {
        /// Where the server is.
        address: String,
        /// What was seen of it.
        reason: String,
    },
    /// The codec could not encode the value. It was not sent.
    #[error("its value cannot be encoded ({0}). Such a value does not fit the codec")]
    Encode(Arc<dyn StdError + Send + Sync>),
    /// The codec could not decode what Redis holds.
    #[error(
        "what is there cannot be decoded ({0}). If another type or another codec wrote it, give this one a prefix of its \
         own, or delete the key"
    )]
    Decode(Arc<dyn StdError + Send + Sync>),
    /// The answer was none that the command can have.
    #[error("the answer is not one of this command ({reason}). Is it Redis that listens on {address}?")]
    Unexpected {
        /// Where the server is.
        address: String,
        /// What was wrong with it.
        reason: String,
    },
}

impl Error {
    pub(super) fn new(command: &'static str, keys: Keys, problem: Problem) -> Self {
        Error { command, keys, problem }
    }

    /// The command: `GET`, `SET`, `DEL`, `MGET` or `FILL`.
    pub fn command(&self) -> &'static str {
        self.command
    }

    /// The key in Redis, its prefix included; of several, the first.
    pub fn key(&self) -> &[u8] {
        &self.keys.first
    }

    /// What was wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    pub(super) fn outcome(&self) -> Outcome {
        match &self.problem {
            Problem::NotConnected { .. } | Problem::Encode(_) | Problem::Refused { in_part: false, .. } => {
                Outcome::NotApplied
            }
            Problem::Refused { in_part: true, .. } | Problem::Decode(_) => Outcome::Over,
            Problem::TimedOut { .. } | Problem::ConnectionLost { .. } | Problem::Unexpected { .. } => {
                Outcome::Unknown
            }
        }
    }
}

/// The keys of a command, for people. Not all of them: a message has to stay readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    first: Vec<u8>,
    others: usize,
}

impl Keys {
    /// A key and so many others.
    pub(super) fn new(first: &[u8], others: usize) -> Self {
        Keys { first: first.to_vec(), others }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.first.escape_ascii())?;
        match self.others {
            0 => Ok(()),
            others => write!(f, " and {others} more"),
        }
    }
}
