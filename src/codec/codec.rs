//! From values to bytes and back.

use std::error::Error;

use bytes::Bytes;

/// Turns values into bytes and back. What is decoded from what was encoded is equal to it.
pub trait Codec<V>: Send + Sync {
    /// Why a value could not be turned. The remote tier adds which key's it was.
    type Error: Error + Send + Sync + 'static;

    /// The value as bytes.
    fn encode(&self, value: &V) -> Result<Bytes, Self::Error>;

    /// The value of these bytes.
    fn decode(&self, bytes: Bytes) -> Result<V, Self::Error>;
}
