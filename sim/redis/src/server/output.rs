//! The output of a command.

use crate::resp::{Protocol, Reply};
use crate::session::ConnectionId;

/// The type of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// The reply to a command of the connection.
    Reply,
    /// An out-of-band message: a published message or an invalidation.
    Push,
}

/// A reply or a push to a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The receiving connection.
    pub to: ConnectionId,
    /// The connection's protocol at that time.
    pub protocol: Protocol,
    /// Reply or push.
    pub kind: DeliveryKind,
    /// The content.
    pub reply: Reply,
}

impl Delivery {
    /// Appends the encoded bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.reply.encode(self.protocol, out);
    }
}

/// The output of a command or of active expiry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Replies and pushes, in order. Only the order per connection is significant.
    pub deliveries: Vec<Delivery>,
    /// The connections to close after the deliveries. The server has already removed them.
    pub closed: Vec<ConnectionId>,
}
