//! Errors of commands.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::remote::Outcome;

/// Error of a command: the command, its keys, and the problem.
#[derive(Clone, Debug, thiserror::Error)]
#[error("redis: {command} of {keys}: {problem}")]
pub struct Error {
    command: &'static str,
    keys: Keys,
    problem: Problem,
}

/// The problem of a failed command.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// There was no connection. The command was not sent.
    #[error("not sent: no connection to {address} ({reason}). Is the server running there?")]
    NotConnected {
        /// The expected address of the server.
        address: String,
        /// The reason.
        reason: String,
    },
    /// The server returned an error.
    #[error("the server refused it: {reason}")]
    Refused {
        /// The server's message.
        reason: String,
        /// Whether it may have been executed in part.
        in_part: bool,
    },
    /// There was not a reply within the timeout.
    #[error(
        "no reply within {after:?}. The command may have been executed, or may still be. If the server is slow, raise the \
         builder's `command_timeout`"
    )]
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// The connection broke before the reply arrived.
    #[error(
        "the connection to {address} broke before the reply arrived ({reason}). The command may have been executed, or may \
         still be. The next command reconnects"
    )]
    ConnectionLost {
        /// The address of the server.
        address: String,
        /// The connection's error.
        reason: String,
    },
    /// The codec could not encode the value. The command was not sent.
    #[error("the value cannot be encoded ({0}). The codec does not support it")]
    Encode(Arc<dyn StdError + Send + Sync>),
    /// The codec could not decode the value in Redis.
    #[error(
        "the value in Redis cannot be decoded ({0}). If another type or codec wrote it, use another prefix, or delete the \
         key"
    )]
    Decode(Arc<dyn StdError + Send + Sync>),
    /// The reply is not valid for the command.
    #[error("the reply is not valid for this command ({reason}). Does Redis listen on {address}?")]
    Unexpected {
        /// The address of the server.
        address: String,
        /// The reason.
        reason: String,
    },
}

impl Error {
    pub(super) fn new(command: &'static str, keys: Keys, problem: Problem) -> Self {
        Error { command, keys, problem }
    }

    /// The command: `GET`, `SET`, `DEL`, `MGET`, `FILL` or `OPEN`.
    pub fn command(&self) -> &'static str {
        self.command
    }

    /// The key in Redis, including the prefix; the first of several.
    pub fn key(&self) -> &[u8] {
        &self.keys.first
    }

    /// The problem.
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

/// The keys of a command, for messages. Only the first and a count, so that messages stay readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    first: Vec<u8>,
    others: usize,
}

impl Keys {
    /// A key and the number of others.
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
