//! Copies of bytes for the keyspace.

use bytes::Bytes;

/// A copy of the bytes in memory of its own.
///
/// A clone of [`Bytes`] shares them with the request: that takes a counter beside them, and keeps
/// all of the memory that they are a part of.
pub(crate) fn owned(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
