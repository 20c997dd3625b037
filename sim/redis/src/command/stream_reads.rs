//! `XREAD` and `XREADGROUP`, which can wait for new entries.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::blocking::{block, milliseconds};
use super::stream_groups::no_group;
use super::stream_ids;
use super::streams::{entry_reply, id_reply};
use super::{Answer, Call, ErrorReply, find};
use crate::keyspace::{Group, Stream, StreamId, Value};
use crate::resp::{Protocol, Reply};
use crate::server::Server;
use crate::session::{BlockedOn, ConnectionId};

/// The most entries that a command receives after it has waited, unless it says how many.
const COUNT_AFTER_WAIT: usize = 1_000;

/// A parsed command.
#[derive(Debug)]
struct Request<'a> {
    keys: &'a [Bytes],
    ids: &'a [Bytes],
    /// The most entries of each stream.
    count: Option<usize>,
    /// The time to wait in milliseconds; 0 if there is no limit.
    timeout: Option<i64>,
    reader: Option<Reader<'a>>,
}

/// A consumer of a group.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    group: &'a Bytes,
    consumer: &'a Bytes,
    /// Delivered entries count as acknowledged.
    acknowledges: bool,
}

impl<'a> Request<'a> {
    fn parse(words: &'a [Bytes], in_script: bool) -> Result<Self, ErrorReply> {
        let is_group = is(&words[0], "xreadgroup");
        let (mut count, mut timeout, mut names, mut acknowledges) = (None, None, None, false);
        let mut rest = &words[1..];
        let streams = loop {
            let Some((word, after)) = rest.split_first() else { return Err(ErrorReply::SYNTAX) };
            rest = match after {
                [time, after @ ..] if is(word, "block") => {
                    if in_script {
                        let text = " command is not allowed with BLOCK option from scripts";
                        return Err(ErrorReply::about("ERR ", &words[0], text));
                    }
                    timeout = Some(milliseconds(time)?);
                    after
                }
                [number, after @ ..] if is(word, "count") => {
                    count = usize::try_from(integer(number)?).ok().filter(|count| *count > 0);
                    after
                }
                [_, ..] if is(word, "streams") => break after,
                [group, consumer, after @ ..] if is(word, "group") => {
                    if !is_group {
                        return Err(only_for_groups("GROUP"));
                    }
                    names = Some((group, consumer));
                    after
                }
                _ if is(word, "noack") => {
                    if !is_group {
                        return Err(only_for_groups("NOACK"));
                    }
                    acknowledges = true;
                    after
                }
                _ => return Err(ErrorReply::SYNTAX),
            };
        };
        if !streams.len().is_multiple_of(2) {
            return Err(ErrorReply::fixed(
                "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
            ));
        }
        if is_group && names.is_none() {
            return Err(ErrorReply::fixed("ERR Missing GROUP option for XREADGROUP"));
        }
        let (keys, ids) = streams.split_at(streams.len() / 2);
        let reader = names.map(|(group, consumer)| Reader { group, consumer, acknowledges });
        Ok(Request { keys, ids, count, timeout, reader })
    }
}

fn only_for_groups(option: &str) -> ErrorReply {
    let text = format!("ERR The {option} option is only supported by XREADGROUP. You called XREAD instead.");
    ErrorReply::new(text)
}

/// Which entries a command reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Those after this one. With a group: of the consumer's pending entries.
    After(StreamId),
    /// Those that were not delivered to the group.
    New,
}

impl From {
    fn parse(word: &Bytes, stream: Option<&Stream>, reader: Option<Reader<'_>>) -> Result<Self, ErrorReply> {
        match (&**word, reader) {
            (b"$", None) => Ok(From::After(stream.map_or(StreamId::MIN, |stream| stream.last))),
            (b"$", Some(_)) => Err(ErrorReply::fixed(
                "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this \
                 consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return \
                 an empty result set.",
            )),
            (b">", Some(_)) => Ok(From::New),
            (b">", None) => Err(ErrorReply::fixed(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
            )),
            (id, reader) => match stream_ids::strict(id, 0)? {
                // Redis has no other sign for new entries.
                StreamId::MAX if reader.is_some() => Ok(From::New),
                id => Ok(From::After(id)),
            },
        }
    }
}

pub(super) fn xread(call: &mut Call<'_>) -> Answer {
    let request = Request::parse(call.words, call.script.is_some())?;
    let mut from = Vec::new();
    for (key, id) in request.keys.iter().zip(request.ids) {
        let stream = call.stream(key)?;
        if let Some(Reader { group, .. }) = request.reader
            && !stream.is_some_and(|stream| stream.groups.contains_key(group))
        {
            return Err(no_group(
                [("NOGROUP No such key '", key), ("' or consumer group '", group)],
                "' in XREADGROUP with GROUP option",
            ));
        }
        from.push(From::parse(id, stream, request.reader)?);
    }
    let mut read = Vec::new();
    for (key, from) in request.keys.iter().zip(&from) {
        // Like Redis, looks for the key again.
        let Some(stream) = call.stream(key)? else { continue };
        let last = stream.last_entry();
        let has_entries = match (from, request.reader) {
            (From::After(_), Some(_)) => true,
            (From::After(id), None) => last.is_some_and(|last| last > *id),
            (From::New, reader) => {
                let group = reader.and_then(|reader| stream.groups.get(reader.group));
                group.is_some_and(|group| last.is_some_and(|last| last > group.last))
            }
        };
        if has_entries {
            read.push((key, entries(call, key, *from, request.reader, request.count)));
        }
    }
    if !read.is_empty() {
        return Ok(reply(call.protocol, read));
    }
    let Some(timeout) = request.timeout else { return Ok(Reply::NullArray) };
    // `$` is what it was when the command began to wait.
    let mut words = call.words.to_vec();
    let first_id = words.len() - request.ids.len();
    for (word, from) in words[first_id..].iter_mut().zip(&from) {
        if let (b"$", From::After(id)) = (&**word, from) {
            *word = id.to_string().into();
        }
    }
    Ok(block(call, BlockedOn::Stream, request.keys, words, timeout).unwrap_or(Reply::NullArray))
}

fn reply(protocol: Protocol, read: Vec<(&Bytes, Reply)>) -> Reply {
    let read = read.into_iter().map(|(key, entries)| (Reply::Bulk(key.clone()), entries));
    match protocol {
        Protocol::Resp2 => {
            Reply::Array(read.map(|(key, entries)| Reply::Array(vec![key, entries])).collect())
        }
        Protocol::Resp3 => Reply::Map(read.collect()),
    }
}

/// Reads entries of a stream that exists, and delivers them to the reader, if there is one.
fn entries(
    call: &mut Call<'_>,
    key: &Bytes,
    from: From,
    reader: Option<Reader<'_>>,
    count: Option<usize>,
) -> Reply {
    let now = call.now();
    if let Some(reader) = reader {
        call.see_consumer(key, reader.group, reader.consumer);
    }
    let count = count.unwrap_or(usize::MAX);
    let Some(stream) = call.found_stream(key) else { return Reply::Array(Vec::new()) };
    let Some(reader) = reader else {
        let From::After(id) = from else { return Reply::Array(Vec::new()) };
        return Reply::Array(after(stream, id).take(count).map(entry_reply).collect());
    };
    // The group changes while the stream is read.
    let Some(mut group) = stream.groups.remove(reader.group) else { return Reply::Array(Vec::new()) };
    let replies = match from {
        From::New => deliver(stream, &mut group, reader, count, now),
        From::After(id) => history(stream, &mut group, reader, id, count, now),
    };
    stream.groups.insert(crate::keyspace::owned(reader.group), group);
    Reply::Array(replies)
}

/// The entries after this one.
fn after(stream: &Stream, id: StreamId) -> impl Iterator<Item = (StreamId, &[Bytes])> {
    stream.range(id.next().unwrap_or_default(), StreamId::MAX)
}

/// Delivers new entries.
fn deliver(stream: &Stream, group: &mut Group, reader: Reader<'_>, count: usize, now: i64) -> Vec<Reply> {
    let mut replies = Vec::new();
    for (id, words) in after(stream, group.last).take(count) {
        group.read = match group.read {
            Some(read) if !stream.has_deleted_since(id) => Some(read.wrapping_add(1)),
            _ => stream.added_up_to(id),
        };
        group.last = id;
        if !reader.acknowledges {
            group.deliver(id, reader.consumer, now);
        }
        replies.push(entry_reply((id, words)));
    }
    replies
}

/// Delivers pending entries of the consumer again. Those that the stream has lost have no fields.
fn history(
    stream: &Stream,
    group: &mut Group,
    reader: Reader<'_>,
    id: StreamId,
    count: usize,
    now: i64,
) -> Vec<Reply> {
    let own = group.pending.range_mut(id.next().unwrap_or_default()..);
    let own = own.filter(|(_, pending)| pending.consumer == *reader.consumer);
    let again = own.take(count).map(|(id, pending)| match stream.get(*id) {
        Some(words) => {
            pending.delivered_at = now;
            pending.deliveries += 1;
            entry_reply((*id, words))
        }
        None => Reply::Array(vec![id_reply(*id), Reply::NullArray]),
    });
    again.collect()
}

impl Server {
    /// Serves the connections that wait for new entries of this stream.
    pub(super) fn serve_stream(&mut self, database: usize, key: &Bytes) {
        for connection in self.waiting(database, key, BlockedOn::Stream) {
            let Some(words) = self.blocked_words(connection) else { continue };
            let Ok(spec) = find(&words) else { continue };
            let protocol = self.protocol(connection);
            let current = self.current.replace(connection);
            let call =
                &mut Call { server: self, connection, words: &words, spec, database, protocol, script: None };
            let answer = serve(call, key);
            if let Some(answer) = answer.transpose() {
                self.unblock(connection);
                self.reply_later(connection, answer.unwrap_or_else(Reply::from));
                self.flush_own_invalidations();
            }
            self.current = current;
        }
    }

    /// Ends the waits of consumers whose stream no longer exists.
    pub(super) fn end_reads_of_removed_streams(&mut self) {
        for (connection, database, keys) in self.waiting_for_streams() {
            let is_removed =
                |key: &Bytes| !matches!(self.databases[database].get(key), Some(Value::Stream(_)));
            let is_group = self.blocked_words(connection).is_some_and(|words| is(&words[0], "xreadgroup"));
            if is_group && keys.iter().any(is_removed) {
                self.end_read(connection);
            }
        }
    }

    fn end_read(&mut self, connection: ConnectionId) {
        self.unblock(connection);
        let error = ErrorReply::fixed("UNBLOCKED the stream key no longer exists");
        self.reply_later(connection, error.into());
    }
}

/// The reply to a command that waits for new entries of this stream, if there are any.
fn serve(call: &mut Call<'_>, key: &Bytes) -> Result<Option<Reply>, ErrorReply> {
    let request = Request::parse(call.words, false)?;
    let Some(at) = request.keys.iter().position(|other| other == key) else { return Ok(None) };
    let Some(stream) = call.found_stream(key) else { return Ok(None) };
    let (from, last) = match request.reader {
        Some(reader) => {
            let text = "NOGROUP the consumer group this client was blocked on no longer exists";
            let group = stream.groups.get(reader.group).ok_or(ErrorReply::fixed(text))?;
            (From::New, group.last)
        }
        None => {
            let id = stream_ids::strict(&request.ids[at], 0)?;
            (From::After(id), id)
        }
    };
    if stream.last <= last {
        return Ok(None);
    }
    let count = request.count.unwrap_or(COUNT_AFTER_WAIT);
    let read = vec![(key, entries(call, key, from, request.reader, Some(count)))];
    Ok(Some(reply(call.protocol, read)))
}
