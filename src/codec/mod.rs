//! What values look like outside of the process.
//!
//! | codec | values | in the remote tier |
//! |---|---|---|
//! | [`Postcard`] | any type that serde knows | compact, and not self-describing |
//! | [`Raw`] | [`Bytes`](bytes::Bytes) | the bytes themselves; a read copies none of them |
//! | `Json`, with the cargo feature `json` | any type that serde knows | text, for people and other programs |
//!
//! All nodes that share a remote tier must read what any of them writes, also while a new version of the program is
//! being rolled out. With [`Postcard`], a type whose fields have changed is another format, and an old value may even be
//! read as a wrong one: give the changed type another key prefix.

#[expect(clippy::module_inception, reason = "a file is named after its idea, and this one is the codec")]
mod codec;
#[cfg(feature = "json")]
mod json;
mod postcard;
mod raw;

pub use codec::Codec;
#[cfg(feature = "json")]
pub use json::Json;
pub use postcard::{Postcard, PostcardError};
pub use raw::Raw;
