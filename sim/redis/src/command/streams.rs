//! Streams: `XADD` and the commands on their entries.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::stream_ids::{self, NewId};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Bound, Stream, StreamId, Trim, Value};
use crate::notify::Events;
use crate::resp::Reply;

impl Call<'_> {
    pub(super) fn stream(&mut self, key: &Bytes) -> Result<Option<&Stream>, ErrorReply> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::Stream(stream)) => Ok(Some(stream)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    pub(super) fn stream_to_change(&mut self, key: &Bytes) -> Result<Option<&mut Stream>, ErrorReply> {
        match self.write(key) {
            None => Ok(None),
            Some(Value::Stream(stream)) => Ok(Some(stream)),
            Some(_) => Err(ErrorReply::WRONG_TYPE),
        }
    }

    /// A stream that the command has already looked up: this is no further access.
    pub(super) fn found_stream(&mut self, key: &[u8]) -> Option<&mut Stream> {
        match self.data().get_mut(key) {
            Some(Value::Stream(stream)) => Some(stream),
            _ => None,
        }
    }
}

/// The reply for an identifier.
pub(super) fn id_reply(id: StreamId) -> Reply {
    Reply::bulk(id.to_string())
}

/// The reply for an entry: its identifier, and its fields and values.
pub(super) fn entry_reply((id, words): (StreamId, &[Bytes])) -> Reply {
    Reply::Array(vec![id_reply(id), Reply::Array(words.iter().cloned().map(Reply::Bulk).collect())])
}

/// The options of `XADD` and `XTRIM`.
#[derive(Debug, Default)]
struct Options {
    trim: Option<Trim>,
    /// Whether `XADD` must not create the stream.
    needs_stream: bool,
    /// The index of the word after the options.
    end: usize,
}

impl Options {
    /// Parses the options from the third word on. Those of `XADD` end at its identifier.
    fn parse(words: &[Bytes], adds: bool) -> Result<Self, ErrorReply> {
        let mut options = Options { end: 2, ..Options::default() };
        let mut limit = None;
        while let Some(word) = words.get(options.end) {
            let rest = &words[options.end + 1..];
            match () {
                () if adds && **word == *b"*" => break,
                () if !rest.is_empty() && (is(word, "maxlen") || is(word, "minid")) => {
                    if options.trim.is_some() {
                        return Err(ErrorReply::fixed(
                            "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
                        ));
                    }
                    let (is_approximate, has_sign) = match &*rest[0] {
                        b"~" if rest.len() > 1 => (true, true),
                        b"=" if rest.len() > 1 => (false, true),
                        _ => (false, false),
                    };
                    let bound = bound(word, &rest[usize::from(has_sign)])?;
                    options.trim = Some(Trim { bound, is_approximate, limit: 0 });
                    options.end += 1 + usize::from(has_sign);
                }
                () if !rest.is_empty() && is(word, "limit") => {
                    let most = integer(&rest[0])?;
                    let error = ErrorReply::fixed("ERR The LIMIT argument must be >= 0.");
                    limit = Some(usize::try_from(most).map_err(|_| error)?);
                    options.end += 1;
                }
                () if adds && is(word, "nomkstream") => options.needs_stream = true,
                () if adds => break,
                () => return Err(ErrorReply::SYNTAX),
            }
            options.end += 1;
        }
        // Redis parses the identifier before it compares the options.
        if let Some(id) = words.get(options.end).filter(|id| adds && ***id != *b"*") {
            NewId::parse(id)?;
        }
        let Some(trim) = &mut options.trim else {
            if limit.is_some_and(|limit| limit > 0) {
                return Err(ErrorReply::fixed(
                    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
                ));
            }
            let text = "ERR syntax error, XTRIM must be called with a trimming strategy";
            let may_be_absent = adds && limit.is_none();
            return match may_be_absent {
                true => Ok(options),
                false if !adds => Err(ErrorReply::fixed(text)),
                false => Err(NO_APPROXIMATION),
            };
        };
        match limit {
            Some(_) if !trim.is_approximate => return Err(NO_APPROXIMATION),
            Some(limit) => trim.limit = limit,
            // A hundred parts.
            None if trim.is_approximate => trim.limit = 10_000,
            None => {}
        }
        Ok(options)
    }
}

const NO_APPROXIMATION: ErrorReply =
    ErrorReply::fixed("ERR syntax error, LIMIT cannot be used without the special ~ option");

fn bound(option: &[u8], word: &[u8]) -> Result<Bound, ErrorReply> {
    if is(option, "minid") {
        return stream_ids::strict(word, 0).map(Bound::Id);
    }
    let error = ErrorReply::fixed("ERR The MAXLEN argument must be >= 0.");
    usize::try_from(integer(word)?).map(Bound::Length).map_err(|_| error)
}

pub(super) fn xadd(call: &mut Call<'_>) -> Answer {
    let options = Options::parse(call.words, true)?;
    let (key, words) = (&call.words[1], call.words.get(options.end + 1..).unwrap_or_default());
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return call.wrong_arity();
    }
    let wanted = match &*call.words[options.end] {
        b"*" => NewId::Any,
        word => NewId::parse(word)?,
    };
    if wanted == NewId::Exact(StreamId::MIN) {
        return Err(ErrorReply::fixed("ERR The ID specified in XADD must be greater than 0-0"));
    }
    if call.stream_to_change(key)?.is_none() {
        if options.needs_stream {
            return Ok(Reply::Null);
        }
        call.insert(key, Value::Stream(Box::default()));
    }
    let now = call.now();
    let Some(stream) = call.stream_to_change(key)? else { return Err(ErrorReply::WRONG_TYPE) };
    if stream.last == StreamId::MAX {
        return Err(ErrorReply::fixed(
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let id = match wanted {
        NewId::Any => stream.next_id(now),
        NewId::Exact(id) => Some(id),
        NewId::Millis(millis) if millis == stream.last.millis => {
            stream.last.sequence.checked_add(1).map(|sequence| StreamId { millis, sequence })
        }
        NewId::Millis(millis) => Some(StreamId { millis, sequence: 0 }),
    };
    let Some(id) = id.filter(|id| *id > stream.last) else {
        let text = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
        return Err(ErrorReply::fixed(text));
    };
    stream.append(id, words);
    call.modified(key);
    call.notify(Events::STREAM, "xadd", key);
    if let Some(trim) = options.trim
        && call.stream_to_change(key)?.is_some_and(|stream| stream.trim(trim) > 0)
    {
        call.notify(Events::STREAM, "xtrim", key);
    }
    call.server.signal(call.database, key);
    Ok(id_reply(id))
}

pub(super) fn xtrim(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let Some(trim) = Options::parse(call.words, false)?.trim else { return Err(ErrorReply::SYNTAX) };
    let removed = call.stream_to_change(key)?.map_or(0, |stream| stream.trim(trim));
    if removed > 0 {
        call.notify(Events::STREAM, "xtrim", key);
        call.modified(key);
    }
    Ok(Reply::count(removed))
}

pub(super) fn xlen(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.stream(&call.words[1])?.map_or(0, Stream::len)))
}

pub(super) fn xdel(call: &mut Call<'_>) -> Answer {
    let key = &call.words[1];
    let words = &call.words[2..];
    if call.stream_to_change(key)?.is_none() {
        return Ok(Reply::Integer(0));
    }
    let ids: Vec<_> = words.iter().map(|word| stream_ids::strict(word, 0)).collect::<Result<_, _>>()?;
    let Some(stream) = call.stream_to_change(key)? else { return Ok(Reply::Integer(0)) };
    let removed = ids.into_iter().filter(|id| stream.remove(*id)).count();
    if removed > 0 {
        call.modified(key);
        call.notify(Events::STREAM, "xdel", key);
    }
    Ok(Reply::count(removed))
}

pub(super) fn xrange(call: &mut Call<'_>) -> Answer {
    range(call, false)
}

pub(super) fn xrevrange(call: &mut Call<'_>) -> Answer {
    range(call, true)
}

fn range(call: &mut Call<'_>, is_reversed: bool) -> Answer {
    let [_, key, first, second, options @ ..] = call.words else { return call.wrong_arity() };
    let (start, end) = if is_reversed { (second, first) } else { (first, second) };
    let (start, end) = (stream_ids::start(start)?, stream_ids::end(end)?);
    let mut count = None;
    let mut rest = options;
    while let Some((word, after)) = rest.split_first() {
        let [number, after @ ..] = after else { return Err(ErrorReply::SYNTAX) };
        if !is(word, "count") {
            return Err(ErrorReply::SYNTAX);
        }
        count = Some(usize::try_from(integer(number)?).unwrap_or(0));
        rest = after;
    }
    let Some(stream) = call.stream(key)? else { return Ok(Reply::Array(Vec::new())) };
    let count = match count {
        Some(0) => return Ok(Reply::NullArray),
        count => count.unwrap_or(usize::MAX),
    };
    let entries = stream.range(start, end);
    Ok(Reply::Array(match is_reversed {
        true => entries.rev().take(count).map(entry_reply).collect(),
        false => entries.take(count).map(entry_reply).collect(),
    }))
}

pub(super) fn xsetid(call: &mut Call<'_>) -> Answer {
    let [_, key, id, options @ ..] = call.words else { return call.wrong_arity() };
    let id = stream_ids::strict(id, 0)?;
    let (mut added, mut max_deleted) = (None, StreamId::MIN);
    let mut rest = options;
    while let Some((word, after)) = rest.split_first() {
        let [value, after @ ..] = after else { return Err(ErrorReply::SYNTAX) };
        match () {
            () if is(word, "entriesadded") => {
                let error = ErrorReply::fixed("ERR entries_added must be positive");
                added = Some(Some(integer(value)?).filter(|added| *added >= 0).ok_or(error)?);
            }
            () if is(word, "maxdeletedid") => {
                max_deleted = stream_ids::strict(value, 0)?;
                if id < max_deleted {
                    return Err(ErrorReply::fixed(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                    ));
                }
            }
            () => return Err(ErrorReply::SYNTAX),
        }
        rest = after;
    }
    let Some(stream) = call.stream_to_change(key)? else { return Err(ErrorReply::NO_SUCH_KEY) };
    if let Some(last) = stream.last_entry() {
        if id < last {
            let text = "ERR The ID specified in XSETID is smaller than the target stream top item";
            return Err(ErrorReply::fixed(text));
        }
        if added.is_some_and(|added| added < stream.len() as i64) {
            return Err(ErrorReply::fixed(
                "ERR The entries_added specified in XSETID is smaller than the target stream length",
            ));
        }
    }
    stream.last = id;
    stream.added = added.unwrap_or(stream.added);
    if max_deleted != StreamId::MIN {
        stream.max_deleted = max_deleted;
    }
    call.notify(Events::STREAM, "xsetid", key);
    Ok(Reply::OK)
}
