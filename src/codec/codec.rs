//! The trait of codecs.

use std::error::Error;

use bytes::Bytes;

/// Encodes values as bytes and decodes them. Decoding an encoded value returns an equal value.
pub trait Codec<V>: Send + Sync {
    /// Error of encoding or decoding. The remote tier adds the key.
    type Error: Error + Send + Sync + 'static;

    /// Encodes the value.
    fn encode(&self, value: &V) -> Result<Bytes, Self::Error>;

    /// Decodes the value.
    fn decode(&self, bytes: Bytes) -> Result<V, Self::Error>;
}
