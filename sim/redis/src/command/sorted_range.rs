//! Ranges of sorted sets, by rank, score or bytes: `ZRANGE`, `ZCOUNT`, `ZREMRANGEBYSCORE` and
//! related commands.

use bytes::Bytes;

use super::arguments::{float, integer, is, range};
use super::sorted_sets::with_scores;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{SortedSet, Value};
use crate::notify::Events;
use crate::resp::Reply;

/// A part of a sorted set.
#[derive(Debug)]
struct Request {
    by: By,
    is_reversed: bool,
    offset: i64,
    /// Maximum number of members; unlimited if negative.
    limit: i64,
    with_scores: bool,
}

/// The properties of a range that the name of its command determines.
#[derive(Clone, Copy, Debug, Default)]
struct Form {
    by: Option<Kind>,
    is_reversed: Option<bool>,
    /// The range is stored instead of returned.
    stores: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rank,
    Score,
    Bytes,
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

impl By {
    /// Parses the ends of a range: `least` and `most`, or the first and last rank.
    fn parse(kind: Kind, least: &Bytes, most: &Bytes) -> Result<Self, ErrorReply> {
        match kind {
            Kind::Rank => Ok(By::Rank(integer(least)?, integer(most)?)),
            Kind::Score => Bound::<f64>::parse(least)
                .zip(Bound::<f64>::parse(most))
                .map(|(least, most)| By::Score(least, most))
                .ok_or(ErrorReply::fixed("ERR min or max is not a float")),
            Kind::Bytes => Bound::<Word>::parse(least)
                .zip(Bound::<Word>::parse(most))
                .map(|(least, most)| By::Bytes(least, most))
                .ok_or(ErrorReply::fixed("ERR min or max not valid string range item")),
        }
    }
}

impl Request {
    /// Parses the two ends of the range, and the options after them.
    fn parse(words: &[Bytes], form: Form) -> Result<Self, ErrorReply> {
        let (mut is_reversed, mut with_scores) = (form.is_reversed, false);
        let (mut offset, mut limit, mut by) = (0, -1, form.by);
        let mut rest = &words[2..];
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match option(word) {
                Some("withscores") if !form.stores => with_scores = true,
                Some("rev") if is_reversed.is_none() => is_reversed = Some(true),
                Some("bylex") if by.is_none() => by = Some(Kind::Bytes),
                Some("byscore") if by.is_none() => by = Some(Kind::Score),
                Some("limit") => {
                    let [from, count, after @ ..] = rest else { return Err(ErrorReply::SYNTAX) };
                    (offset, limit, rest) = (integer(from)?, integer(count)?, after);
                }
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        let (by, is_reversed) = (by.unwrap_or(Kind::Rank), is_reversed.unwrap_or(false));
        if limit != -1 && by == Kind::Rank {
            let text =
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
            return Err(ErrorReply::fixed(text));
        }
        if with_scores && by == Kind::Bytes {
            let text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
            return Err(ErrorReply::fixed(text));
        }
        let swaps = is_reversed && by != Kind::Rank;
        let (least, most) = if swaps { (&words[1], &words[0]) } else { (&words[0], &words[1]) };
        Ok(Request { by: By::parse(by, least, most)?, is_reversed, offset, limit, with_scores })
    }

    /// The whole range.
    fn whole(by: By) -> Self {
        Request { by, is_reversed: false, offset: 0, limit: -1, with_scores: false }
    }

    /// The selected members, in the requested order.
    fn select<'s>(&self, set: &'s SortedSet) -> Vec<(&'s Bytes, f64)> {
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

pub(super) fn zrange(call: &mut Call<'_>) -> Answer {
    reply(call, Form::default())
}

pub(super) fn zrevrange(call: &mut Call<'_>) -> Answer {
    reply(call, Form { by: Some(Kind::Rank), is_reversed: Some(true), stores: false })
}

pub(super) fn zrangebyscore(call: &mut Call<'_>) -> Answer {
    reply(call, Form { by: Some(Kind::Score), is_reversed: Some(false), stores: false })
}

pub(super) fn zrevrangebyscore(call: &mut Call<'_>) -> Answer {
    reply(call, Form { by: Some(Kind::Score), is_reversed: Some(true), stores: false })
}

pub(super) fn zrangebylex(call: &mut Call<'_>) -> Answer {
    reply(call, Form { by: Some(Kind::Bytes), is_reversed: Some(false), stores: false })
}

pub(super) fn zrevrangebylex(call: &mut Call<'_>) -> Answer {
    reply(call, Form { by: Some(Kind::Bytes), is_reversed: Some(true), stores: false })
}

fn reply(call: &mut Call<'_>, form: Form) -> Answer {
    let request = Request::parse(&call.words[2..], form)?;
    let protocol = call.protocol;
    let Some(set) = call.scores(&call.words[1])? else { return Ok(Reply::Array(Vec::new())) };
    Ok(with_scores(request.select(set), request.with_scores, protocol))
}

pub(super) fn zrangestore(call: &mut Call<'_>) -> Answer {
    let [_, destination, source, ..] = call.words else { return call.wrong_arity() };
    let request = Request::parse(&call.words[3..], Form { stores: true, ..Form::default() })?;
    let mut found = SortedSet::default();
    if let Some(set) = call.scores(source)? {
        request.select(set).into_iter().for_each(|(member, score)| found.insert(member.clone(), score));
    }
    let count = found.len();
    let value = (count > 0).then_some(Value::SortedSet(Box::new(found)));
    call.store_result(destination, value, Events::SORTED_SET, "zrangestore");
    Ok(Reply::count(count))
}

pub(super) fn zcount(call: &mut Call<'_>) -> Answer {
    count(call, Kind::Score)
}

pub(super) fn zlexcount(call: &mut Call<'_>) -> Answer {
    count(call, Kind::Bytes)
}

fn count(call: &mut Call<'_>, kind: Kind) -> Answer {
    let request = Request::whole(By::parse(kind, &call.words[2], &call.words[3])?);
    Ok(Reply::count(call.scores(&call.words[1])?.map_or(0, |set| request.select(set).len())))
}

pub(super) fn zremrangebyrank(call: &mut Call<'_>) -> Answer {
    remove(call, Kind::Rank, "zremrangebyrank")
}

pub(super) fn zremrangebyscore(call: &mut Call<'_>) -> Answer {
    remove(call, Kind::Score, "zremrangebyscore")
}

pub(super) fn zremrangebylex(call: &mut Call<'_>) -> Answer {
    remove(call, Kind::Bytes, "zremrangebylex")
}

fn remove(call: &mut Call<'_>, kind: Kind, event: &'static str) -> Answer {
    let key = &call.words[1];
    let request = Request::whole(By::parse(kind, &call.words[2], &call.words[3])?);
    let Some(set) = call.scores_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let members: Vec<Bytes> = request.select(set).into_iter().map(|(member, _)| member.clone()).collect();
    members.iter().for_each(|member| _ = set.remove(member));
    let is_empty = set.len() == 0;
    if is_empty {
        call.remove(key);
    }
    if !members.is_empty() {
        call.modified(key);
        call.notify(Events::SORTED_SET, event, key);
        if is_empty {
            call.notify(Events::GENERIC, "del", key);
        }
    }
    Ok(Reply::count(members.len()))
}
