//! Keys as bytes.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

/// A key of an external store.
///
/// Different keys must have different bytes: otherwise one reads the other's value. Implement it
/// for a type of your own like this:
///
/// ```
/// use std::io::Write;
///
/// use selvedge::remote::KeyBytes;
///
/// struct OrderKey {
///     user: u64,
///     order: u64,
/// }
///
/// impl KeyBytes for OrderKey {
///     fn append_to(&self, buffer: &mut Vec<u8>) {
///         write!(buffer, "order:{}:{}", self.user, self.order).expect("memory can be written to");
///     }
/// }
/// ```
pub trait KeyBytes {
    /// Appends the key's bytes to the buffer.
    fn append_to(&self, buffer: &mut Vec<u8>);
}

impl KeyBytes for [u8] {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self);
    }
}

impl KeyBytes for Vec<u8> {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        self.as_slice().append_to(buffer);
    }
}

impl KeyBytes for Bytes {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        self[..].append_to(buffer);
    }
}

impl KeyBytes for str {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        self.as_bytes().append_to(buffer);
    }
}

impl KeyBytes for String {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        self.as_bytes().append_to(buffer);
    }
}

macro_rules! decimal {
    ($($number:ty)*) => {$(
        /// In decimal.
        impl KeyBytes for $number {
            fn append_to(&self, buffer: &mut Vec<u8>) {
                write!(buffer, "{self}").expect("memory can be written to");
            }
        }
    )*};
}

decimal! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

impl<T: KeyBytes + ?Sized> KeyBytes for &T {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        (**self).append_to(buffer);
    }
}

impl<T: KeyBytes + ?Sized> KeyBytes for Arc<T> {
    fn append_to(&self, buffer: &mut Vec<u8>) {
        (**self).append_to(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<K: KeyBytes + ?Sized>(key: &K) -> Vec<u8> {
        let mut buffer = b"app:".to_vec();
        key.append_to(&mut buffer);
        buffer
    }

    #[test]
    fn a_key_follows_the_prefix_unchanged() {
        for text in ["user:1", "", "a b\r\n", "ключ"] {
            let expected = [b"app:", text.as_bytes()].concat();
            assert_eq!(bytes(text), expected);
            assert_eq!(bytes(&text.to_owned()), expected);
            assert_eq!(bytes(&Arc::<str>::from(text)), expected);
            assert_eq!(bytes(text.as_bytes()), expected);
            assert_eq!(bytes(&text.as_bytes().to_vec()), expected);
            assert_eq!(bytes(&Bytes::from_static(text.as_bytes())), expected);
        }
        assert_eq!(bytes(&[0_u8, 0xff][..]), b"app:\0\xff");
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(bytes(&7_u32), b"app:7");
        assert_eq!(bytes(&-7_i64), b"app:-7");
        assert_eq!(bytes(&u64::MAX), b"app:18446744073709551615");
    }
}
