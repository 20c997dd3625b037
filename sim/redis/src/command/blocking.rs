//! Blocking commands: `BLPOP`, `BLMOVE`, `BZPOPMIN` and related commands, and `WAIT`. Those on
//! streams are in `stream_reads.rs`.
//!
//! Such a command first acts like its variant that does not block. If it finds no value, its
//! connection waits until another command creates one of its keys, or until its timeout passes.

use bytes::Bytes;

use super::arguments::{integer, is};
use super::client::subcommand_syntax;
use super::list_moves::{self, Move, pop_many, transfer};
use super::lists::{self, take, take_quietly};
use super::long_double::LongDouble;
use super::sorted_pop;
use super::{Answer, Call, ErrorReply, find};
use crate::resp::{Reply, whole_number};
use crate::server::{Server, blocked_on};
use crate::session::{Blocked, BlockedOn, ConnectionId};

/// What the command does with the first key that exists.
#[derive(Clone, Copy, Debug)]
enum Action<'a> {
    Pop(lists::End),
    PopMany(lists::End, usize),
    Move(Move<'a>),
    PopScored(sorted_pop::End),
    PopManyScored(sorted_pop::End, usize),
}

/// A parsed blocking command.
#[derive(Debug)]
struct Request<'a> {
    keys: &'a [Bytes],
    action: Action<'a>,
    /// The timeout in milliseconds; 0 if there is none.
    timeout: i64,
}

impl<'a> Request<'a> {
    /// Parses the words of the command with this name.
    fn parse(name: &str, words: &'a [Bytes]) -> Result<Self, ErrorReply> {
        let last = words.len() - 1;
        let (keys, action, timeout): (&[Bytes], _, _) = match name {
            "blpop" => (&words[1..last], Action::Pop(lists::End::Left), last),
            "brpop" => (&words[1..last], Action::Pop(lists::End::Right), last),
            "bzpopmin" => (&words[1..last], Action::PopScored(sorted_pop::End::Lowest), last),
            "bzpopmax" => (&words[1..last], Action::PopScored(sorted_pop::End::Highest), last),
            "blmove" => (&words[1..2], Action::Move(Move::parse(words)?), last),
            "brpoplpush" => (&words[1..2], Action::Move(Move::rotation(words)), last),
            "blmpop" => {
                let several = list_moves::Several::parse(words, 2)?;
                (several.keys, Action::PopMany(several.end, several.count), 1)
            }
            _ => {
                let several = sorted_pop::Several::parse(words, 2)?;
                (several.keys, Action::PopManyScored(several.end, several.count), 1)
            }
        };
        Ok(Request { keys, action, timeout: seconds(&words[timeout])? })
    }
}

/// Parses a timeout in seconds, and returns it in milliseconds.
fn seconds(word: &[u8]) -> Result<i64, ErrorReply> {
    let error = ErrorReply::fixed("ERR timeout is not a float or out of range");
    let timeout = LongDouble::parse(word).ok_or(error)?.thousandfold();
    timeout.filter(|timeout| *timeout >= 0).ok_or(ErrorReply::fixed("ERR timeout is negative"))
}

pub(super) fn run(call: &mut Call<'_>) -> Answer {
    let request = Request::parse(call.spec.name, call.words)?;
    for key in request.keys {
        if let Some(reply) = attempt(call, key, request.action, false)? {
            return Ok(reply);
        }
    }
    let (kind, none) = match request.action {
        Action::Pop(_) | Action::PopMany(..) => (BlockedOn::List, Reply::NullArray),
        Action::Move(_) => (BlockedOn::List, Reply::Null),
        Action::PopScored(_) | Action::PopManyScored(..) => (BlockedOn::SortedSet, Reply::NullArray),
    };
    let words = call.words.to_vec();
    Ok(block(call, kind, request.keys, words, request.timeout).unwrap_or(none))
}

/// Lets the connection wait with these words. Returns none in a transaction or a script, which
/// cannot wait.
pub(super) fn block(
    call: &mut Call<'_>,
    kind: BlockedOn,
    keys: &[Bytes],
    words: Vec<Bytes>,
    timeout: i64,
) -> Option<Reply> {
    if call.script.is_some() || call.session().transaction.is_some() {
        return None;
    }
    let deadline = (timeout > 0).then(|| call.now().saturating_add(timeout));
    let database = call.database;
    let blocked = Blocked { kind, database, keys: keys.to_vec(), words, deadline };
    call.server.block(call.connection, blocked);
    Some(Reply::Several(Vec::new()))
}

/// Takes from the key, if it exists. `is_served`: another command has just created it.
fn attempt(
    call: &mut Call<'_>,
    key: &Bytes,
    action: Action<'_>,
    is_served: bool,
) -> Result<Option<Reply>, ErrorReply> {
    match action {
        Action::Pop(end) => {
            let items = if is_served { take_quietly(call, key, end, 1)? } else { take(call, key, end, 1)? };
            let reply = |items: Vec<Reply>| {
                Reply::Array([Reply::Bulk(key.clone())].into_iter().chain(items).collect())
            };
            Ok(items.map(reply))
        }
        Action::PopMany(end, count) => pop_many(call, key, end, count),
        Action::Move(order) => transfer(call, order, !is_served),
        Action::PopScored(end) => sorted_pop::pop_one(call, key, end),
        Action::PopManyScored(end, count) => sorted_pop::pop_many(call, key, end, count),
    }
}

/// `WAIT`: there are no replicas, so it replies 0, at the latest after its timeout.
pub(super) fn wait(call: &mut Call<'_>) -> Answer {
    let wanted = integer(&call.words[1])?;
    let timeout = milliseconds(&call.words[2])?;
    if wanted <= 0 {
        return Ok(Reply::Integer(0));
    }
    let words = call.words.to_vec();
    Ok(block(call, BlockedOn::Replicas, &[], words, timeout).unwrap_or(Reply::Integer(0)))
}

/// Parses a timeout in milliseconds.
pub(super) fn milliseconds(word: &[u8]) -> Result<i64, ErrorReply> {
    let error = ErrorReply::fixed("ERR timeout is not an integer or out of range");
    let timeout = whole_number(word).ok_or(error)?;
    Some(timeout).filter(|timeout| *timeout >= 0).ok_or(ErrorReply::fixed("ERR timeout is negative"))
}

/// `CLIENT UNBLOCK`.
pub(super) fn unblock(call: &mut Call<'_>) -> Answer {
    let with_error = match call.words {
        [_, _, _] => false,
        [_, _, _, how] if is(how, "timeout") => false,
        [_, _, _, how] if is(how, "error") => true,
        [_, _, _, _] => {
            let text = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
            return Err(ErrorReply::fixed(text));
        }
        _ => return Err(subcommand_syntax(call)),
    };
    let id = integer(&call.words[2])?;
    let Some(target) = u64::try_from(id).ok().map(ConnectionId).filter(|id| call.server.is_blocked(*id))
    else {
        return Ok(false.into());
    };
    if with_error {
        call.server.unblock(target);
        let text = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
        call.server.reply_later(target, ErrorReply::fixed(text).into());
    } else {
        call.server.end_wait(target);
    }
    Ok(true.into())
}

impl Server {
    /// Serves the connections that wait for keys which the last command has created.
    pub(crate) fn serve_ready(&mut self) {
        loop {
            let ready = self.take_ready();
            if ready.is_empty() {
                return self.end_reads_of_removed_streams();
            }
            ready.into_iter().for_each(|(database, key)| self.serve(database, &key));
        }
    }

    /// Serves the connections that wait for this key, in the order in which they blocked.
    fn serve(&mut self, database: usize, key: &Bytes) {
        self.expire_if_due(database, key);
        let Some(kind) = self.databases[database].get(key).and_then(blocked_on) else { return };
        if kind == BlockedOn::Stream {
            return self.serve_stream(database, key);
        }
        for connection in self.waiting(database, key, kind) {
            let is_there = self.databases[database].get(key).and_then(blocked_on) == Some(kind);
            let Some(blocked) = Some(connection).filter(|_| is_there).and_then(|it| self.unblock(it)) else {
                return;
            };
            let Ok(spec) = find(&blocked.words) else { return };
            let protocol = self.protocol(connection);
            let current = self.current.replace(connection);
            let call = &mut Call {
                server: self,
                connection,
                words: &blocked.words,
                spec,
                database,
                protocol,
                script: None,
            };
            let reply = Request::parse(spec.name, &blocked.words)
                .and_then(|request| attempt(call, key, request.action, true))
                .map_or_else(Reply::from, |reply| reply.unwrap_or(Reply::NullArray));
            self.reply_later(connection, reply);
            self.flush_own_invalidations();
            self.current = current;
        }
    }
}
