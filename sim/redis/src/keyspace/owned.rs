//! Copies of bytes for the keyspace.

use bytes::Bytes;

/// A copy of the bytes in memory of its own.
///
/// The arguments of a request are slices of the buffer that was received. A slice that is stored
/// would keep the whole buffer in memory, for as long as the key exists.
pub(crate) fn owned(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
