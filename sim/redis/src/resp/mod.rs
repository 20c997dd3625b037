//! RESP, the protocol of Redis: requests and replies.
//!
//! - [`Requests`] splits the bytes of a connection into commands (arrays of bulk strings, or
//!   inline), and rejects the same input as Redis with the same errors. It never allocates memory
//!   for an announced length before the bytes have arrived.
//! - [`Reply`] is a reply in RESP3's types. [`Reply::encode`] encodes it; for RESP2 it uses the
//!   older types that Redis uses.
//!
//! The specification: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

#[cfg_attr(not(feature = "lua"), expect(dead_code, reason = "only scripts use it"))]
mod deep;
mod encode;
mod number;
mod protocol;
mod reply;
mod request;
mod split;
mod unsupported;

pub use deep::Deep;
pub use protocol::Protocol;
pub use reply::Reply;
pub use request::{ProtocolError, Requests};

#[cfg(feature = "lua")]
pub(crate) use deep::{Level, Part, assemble};
#[cfg(feature = "lua")]
pub(crate) use number::general;
pub(crate) use number::{double, integer};
pub(crate) use request::whole_number;
#[cfg(feature = "lua")]
pub(crate) use split::words;
#[cfg(not(feature = "lua"))]
pub(crate) use unsupported::NO_LUA;
pub(crate) use unsupported::{NO_STREAM_DUMP, UNKNOWN_COMMAND};
