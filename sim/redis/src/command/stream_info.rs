//! `XINFO`.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::client::subcommand_syntax;
use super::stream_groups::no_such_group;
use super::streams::{entry_reply, id_reply};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::{Group, Pending, Stream, StreamId};
use crate::resp::Reply;

/// A map with names in text.
fn map<const N: usize>(fields: [(&'static str, Reply); N]) -> Reply {
    Reply::Map(fields.into_iter().map(|(name, value)| (Reply::text(name), value)).collect())
}

fn number(number: Option<i64>) -> Reply {
    number.map_or(Reply::Null, Reply::Integer)
}

/// The stream of the command.
fn required<'a>(call: &'a mut Call<'_>) -> Result<&'a Stream, ErrorReply> {
    let words = call.words;
    call.stream(&words[2])?.ok_or(ErrorReply::NO_SUCH_KEY)
}

pub(super) fn consumers(call: &mut Call<'_>) -> Answer {
    let [_, _, key, name] = call.words else { return call.wrong_arity() };
    let now = call.now();
    let group = required(call)?.groups.get(name).ok_or_else(|| no_such_group(key, name))?;
    let reply = |(name, consumer): (&Bytes, &crate::keyspace::Consumer)| {
        map([
            ("name", Reply::Bulk(name.clone())),
            ("pending", Reply::count(group.pending_of(name).count())),
            ("idle", Reply::Integer((now - consumer.seen).max(0))),
        ])
    };
    Ok(Reply::Array(group.consumers.iter().map(reply).collect()))
}

pub(super) fn groups(call: &mut Call<'_>) -> Answer {
    let stream = required(call)?;
    let reply = |(name, group): (&Bytes, &Group)| {
        map([
            ("name", Reply::Bulk(name.clone())),
            ("consumers", Reply::count(group.consumers.len())),
            ("pending", Reply::count(group.pending.len())),
            ("last-delivered-id", id_reply(group.last)),
            ("entries-read", number(group.read)),
            ("lag", number(stream.lag(group))),
        ])
    };
    Ok(Reply::Array(stream.groups.iter().map(reply).collect()))
}

pub(super) fn stream(call: &mut Call<'_>) -> Answer {
    // Redis looks for the key first.
    required(call)?;
    let count = match &call.words[3..] {
        [] => None,
        [full] if is(full, "full") => Some(10),
        [full, count, number] if is(full, "full") && is(count, "count") => {
            Some(usize::try_from(integer(number)?).unwrap_or(10))
        }
        _ => return Err(subcommand_syntax(call)),
    };
    let stream = required(call)?;
    let (keys, nodes) = stream.tree();
    let common = [
        ("length", Reply::count(stream.len())),
        ("radix-tree-keys", Reply::count(keys)),
        ("radix-tree-nodes", Reply::count(nodes)),
        ("last-generated-id", id_reply(stream.last)),
        ("max-deleted-entry-id", id_reply(stream.max_deleted)),
        ("entries-added", Reply::Integer(stream.added)),
        ("recorded-first-entry-id", id_reply(stream.first)),
    ];
    let rest = match count {
        None => summary(stream),
        Some(count) => full(stream, if count == 0 { usize::MAX } else { count }),
    };
    let fields = common.into_iter().chain(rest);
    Ok(Reply::Map(fields.map(|(name, value)| (Reply::text(name), value)).collect()))
}

fn summary(stream: &Stream) -> Vec<(&'static str, Reply)> {
    let mut entries = stream.range(StreamId::MIN, StreamId::MAX);
    let first = entries.next();
    let last = entries.next_back().or(first);
    let reply = |entry: Option<(StreamId, &[Bytes])>| entry.map_or(Reply::Null, entry_reply);
    vec![
        ("groups", Reply::count(stream.groups.len())),
        ("first-entry", reply(first)),
        ("last-entry", reply(last)),
    ]
}

fn full(stream: &Stream, count: usize) -> Vec<(&'static str, Reply)> {
    let entries = stream.range(StreamId::MIN, StreamId::MAX).take(count).map(entry_reply);
    let groups = stream.groups.iter().map(|(name, group)| full_group(stream, name, group, count));
    vec![("entries", Reply::Array(entries.collect())), ("groups", Reply::Array(groups.collect()))]
}

fn full_group(stream: &Stream, name: &Bytes, group: &Group, count: usize) -> Reply {
    let delivered =
        |pending: &Pending| [Reply::Integer(pending.delivered_at), Reply::Integer(pending.deliveries)];
    let pending = group.pending.iter().take(count).map(|(id, pending)| {
        let [at, deliveries] = delivered(pending);
        Reply::Array(vec![id_reply(*id), Reply::Bulk(pending.consumer.clone()), at, deliveries])
    });
    let consumer = |(name, consumer): (&Bytes, &crate::keyspace::Consumer)| {
        let own = group.pending_of(name).take(count).map(|(id, pending)| {
            let [at, deliveries] = delivered(pending);
            Reply::Array(vec![id_reply(id), at, deliveries])
        });
        map([
            ("name", Reply::Bulk(name.clone())),
            ("seen-time", Reply::Integer(consumer.seen)),
            ("pel-count", Reply::count(group.pending_of(name).count())),
            ("pending", Reply::Array(own.collect())),
        ])
    };
    map([
        ("name", Reply::Bulk(name.clone())),
        ("last-delivered-id", id_reply(group.last)),
        ("entries-read", number(group.read)),
        ("lag", number(stream.lag(group))),
        ("pel-count", Reply::count(group.pending.len())),
        ("pending", Reply::Array(pending.collect())),
        ("consumers", Reply::Array(group.consumers.iter().map(consumer).collect())),
    ])
}
