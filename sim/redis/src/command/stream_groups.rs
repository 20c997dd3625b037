//! Consumer groups of streams: `XGROUP`, `XACK`, `XPENDING`.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::client::subcommand_syntax;
use super::stream_ids;
use super::streams::id_reply;
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Group, Pending, Stream, StreamId, Value};
use crate::notify::Events;
use crate::resp::Reply;

impl Call<'_> {
    /// The group of a stream, for a change. The stream must have been read or written.
    pub(super) fn group_to_change(&mut self, key: &Bytes, name: &[u8]) -> Option<&mut Group> {
        self.found_stream(key)?.groups.get_mut(name)
    }

    /// Records a command of a consumer, which is created if it does not exist.
    pub(super) fn see_consumer(&mut self, key: &Bytes, group: &[u8], consumer: &Bytes) {
        let now = self.now();
        if self.group_to_change(key, group).is_some_and(|group| group.see(consumer, now)) {
            self.notify(Events::STREAM, "xgroup-createconsumer", key);
        }
    }
}

/// The error for a missing key or group: `NOGROUP`, the texts, and the names after them.
pub(super) fn no_group(parts: [(&str, &[u8]); 2], after: &str) -> ErrorReply {
    let [(before, first), (between, second)] = parts;
    let printed = |name: &[u8]| crate::error::printed(name).to_vec();
    let text = [before.as_bytes(), &printed(first), between.as_bytes(), &printed(second), after.as_bytes()];
    ErrorReply::new(text.concat())
}

/// The error of `XCLAIM` and related commands for a missing key or group.
pub(super) fn no_key_or_group(key: &[u8], group: &[u8]) -> ErrorReply {
    no_group([("NOGROUP No such key '", key), ("' or consumer group '", group)], "'")
}

/// The error of `XGROUP` and `XINFO` for a missing group.
pub(super) fn no_such_group(key: &[u8], group: &[u8]) -> ErrorReply {
    no_group([("NOGROUP No such consumer group '", group), ("' for key name '", key)], "'")
}

/// The options of `XGROUP CREATE` and `XGROUP SETID`.
#[derive(Debug, Default)]
struct Options {
    makes_stream: bool,
    read: Option<i64>,
}

impl Options {
    fn parse(call: &Call<'_>, creates: bool) -> Result<Self, ErrorReply> {
        let mut options = Options::default();
        let mut rest = &call.words[5..];
        while let Some((word, after)) = rest.split_first() {
            rest = match after {
                _ if creates && is(word, "mkstream") => {
                    options.makes_stream = true;
                    after
                }
                [read, after @ ..] if is(word, "entriesread") => {
                    let read = integer(read)?;
                    if read < -1 {
                        let text = "ERR value for ENTRIESREAD must be positive or -1";
                        return Err(ErrorReply::fixed(text));
                    }
                    options.read = (read >= 0).then_some(read);
                    after
                }
                _ => return Err(subcommand_syntax(call)),
            };
        }
        Ok(options)
    }
}

/// The stream of an `XGROUP` command.
fn required<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Stream, ErrorReply> {
    let error = ErrorReply::fixed(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically.",
    );
    let words = call.words;
    call.stream_to_change(&words[2])?.ok_or(error)
}

/// The group of an `XGROUP` command.
fn required_group<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Group, ErrorReply> {
    let words = call.words;
    let error = no_such_group(&words[2], &words[3]);
    required(call)?.groups.get_mut(&words[3]).ok_or(error)
}

pub(super) fn create(call: &mut Call<'_>) -> Answer {
    let options = Options::parse(call, true)?;
    let [_, _, key, name, id, ..] = call.words else { return call.wrong_arity() };
    if call.words.len() > 8 {
        return Err(subcommand_syntax(call));
    }
    let present = match options.makes_stream {
        true => call.stream_to_change(key)?.map(|stream| stream.last),
        false => Some(required(call)?.last),
    };
    let last = match &**id {
        b"$" => present.unwrap_or_default(),
        id => stream_ids::strict(id, 0)?,
    };
    if present.is_none() {
        call.insert(key, Value::Stream(Box::default()));
        call.modified(key);
    }
    let stream = required(call)?;
    if stream.groups.contains_key(name) {
        return Err(ErrorReply::fixed("BUSYGROUP Consumer Group name already exists"));
    }
    let group = Group { last, read: options.read, ..Group::default() };
    stream.groups.insert(crate::keyspace::owned(name), group);
    call.notify(Events::STREAM, "xgroup-create", key);
    Ok(Reply::OK)
}

pub(super) fn set_id(call: &mut Call<'_>) -> Answer {
    let options = Options::parse(call, false)?;
    let [_, _, key, _, id, ..] = call.words else { return call.wrong_arity() };
    required_group(call)?;
    if !matches!(call.words.len(), 5 | 7) {
        return Err(subcommand_syntax(call));
    }
    let last = match &**id {
        b"$" => required(call)?.last,
        id => stream_ids::any(id, 0)?,
    };
    let group = required_group(call)?;
    (group.last, group.read) = (last, options.read);
    call.notify(Events::STREAM, "xgroup-setid", key);
    Ok(Reply::OK)
}

pub(super) fn destroy(call: &mut Call<'_>) -> Answer {
    let [_, _, key, name] = call.words else { return call.wrong_arity() };
    if required(call)?.groups.remove(name).is_none() {
        return Ok(false.into());
    }
    call.notify(Events::STREAM, "xgroup-destroy", key);
    // Consumers that wait for the group receive an error.
    call.server.signal(call.database, key);
    Ok(true.into())
}

pub(super) fn create_consumer(call: &mut Call<'_>) -> Answer {
    let [_, _, key, name, consumer] = call.words else { return call.wrong_arity() };
    if required_group(call)?.consumers.contains_key(consumer) {
        return Ok(false.into());
    }
    call.see_consumer(key, name, consumer);
    Ok(true.into())
}

pub(super) fn delete_consumer(call: &mut Call<'_>) -> Answer {
    let [_, _, key, _, consumer] = call.words else { return call.wrong_arity() };
    let Some(lost) = required_group(call)?.remove_consumer(consumer) else { return Ok(Reply::Integer(0)) };
    call.notify(Events::STREAM, "xgroup-delconsumer", key);
    Ok(Reply::count(lost))
}

pub(super) fn xack(call: &mut Call<'_>) -> Answer {
    let [_, key, name, ids @ ..] = call.words else { return call.wrong_arity() };
    if !call.stream(key)?.is_some_and(|stream| stream.groups.contains_key(name)) {
        return Ok(Reply::Integer(0));
    }
    let ids: Vec<_> = ids.iter().map(|id| stream_ids::strict(id, 0)).collect::<Result<_, _>>()?;
    let Some(group) = call.group_to_change(key, name) else { return Ok(Reply::Integer(0)) };
    let acknowledged = ids.iter().filter(|id| group.pending.remove(id).is_some()).count();
    Ok(Reply::count(acknowledged))
}

/// The range of `XPENDING`.
struct PendingRange<'a> {
    least_idle: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a Bytes>,
}

impl<'a> PendingRange<'a> {
    /// Parses the words after the group.
    fn parse(words: &'a [Bytes]) -> Result<Self, ErrorReply> {
        let (least_idle, rest) = match words {
            [word, idle, rest @ ..] if is(word, "idle") => (integer(idle)?, rest),
            _ => (0, words),
        };
        let [start, end, count, consumer @ ..] = rest else { return Err(ErrorReply::SYNTAX) };
        let count = usize::try_from(integer(count)?).unwrap_or(0);
        let (start, end) = (stream_ids::start(start)?, stream_ids::end(end)?);
        Ok(PendingRange { least_idle, start, end, count, consumer: consumer.first() })
    }

    fn reply(&self, group: &Group, now: i64) -> Reply {
        let is_wanted = |pending: &Pending| {
            let is_idle = self.least_idle == 0 || now - pending.delivered_at >= self.least_idle;
            is_idle && self.consumer.is_none_or(|consumer| pending.consumer == *consumer)
        };
        let reply = |(id, pending): (&StreamId, &Pending)| {
            Reply::Array(vec![
                id_reply(*id),
                Reply::Bulk(pending.consumer.clone()),
                Reply::Integer((now - pending.delivered_at).max(0)),
                Reply::Integer(pending.deliveries),
            ])
        };
        let range = (self.start <= self.end).then(|| group.pending.range(self.start..=self.end));
        let wanted = range.into_iter().flatten().filter(|(_, pending)| is_wanted(pending));
        Reply::Array(wanted.take(self.count).map(reply).collect())
    }
}

pub(super) fn xpending(call: &mut Call<'_>) -> Answer {
    let [_, key, name, range @ ..] = call.words else { return call.wrong_arity() };
    let range = match range.len() {
        0 => None,
        3..=6 => Some(PendingRange::parse(range)?),
        _ => return Err(ErrorReply::SYNTAX),
    };
    let now = call.now();
    let group = call.stream(key)?.and_then(|stream| stream.groups.get(name));
    let group = group.ok_or_else(|| no_key_or_group(key, name))?;
    Ok(match range {
        Some(range) => range.reply(group, now),
        None => summary(group),
    })
}

/// The number of pending entries, the first and the last one, and the number of each consumer.
fn summary(group: &Group) -> Reply {
    let ends = group.pending.first_key_value().zip(group.pending.last_key_value());
    let Some(((first, _), (last, _))) = ends else {
        return Reply::Array(vec![Reply::Integer(0), Reply::Null, Reply::Null, Reply::NullArray]);
    };
    let count = |name: &Bytes| {
        let count = group.pending_of(name).count();
        let words = [Reply::Bulk(name.clone()), Reply::bulk(count.to_string())];
        (count > 0).then(|| Reply::Array(words.into()))
    };
    Reply::Array(vec![
        Reply::count(group.pending.len()),
        id_reply(*first),
        id_reply(*last),
        Reply::Array(group.consumers.keys().filter_map(count).collect()),
    ])
}
