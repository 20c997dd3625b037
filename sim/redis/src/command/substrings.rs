//! Parts of strings: `GETRANGE`, `SETRANGE`, `LCS`.

use bytes::Bytes;

use super::arguments::integer;
use super::strings::check_length;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::Reply;

/// `GETRANGE`, and its old name `SUBSTR`.
pub(super) fn getrange(call: &mut Call<'_>) -> Answer {
    let (start, end) = (integer(&call.words[2])?, integer(&call.words[3])?);
    let text = call.text(&call.words[1])?.unwrap_or_default();
    let part = byte_range(start, end, text.len()).map_or(Bytes::new(), |range| text.slice(range));
    Ok(Reply::Bulk(part))
}

/// The bytes from `start` to `end`: both inclusive, negative ones from the end. An end before the
/// first byte counts as the first byte.
pub(super) fn byte_range(start: i64, end: i64, len: usize) -> Option<std::ops::Range<usize>> {
    if start < 0 && end < 0 && start > end {
        return None;
    }
    let len = len as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len).max(0) } else { index };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    (start <= end && len > 0).then(|| start as usize..end as usize + 1)
}

pub(super) fn setrange(call: &mut Call<'_>) -> Answer {
    let [_, key, offset, part] = call.words else { return call.wrong_arity() };
    let offset = integer(offset)?;
    let offset = usize::try_from(offset).map_err(|_| ErrorReply::fixed("ERR offset is out of range"))?;
    let old = call.text_to_change(key)?.unwrap_or_default();
    if part.is_empty() {
        return Ok(Reply::count(old.len()));
    }
    check_length(offset, part.len())?;
    let mut text = old.to_vec();
    text.resize(text.len().max(offset + part.len()), 0);
    text[offset..offset + part.len()].copy_from_slice(part);
    let length = text.len();
    call.insert(key, Value::Text(text.into()));
    call.modified(key);
    call.notify(Events::STRING, "setrange", key);
    Ok(Reply::count(length))
}

/// The options of `LCS`.
#[derive(Debug, Default)]
struct Options {
    only_length: bool,
    indices: bool,
    with_lengths: bool,
    least: i64,
}

impl Options {
    fn parse(words: &[Bytes]) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match (&word.to_ascii_lowercase()[..], after) {
                (b"idx", _) => options.indices = true,
                (b"len", _) => options.only_length = true,
                (b"withmatchlen", _) => options.with_lengths = true,
                (b"minmatchlen", [least, after @ ..]) => {
                    options.least = integer(least)?;
                    rest = after;
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        if options.only_length && options.indices {
            let text = "ERR If you want both the length and indexes, please just use IDX.";
            return Err(ErrorReply::fixed(text));
        }
        Ok(options)
    }
}

/// Maximum size of the table of `LCS`, in entries of 4 bytes.
const MOST_ENTRIES: usize = 512 * 1024 * 1024 / 4;

pub(super) fn lcs(call: &mut Call<'_>) -> Answer {
    let of_text = |value: Option<&Value>| match value {
        None => Some(Bytes::new()),
        Some(Value::Text(text)) => Some(text.clone()),
        Some(_) => None,
    };
    let [one, other] = [1, 2].map(|at| of_text(call.read(&call.words[at])));
    let (Some(one), Some(other)) = (one, other) else {
        return Err(ErrorReply::fixed("ERR The specified keys must contain string values"));
    };
    let options = Options::parse(&call.words[3..])?;
    if (one.len() + 1).saturating_mul(other.len() + 1) > MOST_ENTRIES {
        let text = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
        return Err(ErrorReply::fixed(text));
    }
    let table = Table::new(&one, &other);
    let length = i64::from(table.at(one.len(), other.len()));
    if options.only_length {
        return Ok(Reply::Integer(length));
    }
    let (common, matches) = table.walk(&one, &other);
    if !options.indices {
        return Ok(Reply::bulk(common));
    }
    let matches = matches.into_iter().filter(|found| options.least <= found.length as i64).map(|found| {
        let range =
            |start: usize| Reply::Array(vec![Reply::count(start), Reply::count(start + found.length - 1)]);
        let mut parts = vec![range(found.one), range(found.other)];
        if options.with_lengths {
            parts.push(Reply::count(found.length));
        }
        Reply::Array(parts)
    });
    Ok(Reply::Map(vec![
        (Reply::text("matches"), Reply::Array(matches.collect())),
        (Reply::text("len"), Reply::Integer(length)),
    ]))
}

/// A range that is equal in both strings.
#[derive(Debug)]
struct Match {
    one: usize,
    other: usize,
    length: usize,
}

/// The length of the longest common subsequence of each pair of prefixes.
struct Table {
    lengths: Vec<u32>,
    width: usize,
}

impl Table {
    fn new(one: &[u8], other: &[u8]) -> Self {
        let width = other.len() + 1;
        let mut table = Table { lengths: vec![0; (one.len() + 1) * width], width };
        for (i, left) in one.iter().enumerate() {
            for (j, right) in other.iter().enumerate() {
                table.lengths[(i + 1) * width + j + 1] = if left == right {
                    table.at(i, j) + 1
                } else {
                    table.at(i, j + 1).max(table.at(i + 1, j))
                };
            }
        }
        table
    }

    fn at(&self, one: usize, other: usize) -> u32 {
        self.lengths[one * self.width + other]
    }

    /// The subsequence, and its contiguous ranges, last first.
    fn walk(&self, one: &[u8], other: &[u8]) -> (Vec<u8>, Vec<Match>) {
        let (mut common, mut matches) = (Vec::new(), Vec::new());
        let (mut i, mut j) = (one.len(), other.len());
        let mut current: Option<Match> = None;
        while i > 0 && j > 0 {
            if one[i - 1] == other[j - 1] {
                common.push(one[i - 1]);
                (i, j) = (i - 1, j - 1);
                let length = current.take().map_or(0, |found| found.length);
                current = Some(Match { one: i, other: j, length: length + 1 });
            } else {
                matches.extend(current.take());
                if self.at(i - 1, j) > self.at(i, j - 1) { i -= 1 } else { j -= 1 }
            }
        }
        matches.extend(current);
        common.reverse();
        (common, matches)
    }
}
