//! `CLIENT`, except tracking.

use bytes::Bytes;

use super::arguments::is;
use super::{Answer, Call, ErrorReply};
use crate::resp::{Reply, whole_number};
use crate::session::ConnectionId;

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

/// `CLIENT SETINFO`, available from Redis 7.2 on. The values are discarded: only `CLIENT LIST`
/// shows them, which is not available.
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
