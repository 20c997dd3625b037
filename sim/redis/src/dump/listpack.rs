//! Listpacks: the compact lists in which Redis stores small collections.

use bytes::Bytes;

use super::decode::Reader;
use crate::resp::integer;

/// Length of the header: the total length and the number of elements.
const HEADER: usize = 6;
const END: u8 = 0xff;

/// The elements of a listpack; none if it is malformed.
pub(super) fn elements(bytes: &[u8]) -> Option<Vec<Bytes>> {
    let mut reader = Reader::new(bytes);
    reader.take(HEADER)?;
    let mut all = Vec::new();
    loop {
        let before = reader.position();
        let first = reader.byte()?;
        if first == END {
            return reader.is_at_end().then_some(all);
        }
        all.push(element(first, &mut reader)?);
        // The length of the element follows it, for reading backwards.
        let size = reader.position() - before;
        let width = [0x80, 0x3fff, 0x1f_ffff, 0xfff_ffff].iter().take_while(|most| size >= **most).count();
        reader.take(width + 1)?;
    }
}

/// An element from its first byte on:
///
/// ```text
/// 0xxxxxxx  7-bit number         1111 0001  16-bit number
/// 10xxxxxx  string, 6-bit length 1111 0010  24-bit number
/// 110xxxxx  13-bit number        1111 0011  32-bit number
/// 1110xxxx  string, 12-bit length 1111 0100 64-bit number
/// 1111 0000 string, 32-bit length
/// ```
fn element(first: u8, reader: &mut Reader<'_>) -> Option<Bytes> {
    let low = |mask: u8| usize::from(first & mask);
    let number = |number: i64| Some(Bytes::from(integer(number)));
    match first {
        0x00..=0x7f => number(i64::from(first)),
        0x80..=0xbf => reader.take(low(0x3f)),
        0xc0..=0xdf => {
            let bits = (low(0x1f) as i64) << 8 | i64::from(reader.byte()?);
            number(bits << 51 >> 51)
        }
        0xe0..=0xef => {
            let length = low(0x0f) << 8 | usize::from(reader.byte()?);
            reader.take(length)
        }
        0xf0 => {
            let length = reader.little(4)?;
            reader.take(usize::try_from(length).ok()?)
        }
        0xf1 => number(reader.little_signed(2)?),
        0xf2 => number(reader.little_signed(3)?),
        0xf3 => number(reader.little_signed(4)?),
        0xf4 => number(reader.little_signed(8)?),
        _ => None,
    }
}
