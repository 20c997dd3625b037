//! `CLIENT`, except tracking.

use bytes::Bytes;

use super::arguments::is;
use super::{Answer, Call, ErrorReply};
use crate::resp::{Reply, whole_number};
use crate::session::{ConnectionId, Replies};
use crate::time::Time;

pub(super) fn id(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Integer(call.connection.number() as i64))
}

pub(super) fn get_name(call: &mut Call<'_>) -> Answer {
    Ok(call.session().name.clone().into())
}

pub(super) fn set_name(call: &mut Call<'_>) -> Answer {
    rename(call, checked_name(&call.words[2])?);
    Ok(Reply::OK)
}

/// Returns the name if it is valid as a connection name.
pub(super) fn checked_name(name: &Bytes) -> Result<&Bytes, ErrorReply> {
    if is_printable(name) {
        return Ok(name);
    }
    Err(ErrorReply::fixed("ERR Client names cannot contain spaces, newlines or special characters."))
}

fn is_printable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

/// Sets the connection's name; an empty name removes it.
pub(super) fn rename(call: &mut Call<'_>, name: &Bytes) {
    call.session().name = Some(name.clone()).filter(|name| !name.is_empty());
}

/// `CLIENT SETINFO`, available from Redis 7.2 on. The values are discarded: `CLIENT LIST` of 7.0
/// does not show them.
pub(super) fn set_info(call: &mut Call<'_>) -> Answer {
    let (attribute, value) = (&call.words[2], &call.words[3]);
    let name = match () {
        () if is(attribute, "lib-name") => "lib-name",
        () if is(attribute, "lib-ver") => "lib-ver",
        () => return Err(ErrorReply::about("ERR Unrecognized option '", attribute, "'")),
    };
    if is_printable(value) {
        return Ok(Reply::OK);
    }
    let text = format!("ERR {name} cannot contain spaces, newlines or special characters.");
    Err(ErrorReply::new(text))
}

/// The error for arguments that a subcommand does not have.
pub(super) fn subcommand_syntax(call: &Call<'_>) -> ErrorReply {
    let container = String::from_utf8_lossy(&call.words[0]).to_ascii_uppercase();
    let before = "ERR unknown subcommand or wrong number of arguments for '";
    ErrorReply::about(before, &call.words[1], &format!("'. Try {container} HELP."))
}

/// `CLIENT REPLY`.
pub(super) fn reply(call: &mut Call<'_>) -> Answer {
    let how = &call.words[2];
    let session = call.session();
    match () {
        () if is(how, "on") => {
            session.replies = Replies::All;
            return Ok(Reply::OK);
        }
        () if is(how, "off") => session.replies = Replies::None,
        () if is(how, "skip") && session.replies == Replies::None => {}
        () if is(how, "skip") => session.replies = Replies::SkipNext,
        () => return Err(ErrorReply::SYNTAX),
    }
    Ok(Reply::Several(Vec::new()))
}

/// `CLIENT NO-EVICT`: no client is ever evicted here.
pub(super) fn no_evict(call: &mut Call<'_>) -> Answer {
    if is(&call.words[2], "on") || is(&call.words[2], "off") {
        Ok(Reply::OK)
    } else {
        Err(ErrorReply::SYNTAX)
    }
}

/// `CLIENT INFO`.
pub(super) fn info(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Verbatim(*b"txt", description(call, call.connection).into()))
}

/// `CLIENT LIST`.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let all = call.server.sessions.keys().copied();
    let chosen: Vec<ConnectionId> = match &call.words[2..] {
        [] => all.collect(),
        [word, kind] if is(word, "type") => {
            let wanted = match &kind.to_ascii_lowercase()[..] {
                b"normal" => Some(false),
                b"pubsub" => Some(true),
                b"master" | b"replica" | b"slave" => None,
                _ => return Err(ErrorReply::about("ERR Unknown client type '", kind, "'")),
            };
            all.filter(|id| Some(call.server.sessions[id].is_subscriber()) == wanted).collect()
        }
        [word, ids @ ..] if !ids.is_empty() && is(word, "id") => {
            let id = |word: &Bytes| whole_number(word).ok_or(ErrorReply::fixed("ERR Invalid client ID"));
            let ids = ids.iter().map(id).collect::<Result<Vec<_>, _>>()?;
            let ids = ids.into_iter().filter_map(|id| u64::try_from(id).ok()).map(ConnectionId);
            ids.filter(|id| call.server.is_connected(*id)).collect()
        }
        _ => return Err(ErrorReply::SYNTAX),
    };
    let text: String = chosen.into_iter().map(|id| description(call, id)).collect();
    Ok(Reply::Verbatim(*b"txt", text.into()))
}

/// The line about a connection in `CLIENT LIST`. Sizes of buffers are 0.
fn description(call: &Call<'_>, connection: ConnectionId) -> String {
    let session = &call.server.sessions[&connection];
    let tracking = session.tracking.as_ref();
    let flags = [
        (call.server.monitors.contains(&connection), 'O'),
        (session.is_subscriber(), 'P'),
        (session.transaction.is_some(), 'x'),
        (session.blocked.is_some(), 'b'),
        (tracking.is_some(), 't'),
        (tracking.is_some_and(|mode| mode.is_redirect_broken), 'R'),
        (tracking.is_some_and(|mode| mode.is_broadcast), 'B'),
        (session.is_dirty, 'd'),
    ];
    let flags: String = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).collect();
    let seconds = |since: Time| (call.server.now.micros().saturating_sub(since.micros())) / 1_000_000;
    let queued = session.transaction.as_ref().map_or(-1, |transaction| transaction.commands.len() as i64);
    let redirect = tracking.map_or(-1, |mode| mode.redirect.map_or(0, |to| to.number() as i64));
    format!(
        "id={} addr=127.0.0.1:0 laddr=127.0.0.1:0 fd=0 name={} age={} idle={} flags={} db={} sub={} psub={} \
         ssub={} multi={queued} qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 \
         tot-mem=0 events=r cmd={} user={} redir={redirect} resp={}\n",
        connection.number(),
        String::from_utf8_lossy(session.name.as_deref().unwrap_or_default()),
        seconds(session.opened),
        seconds(session.last_seen),
        if flags.is_empty() { "N" } else { &flags },
        session.database,
        session.channels.len(),
        session.patterns.len(),
        session.shards.len(),
        session.last_command.unwrap_or("NULL"),
        String::from_utf8_lossy(&session.user),
        session.protocol.number(),
    )
}

/// `CLIENT KILL`, by `ID`, `TYPE` and `SKIPME`. Connections have no addresses here, so a filter by
/// address matches none.
pub(super) fn kill(call: &mut Call<'_>) -> Answer {
    if call.words.len() == 3 {
        return Err(ErrorReply::fixed("ERR No such client"));
    }
    let filter = Filter::parse(&call.words[2..])?;
    let connections: Vec<_> = call.server.sessions.keys().copied().collect();
    let mut killed = 0;
    for connection in connections {
        let session = &call.server.sessions[&connection];
        let matches_kind = filter.subscribers.is_none_or(|wanted| session.is_subscriber() == wanted);
        let matches_id = filter.id.is_none_or(|id| id == connection);
        let is_skipped = filter.skip_me && connection == call.connection;
        if matches_kind && matches_id && !filter.matches_none && !is_skipped {
            call.server.close(connection);
            killed += 1;
        }
    }
    Ok(Reply::Integer(killed))
}

#[derive(Debug)]
struct Filter {
    id: Option<ConnectionId>,
    /// `Some(true)`: only subscribers. `Some(false)`: only other connections.
    subscribers: Option<bool>,
    skip_me: bool,
    /// The filter uses a criterion that no connection here meets.
    matches_none: bool,
}

impl Filter {
    fn parse(words: &[Bytes]) -> Result<Self, ErrorReply> {
        let mut filter = Filter { id: None, subscribers: None, skip_me: true, matches_none: false };
        for option in words.chunks(2) {
            let [name, value] = option else { return Err(ErrorReply::SYNTAX) };
            match &name.to_ascii_lowercase()[..] {
                b"id" => {
                    let id = whole_number(value).and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0);
                    let id = id.ok_or(ErrorReply::fixed("ERR client-id should be greater than 0"))?;
                    filter.id = Some(ConnectionId(id));
                }
                b"type" if is(value, "normal") => filter.subscribers = Some(false),
                b"type" if is(value, "pubsub") => filter.subscribers = Some(true),
                b"type" if is(value, "master") || is(value, "replica") || is(value, "slave") => {
                    filter.matches_none = true;
                }
                b"type" => {
                    return Err(ErrorReply::about("ERR Unknown client type '", value, "'"));
                }
                b"addr" | b"laddr" => filter.matches_none = true,
                b"skipme" if is(value, "yes") => filter.skip_me = true,
                b"skipme" if is(value, "no") => filter.skip_me = false,
                _ => return Err(ErrorReply::SYNTAX),
            }
        }
        Ok(filter)
    }
}
