//! Intended differences from a real redis-server, as listed in the crate's documentation.

use selvedge_redis::Reply;

/// How two replies to a command are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// Byte for byte.
    Exactly,
    /// As an unordered list, like those of a hash table.
    Unordered,
    /// As the end of all subscriptions, whose order is that of a hash table.
    Unsubscribed,
    /// As a remaining time in milliseconds, with a tolerance.
    Milliseconds,
    /// As a remaining time in seconds, rounded, with a tolerance.
    Seconds,
    /// With connection ids mapped to indices, because each server assigns its own.
    WithIds,
    /// Only by type: the time of day, and information about the server itself.
    Type,
    /// By type and length, at each level: random choices.
    Shape,
    /// Without the times of pending entries of streams.
    WithoutTimes,
    /// As the name of an encoding; those of strings are equal.
    Encoding,
}

/// Whether the command is omitted, because its effect is an implementation detail of Redis 7.0.
///
/// Within a transaction, Redis writes a reply piece by piece, in the current protocol. So `HELLO`
/// changes the protocol within the reply; a connection that kills itself gets only the pieces so
/// far; and redirected invalidations appear between the pieces. (The suite's sequences exclude the
/// last.)
pub(crate) fn is_omitted(words: &[Vec<u8>], is_in_transaction: bool) -> bool {
    let name = words[0].to_ascii_lowercase();
    let is_kill = words.get(1).is_some_and(|word| word.eq_ignore_ascii_case(b"kill"));
    match &name[..] {
        b"hello" => is_in_transaction,
        b"client" => is_in_transaction && is_kill,
        _ => false,
    }
}

pub(crate) fn compared(words: &[Vec<u8>]) -> Compared {
    let lower = |at: usize| words.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    match &lower(0)[..] {
        b"" => Compared::Exactly,
        b"keys" | b"smembers" | b"scan" | b"sscan" | b"sinter" | b"sunion" | b"sdiff" | b"spop" => {
            Compared::Unordered
        }
        b"srandmember" | b"hrandfield" | b"zrandmember" | b"randomkey" => Compared::Shape,
        // A set has no order of its own.
        b"sort" if words.iter().any(|word| word == b"nosort") => Compared::Unordered,
        b"object" if &lower(1)[..] == b"idletime" => Compared::Seconds,
        // Strings that were changed in place have another encoding in Redis.
        b"object" if &lower(1)[..] == b"encoding" => Compared::Encoding,
        b"config" if &lower(1)[..] == b"get" => Compared::Unordered,
        b"pubsub" => Compared::Unordered,
        b"xpending" | b"xinfo" => Compared::WithoutTimes,
        b"unsubscribe" | b"sunsubscribe" if words.len() == 1 => Compared::Unsubscribed,
        b"pttl" => Compared::Milliseconds,
        b"ttl" => Compared::Seconds,
        b"hello" => Compared::WithIds,
        b"client" if [&b"id"[..], b"getredir", b"trackinginfo"].contains(&&lower(1)[..]) => Compared::WithIds,
        b"client" if [&b"list"[..], b"info"].contains(&&lower(1)[..]) => Compared::Type,
        b"command"
            if words.len() == 1 || words.len() == 2 && [&b"count"[..], b"info"].contains(&&lower(1)[..]) =>
        {
            Compared::Type
        }
        b"acl" if &lower(1)[..] == b"cat" && words.len() > 2 => Compared::Unordered,
        b"command" if &lower(1)[..] == b"list" => Compared::Unordered,
        b"time" | b"info" | b"memory" | b"dump" => Compared::Type,
        _ => Compared::Exactly,
    }
}

/// Replaces the content of a reply by its types and lengths.
pub(crate) fn shape(reply: &Reply) -> Reply {
    match reply {
        Reply::Array(items) => Reply::Array(items.iter().map(shape).collect()),
        Reply::Bulk(_) => Reply::Bulk("string".into()),
        Reply::Double(_) => Reply::Double(0.0),
        other => other.clone(),
    }
}

/// Replaces the times of pending entries and of consumers of a stream.
pub(crate) fn without_times(reply: &Reply) -> Reply {
    const TIME: Reply = Reply::Integer(0);
    let is_time =
        |name: &Reply| matches!(name, Reply::Bulk(name) if [&b"idle"[..], b"seen-time"].contains(&&name[..]));
    match reply {
        Reply::Array(items) => {
            let mut items: Vec<_> = items.iter().map(without_times).collect();
            match &mut items[..] {
                [Reply::Bulk(_), Reply::Bulk(_), time @ Reply::Integer(_), Reply::Integer(_)]
                | [Reply::Bulk(_), time @ Reply::Integer(_), Reply::Integer(_)] => *time = TIME,
                items => {
                    for at in 1..items.len() {
                        if is_time(&items[at - 1]) {
                            items[at] = TIME;
                        }
                    }
                }
            }
            Reply::Array(items)
        }
        Reply::Map(pairs) => {
            let pair = |(name, value): &(Reply, Reply)| {
                let value = if is_time(name) { TIME } else { without_times(value) };
                (name.clone(), value)
            };
            Reply::Map(pairs.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}

/// A line of a monitor without the time and the address of the client.
pub(crate) fn monitored(line: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let line = String::from_utf8_lossy(line);
    let source = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let Some((source, words)) = source.filter(|_| line.starts_with(|c: char| c.is_ascii_digit())) else {
        return (line.as_bytes().to_vec(), Vec::new());
    };
    let (database, address) = source.split_once(' ').unwrap_or_default();
    let is_script = if address == "lua" { " lua" } else { "" };
    (format!("{database}{is_script}").into_bytes(), words.as_bytes().to_vec())
}

/// Removes the difference between the encodings of a string.
pub(crate) fn without_encoding(reply: &Reply) -> Reply {
    match reply {
        Reply::Bulk(name) if [&b"int"[..], b"embstr", b"raw"].contains(&&name[..]) => {
            Reply::Bulk("of a string".into())
        }
        other => other.clone(),
    }
}

/// Sorts the items of lists at any depth.
pub(crate) fn sorted(reply: &Reply) -> Reply {
    let by_text = |items: &[Reply]| {
        let mut items: Vec<_> = items.iter().map(sorted).collect();
        items.sort_by_key(|item| format!("{item:?}"));
        items
    };
    match reply {
        Reply::Array(items) => Reply::Array(by_text(items)),
        Reply::Set(items) => Reply::Set(by_text(items)),
        Reply::Map(pairs) => {
            let mut pairs = pairs.clone();
            pairs.sort_by_key(|pair| format!("{pair:?}"));
            Reply::Map(pairs)
        }
        other => other.clone(),
    }
}

/// Removes the channel or pattern.
pub(crate) fn without_name(reply: &Reply) -> Reply {
    let (Reply::Push(items) | Reply::Array(items)) = reply else { return reply.clone() };
    let without = |item: &Reply| if matches!(item, Reply::Bulk(_)) { Reply::OK } else { item.clone() };
    Reply::Array(items.iter().take(1).cloned().chain(items.iter().skip(1).map(without)).collect())
}

/// Replaces connection ids by their indices.
pub(crate) fn without_ids(reply: &Reply, ids: &[i64]) -> Reply {
    let within = |items: &[Reply]| items.iter().map(|item| without_ids(item, ids)).collect();
    match reply {
        Reply::Integer(number) => match ids.iter().position(|id| id == number) {
            Some(index) => Reply::Status(format!("id of {index}").into()),
            None => reply.clone(),
        },
        Reply::Array(items) => Reply::Array(within(items)),
        Reply::Push(items) => Reply::Push(within(items)),
        Reply::Map(pairs) => {
            let pair = |(key, value): &(Reply, Reply)| (key.clone(), without_ids(value, ids));
            Reply::Map(pairs.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}
