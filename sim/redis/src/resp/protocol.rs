//! Which version of the protocol a connection speaks.

/// Which version of the protocol a connection speaks. A connection begins with RESP2, and changes with `HELLO 3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// RESP2: five types, and out-of-band messages only for subscribers.
    #[default]
    Resp2,
    /// RESP3: maps, sets, doubles, and pushes on any connection.
    Resp3,
}

impl Protocol {
    /// The number that `HELLO` has for it.
    pub fn number(self) -> i64 {
        match self {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        }
    }
}
