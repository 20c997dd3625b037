//! Faults between a client and the server, injected by a test.

use std::collections::VecDeque;
use std::time::Duration;

use crate::request::Command;

/// A fault that occurs once. See [`Redis::fault`](crate::Redis::fault).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server rejects the command with `LOADING`. The client can rely on it not having been
    /// executed.
    Refused,
    /// The connection is closed before the command reaches the server. The client cannot detect
    /// that it was not executed.
    ConnectionLost,
    /// The command is executed, then the connection is closed without a reply.
    ReplyLost,
    /// The command is executed, and its reply is delayed by this duration. A client with a shorter
    /// timeout reports an error.
    Delayed(Duration),
    /// The next message or invalidation to any connection is dropped.
    PushLost,
}

/// Injected faults that have not occurred yet.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Option<String>, Fault)>);

impl Faults {
    /// Appends a fault for the next command with this name, or for the next command of any name.
    pub(super) fn add(&mut self, command: Option<&str>, fault: Fault) {
        self.0.push_back((command.map(str::to_ascii_lowercase), fault));
    }

    /// Inserts a fault for the next command before all others.
    #[cfg(feature = "engine")]
    pub(super) fn add_first(&mut self, fault: Fault) {
        self.0.push_front((None, fault));
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// Removes and returns the first fault that applies to the command.
    pub(super) fn take(&mut self, command: &Command) -> Option<Fault> {
        let name = command.name().to_ascii_lowercase();
        let fits = |(wanted, fault): &(Option<String>, Fault)| {
            *fault != Fault::PushLost && wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == name)
        };
        let at = self.0.iter().position(fits)?;
        self.0.remove(at).map(|(_, fault)| fault)
    }

    /// Whether the next push is lost. Removes that fault.
    pub(super) fn take_push(&mut self) -> bool {
        let at = self.0.iter().position(|(_, fault)| *fault == Fault::PushLost);
        at.and_then(|at| self.0.remove(at)).is_some()
    }
}
