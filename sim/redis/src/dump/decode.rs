//! Bytes to values.

use std::collections::VecDeque;

use bytes::Bytes;

use super::checksum::crc64;
use super::listpack::elements;
use super::{
    FOOTER, HASH, HASH_LISTPACK, INTEGER_SET, LIST, QUICKLIST, SET, SORTED_SET, SORTED_SET_LISTPACK, STRING,
    VERSION,
};
use crate::keyspace::{Hash, Set, SortedSet, Value};
use crate::resp::integer;

/// The reason why a serialized value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DumpError {
    VersionOrChecksum,
    BadFormat,
}

/// Reads a serialized value.
pub(crate) fn decode(payload: &[u8]) -> Result<Value, DumpError> {
    let end = payload.len().checked_sub(FOOTER).ok_or(DumpError::VersionOrChecksum)?;
    let (content, footer) = payload.split_at(end);
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    let checksum = crc64(&payload[..end + 2]).to_le_bytes();
    if version > VERSION || footer[2..] != checksum {
        return Err(DumpError::VersionOrChecksum);
    }
    let mut reader = Reader::new(content);
    reader.value().ok_or(DumpError::BadFormat)
}

/// Reads bytes from the front.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// A length, or the encoding of a string.
enum Length {
    Plain(usize),
    Encoded(u8),
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn slice(&mut self, count: usize) -> Option<&'b [u8]> {
        let slice = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(slice)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<Bytes> {
        self.slice(count).map(Bytes::copy_from_slice)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.slice(1).map(|slice| slice[0])
    }

    /// A number of `count` bytes, lowest first.
    pub(super) fn little(&mut self, count: usize) -> Option<u64> {
        Some(self.slice(count)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(super) fn little_signed(&mut self, count: usize) -> Option<i64> {
        let unused = 64 - 8 * count as u32;
        Some((self.little(count)? as i64) << unused >> unused)
    }

    fn big(&mut self, count: usize) -> Option<u64> {
        Some(self.slice(count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length_or_encoding(&mut self) -> Option<Length> {
        let first = self.byte()?;
        let low = usize::from(first & 0x3f);
        Some(match first >> 6 {
            0 => Length::Plain(low),
            1 => Length::Plain(low << 8 | usize::from(self.byte()?)),
            2 if first == 0x80 => Length::Plain(usize::try_from(self.big(4)?).ok()?),
            2 if first == 0x81 => Length::Plain(usize::try_from(self.big(8)?).ok()?),
            2 => return None,
            _ => Length::Encoded(first & 0x3f),
        })
    }

    fn length(&mut self) -> Option<usize> {
        match self.length_or_encoding()? {
            Length::Plain(length) => Some(length),
            Length::Encoded(_) => None,
        }
    }

    fn string(&mut self) -> Option<Bytes> {
        let number = |number: i64| Some(Bytes::from(integer(number)));
        match self.length_or_encoding()? {
            Length::Plain(length) => self.take(length),
            Length::Encoded(0) => number(self.little_signed(1)?),
            Length::Encoded(1) => number(self.little_signed(2)?),
            Length::Encoded(2) => number(self.little_signed(4)?),
            Length::Encoded(3) => {
                let (packed, length) = (self.length()?, self.length()?);
                decompress(self.slice(packed)?, length)
            }
            Length::Encoded(_) => None,
        }
    }

    fn value(&mut self) -> Option<Value> {
        let value = match self.byte()? {
            STRING => return self.string().map(Value::Text),
            LIST => {
                let count = self.length()?;
                Value::List(Box::new((0..count).map(|_| self.string()).collect::<Option<_>>()?))
            }
            QUICKLIST => self.quicklist()?,
            SET => {
                let mut set = Set::default();
                for _ in 0..self.length()? {
                    set.insert(self.string()?);
                }
                Value::Set(Box::new(set))
            }
            INTEGER_SET => integers(&self.string()?)?,
            HASH => {
                let mut hash = Hash::default();
                for _ in 0..self.length()? {
                    hash.insert(self.string()?, self.string()?);
                }
                Value::Hash(Box::new(hash))
            }
            HASH_LISTPACK => {
                let mut hash = Hash::default();
                for pair in elements(&self.string()?)?.chunks(2) {
                    let [field, value] = pair else { return None };
                    hash.insert(field.clone(), value.clone());
                }
                Value::Hash(Box::new(hash))
            }
            SORTED_SET => {
                let mut set = SortedSet::default();
                for _ in 0..self.length()? {
                    let member = self.string()?;
                    set.insert(member, finite(f64::from_bits(self.little(8)?))?);
                }
                Value::SortedSet(Box::new(set))
            }
            SORTED_SET_LISTPACK => {
                let mut set = SortedSet::default();
                for pair in elements(&self.string()?)?.chunks(2) {
                    let [member, score] = pair else { return None };
                    let score = std::str::from_utf8(score).ok()?.parse().ok()?;
                    set.insert(member.clone(), finite(score)?);
                }
                Value::SortedSet(Box::new(set))
            }
            _ => return None,
        };
        (!is_empty(&value)).then_some(value)
    }

    /// A list as nodes, each of which is one long item or a listpack.
    fn quicklist(&mut self) -> Option<Value> {
        let mut list = VecDeque::new();
        for _ in 0..self.length()? {
            match (self.length()?, self.string()?) {
                (1, item) => list.push_back(item),
                (2, node) => list.extend(elements(&node)?),
                _ => return None,
            }
        }
        Some(Value::List(Box::new(list)))
    }
}

fn finite(score: f64) -> Option<f64> {
    (!score.is_nan()).then_some(score)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(_) => false,
        Value::List(list) => list.is_empty(),
        Value::Hash(hash) => hash.len() == 0,
        Value::Set(set) => set.len() == 0,
        Value::SortedSet(set) => set.len() == 0,
        Value::Stream(_) => false,
    }
}

/// A set of integers: their width, their number, and the integers.
fn integers(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader::new(bytes);
    let (width, count) = (reader.little(4)?, reader.little(4)?);
    let width = usize::try_from(width).ok().filter(|width| [2, 4, 8].contains(width))?;
    let mut set = Set::default();
    for _ in 0..count {
        set.insert(Bytes::from(integer(reader.little_signed(width)?)));
    }
    reader.is_at_end().then_some(Value::Set(Box::new(set)))
}

/// Decompresses a string in the format of LibLZF.
fn decompress(packed: &[u8], length: usize) -> Option<Bytes> {
    let mut reader = Reader::new(packed);
    let mut out: Vec<u8> = Vec::new();
    while !reader.is_at_end() {
        let control = usize::from(reader.byte()?);
        if control < 0x20 {
            out.extend(reader.slice(control + 1)?);
        } else {
            let mut count = control >> 5;
            if count == 7 {
                count += usize::from(reader.byte()?);
            }
            let back = ((control & 0x1f) << 8 | usize::from(reader.byte()?)) + 1;
            let from = out.len().checked_sub(back)?;
            // The source can overlap the copy.
            for at in from..from + count + 2 {
                out.push(out[at]);
            }
        }
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then(|| out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::encode;

    #[test]
    fn a_malformed_value_is_refused() {
        let mut hash = Hash::default();
        hash.insert(Bytes::from_static(b"field"), Bytes::from_static(b"value"));
        let payload = encode(&Value::Hash(Box::new(hash))).expect("a hash is supported");
        assert!(decode(&payload).is_ok());
        for length in 0..payload.len() {
            // Each prefix with a valid footer, and without.
            assert_eq!(decode(&payload[..length]).err(), Some(DumpError::VersionOrChecksum));
            if length < payload.len() - FOOTER {
                let mut cut = [&payload[..length], &VERSION.to_le_bytes()].concat();
                let checksum = crc64(&cut);
                cut.extend(checksum.to_le_bytes());
                assert_eq!(decode(&cut).err(), Some(DumpError::BadFormat), "{length}");
            }
        }
    }
}
