//! What may differ between ours and a real redis-server. The crate's docs have the same list.

use selvedge_redis::Reply;

/// How two replies to a command are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// Byte for byte.
    Exactly,
    /// As a list whose order means nothing: a hash table's.
    Unordered,
    /// As the end of all subscriptions: which is ended first is a hash table's.
    Unsubscribed,
    /// As milliseconds that are left, which have gone on meanwhile.
    Milliseconds,
    /// As seconds that are left, to the nearest.
    Seconds,
    /// With numbers of connections in it, which each server gives as it likes.
    WithIds,
    /// Only as to what kind of reply it is: the time of day, and what is told of the server itself.
    Kind,
}

/// What is not sent, because what comes of it is an accident of Redis 7.0.
///
/// Within a transaction, a reply is written piece by piece, in the protocol of the moment. So `HELLO` changes it in the
/// middle; a connection that kills itself gets the pieces up to there; and what is redirected to a connection comes
/// between the pieces of its reply. (The last is kept out by the sequences of the suite.)
pub(crate) fn is_left_out(words: &[Vec<u8>], is_in_transaction: bool) -> bool {
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
        b"keys" | b"smembers" | b"scan" => Compared::Unordered,
        b"config" if &lower(1)[..] == b"get" => Compared::Unordered,
        b"unsubscribe" if words.len() == 1 => Compared::Unsubscribed,
        b"pttl" => Compared::Milliseconds,
        b"ttl" => Compared::Seconds,
        b"hello" => Compared::WithIds,
        b"client" if [&b"id"[..], b"getredir", b"trackinginfo"].contains(&&lower(1)[..]) => Compared::WithIds,
        b"time" | b"info" => Compared::Kind,
        _ => Compared::Exactly,
    }
}

/// The items of a list in an order of their own, at any depth.
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

/// With no name of what the subscription was to.
pub(crate) fn without_name(reply: &Reply) -> Reply {
    let (Reply::Push(items) | Reply::Array(items)) = reply else { return reply.clone() };
    let without = |item: &Reply| if matches!(item, Reply::Bulk(_)) { Reply::OK } else { item.clone() };
    Reply::Array(items.iter().take(1).cloned().chain(items.iter().skip(1).map(without)).collect())
}

/// With the numbers of connections replaced by which connection it is.
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
