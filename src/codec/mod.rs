//! Encodings of values in the remote tier.
//!
//! | codec | values | in the remote tier |
//! |---|---|---|
//! | [`Postcard`] | any serde type | compact, and not self-describing |
//! | [`Raw`] | [`Bytes`](bytes::Bytes) | the bytes themselves; a read copies none of them |
//! | `Json`, with the cargo feature `json` | any serde type | text, for people and other programs |
//!
//! All processes that share a remote tier must be able to read each other's values, also while a
//! new version of the program is being deployed. With [`Postcard`], a type whose fields have
//! changed has another format, and an old value may even decode as a wrong one: use another key
//! prefix for the changed type.

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
