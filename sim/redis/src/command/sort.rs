//! `SORT` and `SORT_RO`.

use std::cmp::Ordering;
use std::collections::VecDeque;

use bytes::Bytes;

use super::arguments::{float, integer, is};
use super::{Answer, Call, ErrorReply};
use crate::error::printed;
use crate::keyspace::Value;
use crate::notify::Events;
use crate::resp::Reply;

/// The options of `SORT`.
#[derive(Debug, Default)]
struct Options<'a> {
    is_descending: bool,
    is_alphabetic: bool,
    limit: Option<(i64, i64)>,
    by: Option<&'a Bytes>,
    get: Vec<&'a Bytes>,
    destination: Option<&'a Bytes>,
}

impl<'a> Options<'a> {
    fn parse(words: &'a [Bytes], stores: bool) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match (&word.to_ascii_lowercase()[..], after) {
                (b"asc", _) => options.is_descending = false,
                (b"desc", _) => options.is_descending = true,
                (b"alpha", _) => options.is_alphabetic = true,
                (b"limit", [start, count, after @ ..]) => {
                    options.limit = Some((integer(start)?, integer(count)?));
                    rest = after;
                }
                (b"store", [key, after @ ..]) if stores => {
                    options.destination = Some(key);
                    rest = after;
                }
                (b"by", [pattern, after @ ..]) => {
                    options.by = Some(pattern);
                    rest = after;
                }
                (b"get", [pattern, after @ ..]) => {
                    options.get.push(pattern);
                    rest = after;
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        Ok(options)
    }

    /// The range of the sorted elements that is returned.
    fn range(&self, length: usize) -> std::ops::Range<usize> {
        let Some((start, count)) = self.limit else { return 0..length };
        let start = usize::try_from(start).unwrap_or(0).min(length);
        let count = usize::try_from(count).unwrap_or(length);
        start..start.saturating_add(count).min(length)
    }
}

pub(super) fn sort(call: &mut Call<'_>) -> Answer {
    let options = Options::parse(&call.words[2..], true)?;
    run(call, options)
}

pub(super) fn sort_ro(call: &mut Call<'_>) -> Answer {
    let options = Options::parse(&call.words[2..], false)?;
    run(call, options)
}

/// An element, with the value that it is sorted by.
#[derive(Debug)]
struct Element {
    bytes: Bytes,
    weight: f64,
    text: Option<Bytes>,
}

fn run(call: &mut Call<'_>, mut options: Options<'_>) -> Answer {
    let (elements, is_set) = match call.read(&call.words[1]) {
        None => (Vec::new(), false),
        Some(Value::List(list)) => (list.iter().cloned().collect(), false),
        Some(Value::Set(set)) => (set.iter().collect(), true),
        Some(Value::SortedSet(set)) => (set.iter().map(|(member, _)| member.clone()).collect(), false),
        Some(_) => return Err(ErrorReply::WRONG_TYPE),
    };
    let mut sorts = options.by.is_none_or(|pattern| printed(pattern).contains(&b'*'));
    if !sorts && is_set && (options.destination.is_some() || call.script.is_some()) {
        // A stored set is always sorted, so that the result does not depend on a hash table.
        (sorts, options.by, options.is_alphabetic) = (true, None, true);
    }
    let sorted = if sorts {
        sorted(call, elements, &options)?
    } else if options.is_descending && !is_set {
        elements.into_iter().rev().collect()
    } else {
        elements
    };
    let range = options.range(sorted.len());
    let mut found: Vec<Option<Bytes>> = Vec::new();
    for element in &sorted[range] {
        if options.get.is_empty() {
            found.push(Some(element.clone()));
        }
        for pattern in &options.get {
            found.push(look_up(call, pattern, element));
        }
    }
    let Some(destination) = options.destination else {
        return Ok(Reply::Array(found.into_iter().map(Reply::from).collect()));
    };
    let count = found.len();
    let list: VecDeque<Bytes> = found.into_iter().map(Option::unwrap_or_default).collect();
    let value = (count > 0).then(|| Value::List(Box::new(list)));
    call.store_result(destination, value, Events::LIST, "sortstore");
    Ok(Reply::count(count))
}

fn sorted(
    call: &mut Call<'_>,
    elements: Vec<Bytes>,
    options: &Options<'_>,
) -> Result<Vec<Bytes>, ErrorReply> {
    let mut all = Vec::new();
    for bytes in elements {
        let by = match options.by {
            None => Some(bytes.clone()),
            Some(pattern) => look_up(call, pattern, &bytes),
        };
        let weight = match &by {
            Some(text) if !options.is_alphabetic => number(text),
            _ => Some(0.0),
        };
        let error = "ERR One or more scores can't be converted into double";
        let weight = weight.ok_or(ErrorReply::fixed(error))?;
        all.push(Element { bytes, weight, text: by });
    }
    let is_stored = options.destination.is_some();
    let compare = |one: &Element, other: &Element| {
        if options.is_alphabetic {
            // Without a destination, C compares the texts up to a NUL.
            let text = |element: &Element| {
                element.text.as_ref().map(|text| if is_stored { &text[..] } else { printed(text) }.to_vec())
            };
            text(one).cmp(&text(other))
        } else {
            let by_weight = one.weight.partial_cmp(&other.weight).unwrap_or(Ordering::Equal);
            by_weight.then_with(|| one.bytes.cmp(&other.bytes))
        }
    };
    all.sort_by(|one, other| if options.is_descending { compare(other, one) } else { compare(one, other) });
    Ok(all.into_iter().map(|element| element.bytes).collect())
}

/// Parses a number as C's `strtod` does.
fn number(text: &Bytes) -> Option<f64> {
    let text = printed(text);
    if text.is_empty() { Some(0.0) } else { float(text.trim_ascii_start()) }
}

/// The value of the key, or of the field of a hash, that the pattern names for the element.
fn look_up(call: &mut Call<'_>, pattern: &Bytes, element: &Bytes) -> Option<Bytes> {
    if is(pattern, "#") {
        return Some(element.clone());
    }
    let star = printed(pattern).iter().position(|byte| *byte == b'*')?;
    let after = &pattern[star + 1..];
    // The last two characters of an arrow need a field after them.
    let arrow = printed(after).windows(2).position(|pair| pair == b"->");
    let arrow = arrow.filter(|at| *at + 2 < printed(after).len());
    let (rest, field) = match arrow {
        None => (after, None),
        Some(at) => (&after[..at], Some(&after[at + 2..])),
    };
    let key = Bytes::from([&pattern[..star], element, rest].concat());
    match (call.read(&key)?, field) {
        (Value::Text(text), None) => Some(text.clone()),
        (Value::Hash(hash), Some(field)) => hash.get(field).cloned(),
        _ => None,
    }
}
