//! Error replies of commands, with Redis' texts.

use std::borrow::Cow;

use bytes::Bytes;

use crate::resp::Reply;

/// The result of a command.
pub(crate) type Answer = Result<Reply, ErrorReply>;

/// An error reply of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorReply(Cow<'static, [u8]>);

impl ErrorReply {
    pub(crate) const SYNTAX: ErrorReply = Self::fixed("ERR syntax error");
    pub(crate) const WRONG_TYPE: ErrorReply =
        Self::fixed("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub(crate) const NOT_AN_INTEGER: ErrorReply = Self::fixed("ERR value is not an integer or out of range");
    pub(crate) const NOT_A_FLOAT: ErrorReply = Self::fixed("ERR value is not a valid float");
    pub(crate) const NOT_POSITIVE: ErrorReply = Self::fixed("ERR value is out of range, must be positive");
    pub(crate) const NO_SUCH_KEY: ErrorReply = Self::fixed("ERR no such key");
    pub(crate) const OVERFLOW: ErrorReply = Self::fixed("ERR increment or decrement would overflow");
    pub(crate) const OUT_OF_MEMORY: ErrorReply =
        Self::fixed("OOM command not allowed when used memory > 'maxmemory'.");
    pub(crate) const NO_SCRIPT: ErrorReply = Self::fixed("NOSCRIPT No matching script. Please use EVAL.");
    pub(crate) const TRANSACTION_ABORTED: ErrorReply =
        Self::fixed("EXECABORT Transaction discarded because of previous errors.");

    /// A constant error, including its code.
    pub(crate) const fn fixed(text: &'static str) -> Self {
        ErrorReply(Cow::Borrowed(text.as_bytes()))
    }

    /// An error with text from the command, including its code.
    pub(crate) fn new(text: impl Into<Vec<u8>>) -> Self {
        ErrorReply(Cow::Owned(text.into()))
    }

    /// An error that contains a word of the command, printed as C does: up to a NUL.
    pub(crate) fn about(before: &str, word: &[u8], after: &str) -> Self {
        Self::new([before.as_bytes(), printed(word), after.as_bytes()].concat())
    }

    pub(crate) fn arity(name: &str) -> Self {
        Self::new(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// The text, including the code.
    pub(crate) fn text(&self) -> &[u8] {
        &self.0
    }
}

impl From<ErrorReply> for Reply {
    fn from(error: ErrorReply) -> Self {
        match error.0 {
            Cow::Borrowed(text) => Reply::Error(Bytes::from_static(text)),
            Cow::Owned(text) => Reply::Error(text.into()),
        }
    }
}

/// A text as C prints it: up to a NUL.
pub(crate) fn printed(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}
