//! serde, in postcard's wire format.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Codec;

/// Any serde type, in the [wire format of postcard](https://postcard.jamesmunns.com/wire-format):
/// compact, and stable since its version 1. It contains neither names nor types, so that both sides
/// must agree on the type.
///
/// ```
/// use selvedge::codec::{Codec, Postcard};
///
/// let bytes = Postcard.encode(&(7_u32, String::from("seven")))?;
/// assert_eq!(&bytes[..], b"\x07\x05seven");
/// let value: (u32, String) = Postcard.decode(bytes)?;
/// assert_eq!(value, (7, String::from("seven")));
/// # Ok::<_, selvedge::codec::PostcardError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Postcard;

/// Error of encoding or decoding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostcardError {
    /// An error of serde or of the format.
    #[error("{0}")]
    Format(#[from] ::postcard::Error),
    /// Bytes were left after the value: it has another type.
    #[error("{0} bytes were left after the value")]
    TooLong(usize),
}

impl<V: Serialize + DeserializeOwned> Codec<V> for Postcard {
    type Error = PostcardError;

    fn encode(&self, value: &V) -> Result<Bytes, PostcardError> {
        Ok(::postcard::to_allocvec(value)?.into())
    }

    fn decode(&self, bytes: Bytes) -> Result<V, PostcardError> {
        match ::postcard::take_from_bytes(&bytes)? {
            (value, []) => Ok(value),
            (_, rest) => Err(PostcardError::TooLong(rest.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_refused() {
        let bytes = Postcard.encode(&(1_u8, 2_u8)).expect("it is plain");
        let short: Result<u8, _> = Postcard.decode(bytes.clone());
        assert_eq!(short, Err(PostcardError::TooLong(1)));
        let long: Result<(u8, u8, u8), _> = Postcard.decode(bytes);
        assert_eq!(long, Err(PostcardError::Format(::postcard::Error::DeserializeUnexpectedEnd)));
    }
}
