//! The parts in which Redis stores a stream.
//!
//! A part is a listpack of up to 100 entries or 4,096 bytes (`stream-node-max-entries`,
//! `stream-node-max-bytes`). Nothing but approximate trimming and `XINFO` shows where it ends.

use bytes::Bytes;

use super::StreamId;
use crate::keyspace::owned;
use crate::resp::whole_number;

const MAX_ENTRIES: usize = 100;
const MAX_BYTES: usize = 4_096;
/// The header and the end of a listpack.
const FRAME: usize = 7;

/// A part.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The identifier of its first entry, which may have been removed.
    pub(super) first: StreamId,
    /// The identifier of its last entry, which may have been removed.
    pub(super) last: StreamId,
    /// The fields of its first entry. An entry with the same fields stores only its values.
    fields: Box<[Bytes]>,
    /// The entries that exist.
    pub(super) live: usize,
    /// The entries that were removed, and still take memory.
    removed: usize,
    bytes: usize,
}

impl Node {
    pub(super) fn new(id: StreamId, words: &[Bytes]) -> Self {
        let fields: Box<[Bytes]> = words.iter().step_by(2).map(|field| owned(field)).collect();
        // The numbers of entries that exist, of removed entries and of fields; the fields; a zero.
        let head = 3 * number(0) + number(fields.len() as i64);
        let bytes = FRAME + head + fields.iter().map(|field| text(field)).sum::<usize>();
        let mut node = Node { first: id, last: id, fields, live: 0, removed: 0, bytes };
        node.add(id, words);
        node
    }

    pub(super) fn has_room_for(&self, words: &[Bytes]) -> bool {
        let added: usize = words.iter().map(Bytes::len).sum();
        self.bytes + added < MAX_BYTES && self.live + self.removed < MAX_ENTRIES
    }

    pub(super) fn add(&mut self, id: StreamId, words: &[Bytes]) {
        let has_same_fields = words.iter().step_by(2).eq(self.fields.iter());
        let count = words.len() as i64 / 2;
        let (stored, length): (usize, i64) = match has_same_fields {
            true => (words.iter().skip(1).step_by(2).map(|value| text(value)).sum(), count + 3),
            false => (number(count) + words.iter().map(|word| text(word)).sum::<usize>(), 2 * count + 4),
        };
        let millis = id.millis.wrapping_sub(self.first.millis) as i64;
        let sequence = id.sequence.wrapping_sub(self.first.sequence) as i64;
        let flags = 0;
        self.bytes += number(flags) + number(millis) + number(sequence) + stored + number(length);
        self.live += 1;
        self.last = id;
    }

    pub(super) fn remove(&mut self) {
        self.live -= 1;
        self.removed += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }
}

/// The size of a number in a listpack, with the length that follows it.
fn number(number: i64) -> usize {
    1 + match number {
        0..=127 => 1,
        -4_096..=4_095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    }
}

/// The size of a text in a listpack, with the length that follows it.
fn text(bytes: &[u8]) -> usize {
    if let Some(it) = Some(bytes).filter(|bytes| bytes.len() <= 20).and_then(whole_number) {
        return number(it);
    }
    let size = bytes.len()
        + match bytes.len() {
            0..64 => 1,
            64..4_096 => 2,
            _ => 5,
        };
    let length_width = [0x80, 0x4000, 0x20_0000, 0x1000_0000].iter().filter(|least| size >= **least).count();
    size + 1 + length_width
}

/// The number of nodes of a compressed radix tree with these sorted keys, as Redis counts them.
pub(super) fn radix_nodes(keys: &[[u8; 16]]) -> usize {
    fn below(keys: &[[u8; 16]], depth: usize) -> usize {
        let [first, .., last] = keys else { return 1 + usize::from(depth < 16) };
        let common = first[depth..].iter().zip(&last[depth..]).take_while(|(a, b)| a == b).count();
        let at = depth + common;
        let children = keys.chunk_by(|a, b| a[at] == b[at]);
        1 + usize::from(common > 0) + children.map(|child| below(child, at + 1)).sum::<usize>()
    }
    if keys.is_empty() { 1 } else { below(keys, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Redis says so of streams with these parts.
    #[test]
    fn nodes_of_the_tree() {
        let key = |millis| StreamId { millis, sequence: 0 }.bytes();
        assert_eq!(radix_nodes(&[]), 1);
        assert_eq!(radix_nodes(&[key(1)]), 2);
        assert_eq!(radix_nodes(&[key(1), key(2)]), 6);
    }
}
