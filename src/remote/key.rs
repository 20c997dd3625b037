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

/// A key that can be restored from its bytes, which a notification has.
///
/// `from_bytes` returns the key for the bytes that [`append_to`](KeyBytes::append_to) appends, and
/// `None` for all others. If it returned another key, the notification would be missed.
pub trait KeyFromBytes: KeyBytes + Sized {
    /// The key with these bytes; `None` if no key has them.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl KeyFromBytes for Vec<u8> {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_owned())
    }
}

impl KeyFromBytes for Bytes {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Bytes::copy_from_slice(bytes))
    }
}

impl KeyFromBytes for String {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

impl KeyFromBytes for Arc<str> {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Arc::from)
    }
}

impl KeyFromBytes for Arc<[u8]> {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Arc::from(bytes))
    }
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

        /// In decimal, without leading zeros or a plus sign.
        impl KeyFromBytes for $number {
            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let text = std::str::from_utf8(bytes).ok()?;
                let number: $number = text.parse().ok()?;
                (number.to_string() == text).then_some(number)
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
    fn a_key_is_restored_from_its_own_bytes_only() {
        fn check<K: KeyFromBytes + PartialEq>(key: &K) {
            let mut buffer = Vec::new();
            key.append_to(&mut buffer);
            assert!(K::from_bytes(&buffer).is_some_and(|restored| restored == *key));
        }
        check(&"user:1".to_owned());
        check(&String::new());
        check(&vec![0_u8, 0xff]);
        check(&Bytes::from_static(b"k"));
        check(&Arc::<str>::from("k"));
        check(&Arc::<[u8]>::from(&b"k"[..]));
        check(&u64::MAX);
        check(&i8::MIN);
        assert_eq!(String::from_bytes(&[0xff]), None);
        for other in ["007", "+7", "-0", "", "7 ", "256"] {
            assert_eq!(u8::from_bytes(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(bytes(&7_u32), b"app:7");
        assert_eq!(bytes(&-7_i64), b"app:-7");
        assert_eq!(bytes(&u64::MAX), b"app:18446744073709551615");
    }
}
