//! What comes back from a command.

use bytes::Bytes;

use super::Deep;

/// What comes back from a command, in RESP3's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A short text from the server, such as `OK`.
    Status(Bytes),
    /// An error, with its code in front: `ERR no such key`.
    Error(Bytes),
    /// A number.
    Integer(i64),
    /// A string of any bytes.
    Bulk(Bytes),
    /// Nothing, where a string or a number was asked for.
    Null,
    /// Nothing, where an array was asked for. RESP3 does not tell it from [`Reply::Null`].
    NullArray,
    /// A list.
    Array(Vec<Reply>),
    /// Pairs. RESP2 has them one after the other.
    Map(Vec<(Reply, Reply)>),
    /// A list in no order that would mean something. RESP2 has an array.
    Set(Vec<Reply>),
    /// A floating-point number. RESP2 has its text.
    Double(f64),
    /// True or false. RESP2 has 1 or 0.
    Boolean(bool),
    /// A number of any length, in digits. RESP2 has a string.
    BigNumber(Bytes),
    /// A text with a hint of what is in it, such as `txt`. RESP2 has a string.
    Verbatim([u8; 3], Bytes),
    /// An out-of-band message: its kind, and then its content. RESP2 has an array.
    Push(Vec<Reply>),
    /// Several replies to one command, one after the other: `SUBSCRIBE a b` has two.
    Several(Vec<Reply>),
    /// A reply of a script that nests more than 100 deep.
    Deep(Deep),
}

impl Reply {
    /// `OK`.
    pub const OK: Reply = Reply::Status(Bytes::from_static(b"OK"));

    /// A status.
    pub fn status(text: &'static str) -> Self {
        Reply::Status(Bytes::from_static(text.as_bytes()))
    }

    /// A string.
    pub fn bulk(text: impl Into<Bytes>) -> Self {
        Reply::Bulk(text.into())
    }

    /// A string from a literal.
    pub fn text(text: &'static str) -> Self {
        Reply::Bulk(Bytes::from_static(text.as_bytes()))
    }

    /// A length or a count. Redis' are signed.
    pub fn count(count: usize) -> Self {
        Reply::Integer(count as i64)
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

impl From<bool> for Reply {
    /// 1 or 0, as nearly all commands say it.
    fn from(yes: bool) -> Self {
        Reply::Integer(i64::from(yes))
    }
}

impl From<Option<Bytes>> for Reply {
    fn from(value: Option<Bytes>) -> Self {
        value.map_or(Reply::Null, Reply::Bulk)
    }
}
