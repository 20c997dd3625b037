//! RESP, the protocol that Redis speaks: requests in, replies out.
//!
//! - [`Requests`] cuts what a connection sends into commands, arrays of bulk strings or inline, and refuses what Redis
//!   refuses, in its words. It never sets memory aside for a length that was only announced.
//! - [`Reply`] is what comes back, in RESP3's types. [`Reply::encode`] writes it; RESP2 gets the older types that Redis
//!   has for each.
//!
//! The specification: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

mod deep;
mod encode;
mod number;
mod protocol;
mod reply;
mod request;
mod split;

pub use deep::Deep;
pub use protocol::Protocol;
pub use reply::Reply;
pub use request::{ProtocolError, Requests};

pub(crate) use deep::{Level, Part, assemble};
pub(crate) use number::{double, integer};
pub(crate) use request::whole_number;
pub(crate) use split::words;
