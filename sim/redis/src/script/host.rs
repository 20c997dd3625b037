//! The interface between a running script and the server.

use bytes::Bytes;

use crate::error::Answer;
use crate::resp::Protocol;

/// The server, as a running script uses it.
#[cfg_attr(not(feature = "lua"), expect(dead_code, reason = "only scripts use it"))]
pub(crate) trait Host {
    /// Executes a command that the script calls.
    fn command(&mut self, words: &[Bytes], protocol: Protocol, forbids_writes: bool) -> Answer;

    /// Whether the words name a command, or a container of subcommands.
    fn is_command(&self, words: &[Bytes]) -> bool;
}
