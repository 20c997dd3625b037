//! What comes of a command.

use crate::resp::{Protocol, Reply};
use crate::session::ConnectionId;

/// Why something is sent to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is the reply to the connection's own command.
    Reply,
    /// Nobody asked: a message, an invalidation.
    Push,
}

/// Something that is sent to a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// To whom.
    pub to: ConnectionId,
    /// The protocol that the connection speaks at that point.
    pub protocol: Protocol,
    /// Why.
    pub kind: Kind,
    /// What.
    pub reply: Reply,
}

impl Delivery {
    /// The bytes that go over the wire.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.reply.encode(self.protocol, out);
    }
}

/// What comes of a command, or of time passing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// What is sent, in order. The order matters for each connection.
    pub deliveries: Vec<Delivery>,
    /// The connections that are closed once they have been sent that. The server does not know them any more.
    pub closed: Vec<ConnectionId>,
}
