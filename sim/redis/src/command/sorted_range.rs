//! The arguments of `ZRANGE`.

use bytes::Bytes;

use super::ErrorReply;
use super::arguments::{float, integer, is, range};
use crate::keyspace::SortedSet;

/// The parsed arguments of `ZRANGE`.
#[derive(Debug)]
pub(super) struct Request {
    by: By,
    is_reversed: bool,
    offset: i64,
    /// Maximum number of members; unlimited if negative.
    limit: i64,
    pub(super) with_scores: bool,
}

#[derive(Debug)]
enum By {
    Rank(i64, i64),
    Score(Bound<f64>, Bound<f64>),
    Bytes(Bound<Word>, Bound<Word>),
}

/// One end of a range.
#[derive(Debug)]
struct Bound<T> {
    at: T,
    is_open: bool,
}

/// A string, or a bound below or above all strings.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    First,
    Bytes(Bytes),
    Last,
}

impl<T: PartialOrd> Bound<T> {
    fn is_below(&self, value: &T) -> bool {
        if self.is_open { self.at < *value } else { self.at <= *value }
    }

    fn is_above(&self, value: &T) -> bool {
        if self.is_open { self.at > *value } else { self.at >= *value }
    }
}

impl Bound<f64> {
    fn parse(text: &Bytes) -> Option<Self> {
        let (text, is_open) = text.strip_prefix(b"(").map_or((&text[..], false), |text| (text, true));
        // `strtod` parses an empty text as 0, and skips leading white space.
        let at = if text.is_empty() { 0.0 } else { float(text.trim_ascii_start())? };
        Some(Bound { at, is_open })
    }
}

impl Bound<Word> {
    fn parse(text: &Bytes) -> Option<Self> {
        let (first, rest) = text.split_first()?;
        let (at, is_open) = match first {
            b'-' if rest.is_empty() => (Word::First, true),
            b'+' if rest.is_empty() => (Word::Last, true),
            b'(' => (Word::Bytes(text.slice(1..)), true),
            b'[' => (Word::Bytes(text.slice(1..)), false),
            _ => return None,
        };
        Some(Bound { at, is_open })
    }
}

/// The option that a word names.
fn option(word: &[u8]) -> Option<&'static str> {
    ["withscores", "limit", "rev", "bylex", "byscore"].into_iter().find(|name| is(word, name))
}

impl Request {
    pub(super) fn parse(words: &[Bytes]) -> Result<Self, ErrorReply> {
        let (mut is_reversed, mut with_scores) = (false, false);
        let (mut offset, mut limit, mut by) = (0, -1, "rank");
        let mut rest = &words[4..];
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match (option(word), by) {
                (Some("withscores"), _) => with_scores = true,
                (Some("rev"), _) if !is_reversed => is_reversed = true,
                (Some(kind @ ("bylex" | "byscore")), "rank") => by = kind,
                (Some("limit"), _) => {
                    let [from, count, after @ ..] = rest else { return Err(ErrorReply::SYNTAX) };
                    (offset, limit, rest) = (integer(from)?, integer(count)?, after);
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        if limit != -1 && by == "rank" {
            let text =
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
            return Err(ErrorReply::fixed(text));
        }
        if with_scores && by == "bylex" {
            let text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
            return Err(ErrorReply::fixed(text));
        }
        let (first, second) = (&words[2], &words[3]);
        let (least, most) = if is_reversed { (second, first) } else { (first, second) };
        let by = match by {
            "byscore" => Bound::<f64>::parse(least)
                .zip(Bound::<f64>::parse(most))
                .map(|(least, most)| By::Score(least, most))
                .ok_or(ErrorReply::fixed("ERR min or max is not a float"))?,
            "bylex" => Bound::<Word>::parse(least)
                .zip(Bound::<Word>::parse(most))
                .map(|(least, most)| By::Bytes(least, most))
                .ok_or(ErrorReply::fixed("ERR min or max not valid string range item"))?,
            _ => By::Rank(integer(first)?, integer(second)?),
        };
        Ok(Request { by, is_reversed, offset, limit, with_scores })
    }

    /// The selected members, in the requested order.
    pub(super) fn select<'s>(&self, set: &'s SortedSet) -> Vec<(&'s Bytes, f64)> {
        let members: Box<dyn Iterator<Item = (&Bytes, f64)>> =
            if self.is_reversed { Box::new(set.iter().rev()) } else { Box::new(set.iter()) };
        let found: Box<dyn Iterator<Item = (&Bytes, f64)>> = match &self.by {
            By::Rank(start, stop) => {
                let range = range(*start, *stop, set.len());
                return members.skip(range.start).take(range.len()).collect();
            }
            By::Score(least, most) => {
                Box::new(members.filter(|(_, score)| least.is_below(score) && most.is_above(score)))
            }
            By::Bytes(least, most) => Box::new(members.filter(|(member, _)| {
                let word = Word::Bytes((*member).clone());
                least.is_below(&word) && most.is_above(&word)
            })),
        };
        let Ok(offset) = usize::try_from(self.offset) else { return Vec::new() };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        found.skip(offset).take(limit).collect()
    }
}
