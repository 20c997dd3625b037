//! Replies.

use bytes::Bytes;

use super::Deep;

/// The reply to a command, in RESP3's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A short text from the server, such as `OK`.
    Status(Bytes),
    /// An error, including its code: `ERR no such key`.
    Error(Bytes),
    /// An integer.
    Integer(i64),
    /// A binary-safe string.
    Bulk(Bytes),
    /// A missing string or number.
    Null,
    /// A missing array. RESP3 does not distinguish it from [`Reply::Null`].
    NullArray,
    /// An array.
    Array(Vec<Reply>),
    /// Key-value pairs. RESP2 encodes a flat array.
    Map(Vec<(Reply, Reply)>),
    /// An unordered collection. RESP2 encodes an array.
    Set(Vec<Reply>),
    /// A floating-point number. RESP2 encodes its text.
    Double(f64),
    /// A boolean. RESP2 encodes 1 or 0.
    Boolean(bool),
    /// An arbitrarily large integer, as digits. RESP2 encodes a string.
    BigNumber(Bytes),
    /// A text with a three-byte format, such as `txt`. RESP2 encodes a string.
    Verbatim([u8; 3], Bytes),
    /// An out-of-band message: its type, then its content. RESP2 encodes an array.
    Push(Vec<Reply>),
    /// Several consecutive replies to one command: `SUBSCRIBE a b` has two.
    Several(Vec<Reply>),
    /// A script's reply that nests more than 100 levels deep.
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

    /// A length or a count. Redis' integers are signed.
    pub fn count(count: usize) -> Self {
        Reply::Integer(count as i64)
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

impl From<bool> for Reply {
    /// 1 or 0, as most commands reply.
    fn from(yes: bool) -> Self {
        Reply::Integer(i64::from(yes))
    }
}

impl From<Option<Bytes>> for Reply {
    fn from(value: Option<Bytes>) -> Self {
        value.map_or(Reply::Null, Reply::Bulk)
    }
}
