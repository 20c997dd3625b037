//! The versions of the protocol.

/// The protocol version of a connection. A connection starts with RESP2; `HELLO 3` switches it to
/// RESP3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// RESP2: five types, and out-of-band messages only for subscribers.
    #[default]
    Resp2,
    /// RESP3: maps, sets, doubles, and pushes on any connection.
    Resp3,
}

impl Protocol {
    /// The protocol's number in `HELLO`.
    pub fn number(self) -> i64 {
        match self {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        }
    }
}
