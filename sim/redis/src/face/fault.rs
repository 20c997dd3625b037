//! What goes wrong between a client and the server, when a test wants it to.

use std::collections::VecDeque;
use std::time::Duration;

use crate::command::Command;

/// Something that goes wrong once. See [`Redis::fault`](crate::Redis::fault).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server refuses the command: `LOADING`. It was certainly not executed.
    Refused,
    /// The connection is closed before the command gets to the server. The client cannot know that it was not executed.
    ConnectionLost,
    /// The command is executed, and then the connection is closed, without the reply.
    ReplyLost,
    /// The command is executed, and its reply comes so much later. What waits for less has a time-out.
    Delayed(Duration),
    /// The next message or invalidation that is sent to anybody is not.
    PushLost,
}

/// Faults that are to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Option<String>, Fault)>);

impl Faults {
    /// For the next command of that name, or the next of any.
    pub(super) fn add(&mut self, command: Option<&str>, fault: Fault) {
        self.0.push_back((command.map(str::to_ascii_lowercase), fault));
    }

    /// For the next command, before all others.
    #[cfg(feature = "engine")]
    pub(super) fn add_first(&mut self, fault: Fault) {
        self.0.push_front((None, fault));
    }

    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// What goes wrong with the command. Each fault is taken once, the first that fits first.
    pub(super) fn take(&mut self, command: &Command) -> Option<Fault> {
        let name = command.name().to_ascii_lowercase();
        let fits = |(wanted, fault): &(Option<String>, Fault)| {
            *fault != Fault::PushLost && wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == name)
        };
        let at = self.0.iter().position(fits)?;
        self.0.remove(at).map(|(_, fault)| fault)
    }

    /// Whether the push that is about to be sent is lost.
    pub(super) fn take_push(&mut self) -> bool {
        let at = self.0.iter().position(|(_, fault)| *fault == Fault::PushLost);
        at.and_then(|at| self.0.remove(at)).is_some()
    }
}
