//! The commands and replies of a real server beside a recorded run.

use std::error::Error;
use std::fmt;

use crate::history::{Key, Value};

/// A command of the scenario, as a server receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read the key.
    Get(Key),
    /// Write the key.
    Set(Key, Value),
    /// Delete the key.
    Delete(Key),
}

/// In the syntax of Redis.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Get(key) => write!(f, "GET {key}"),
            Command::Set(key, value) => write!(f, "SET {key} {value}"),
            Command::Delete(key) => write!(f, "DEL {key}"),
        }
    }
}

/// A command to which the server has replied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The step of the trace, from 1.
    pub step: u32,
    /// The command.
    pub command: Command,
    /// The reply to a read; `Some(None)` is "absent". `None` for a write.
    pub content: Option<Option<Value>>,
}

/// The failure after which the server receives no more commands.
#[derive(Debug)]
pub struct ServerFailure {
    /// The step of the trace, from 1; `None` before the first, and after the last.
    pub step: Option<u32>,
    /// The command that failed.
    pub command: Command,
    /// The cause.
    pub why: FailureCause,
}

/// The cause of a server's failure.
#[derive(Debug)]
pub enum FailureCause {
    /// The server did not reply, or replied with a content that the run did not store.
    Failed(Box<dyn Error + Send + Sync>),
    /// The server's content differs from the simulated store's: another client writes there, or it
    /// lost a write.
    Other {
        /// The server's content.
        held: Option<Value>,
        /// The expected content.
        expected: Option<Value>,
    },
}

/// The commands and replies of a server in a run.
#[derive(Debug, Default)]
pub struct Transcript {
    /// The commands of the run, in order.
    pub answers: Vec<Answer>,
    /// The server's content of each key after the run.
    pub left: Vec<(Key, Option<Value>)>,
    /// The first failure. No command was sent after it.
    pub failure: Option<ServerFailure>,
}
