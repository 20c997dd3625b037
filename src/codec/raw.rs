//! Bytes without encoding.

use std::convert::Infallible;

use bytes::Bytes;

use super::Codec;

/// Values that are bytes already. Neither direction copies them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw;

impl Codec<Bytes> for Raw {
    type Error = Infallible;

    fn encode(&self, value: &Bytes) -> Result<Bytes, Infallible> {
        Ok(value.clone())
    }

    fn decode(&self, bytes: Bytes) -> Result<Bytes, Infallible> {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_copied() {
        let bytes = Bytes::from(vec![0, 0xff, b'\r', b'\n']);
        let Ok(encoded) = Raw.encode(&bytes);
        assert_eq!(encoded.as_ptr(), bytes.as_ptr());
        let Ok(decoded) = Raw.decode(encoded);
        assert_eq!((decoded.as_ptr(), &decoded), (bytes.as_ptr(), &bytes));
    }
}
