//! Values to bytes.

use super::checksum::crc64;
use super::{HASH, LIST, SET, SORTED_SET, STRING, VERSION};
use crate::keyspace::Value;

/// Serializes a value, with the version and the checksum at the end. `None` for a stream, which is
/// not supported.
pub(crate) fn encode(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match value {
        Value::Text(text) => {
            out.push(STRING);
            string(text, &mut out);
        }
        Value::List(list) => {
            out.push(LIST);
            length(list.len(), &mut out);
            list.iter().for_each(|item| string(item, &mut out));
        }
        Value::Set(set) => {
            out.push(SET);
            length(set.len(), &mut out);
            set.iter().for_each(|member| string(&member, &mut out));
        }
        Value::Hash(hash) => {
            out.push(HASH);
            length(hash.len(), &mut out);
            for (field, value) in hash.iter() {
                string(field, &mut out);
                string(value, &mut out);
            }
        }
        Value::SortedSet(set) => {
            out.push(SORTED_SET);
            length(set.len(), &mut out);
            for (member, score) in set.iter() {
                string(member, &mut out);
                out.extend(score.to_le_bytes());
            }
        }
        Value::Stream(_) => return None,
    }
    out.extend(VERSION.to_le_bytes());
    let checksum = crc64(&out);
    out.extend(checksum.to_le_bytes());
    Some(out)
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend(bytes);
}

/// A length in 6, 14 or 32 bits. The first two bits are the form.
fn length(length: usize, out: &mut Vec<u8>) {
    match length {
        0..0x40 => out.push(length as u8),
        0x40..0x4000 => out.extend((length as u16 | 0x4000).to_be_bytes()),
        _ => {
            out.push(0x80);
            // A string has at most 512 MB, and a collection fewer elements than bytes.
            out.extend((length as u32).to_be_bytes());
        }
    }
}
