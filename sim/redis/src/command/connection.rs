//! The connection itself: `HELLO`, `PING`, `SELECT` and related commands.

use super::acl::authenticate;
use super::arguments::is;
use super::client::{checked_name, rename};
use super::{Answer, Call, ErrorReply};
use crate::resp::{Protocol, Reply, whole_number};

/// The emulated version of Redis.
pub(super) const VERSION: &str = "7.0.15";

pub(super) fn ping(call: &mut Call<'_>) -> Answer {
    let message = match call.words {
        [_] => None,
        [_, message] => Some(message.clone()),
        _ => return call.wrong_arity(),
    };
    if call.protocol == Protocol::Resp2 && call.session().is_subscriber() {
        return Ok(Reply::Array(vec![Reply::text("pong"), Reply::Bulk(message.unwrap_or_default())]));
    }
    Ok(message.map_or(Reply::status("PONG"), Reply::Bulk))
}

pub(super) fn echo(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Bulk(call.words[1].clone()))
}

/// Parses a 32-bit integer.
pub(super) fn int(word: &[u8]) -> Result<i32, ErrorReply> {
    let number = whole_number(word).ok_or(ErrorReply::NOT_AN_INTEGER)?;
    i32::try_from(number).map_err(|_| {
        let (least, most) = (i32::MIN, i32::MAX);
        ErrorReply::new(format!("ERR value is out of range, value must between {least} and {most}"))
    })
}

/// Parses the index of a database.
pub(super) fn database(call: &Call<'_>, word: &[u8]) -> Result<usize, ErrorReply> {
    let index = int(word)?;
    let index = usize::try_from(index).ok().filter(|index| *index < call.server.databases.len());
    index.ok_or(ErrorReply::fixed("ERR DB index is out of range"))
}

pub(super) fn select(call: &mut Call<'_>) -> Answer {
    let index = database(call, &call.words[1])?;
    match &mut call.script {
        Some(script) => script.database = index,
        None => call.session().database = index,
    }
    Ok(Reply::OK)
}

pub(super) fn quit(call: &mut Call<'_>) -> Answer {
    call.server.close(call.connection);
    Ok(Reply::OK)
}

pub(super) fn reset(call: &mut Call<'_>) -> Answer {
    call.server.reset_session(call.connection);
    Ok(Reply::status("RESET"))
}

pub(super) fn hello(call: &mut Call<'_>) -> Answer {
    let version = call.words.get(1).map(|version| protocol(version)).transpose()?;
    let mut rest = call.words.get(2..).unwrap_or_default();
    let mut new_name = None;
    while let Some((option, after)) = rest.split_first() {
        rest = match after {
            [user, password, after @ ..] if is(option, "auth") => {
                authenticate(call, user, password)?;
                after
            }
            [name, after @ ..] if is(option, "setname") => {
                new_name = Some(checked_name(name)?);
                after
            }
            _ => {
                return Err(ErrorReply::about("ERR Syntax error in HELLO option '", option, "'"));
            }
        };
    }
    if !call.session().is_authenticated {
        return Err(ErrorReply::fixed(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP \
             protocol version at the same time",
        ));
    }
    if let Some(name) = new_name {
        rename(call, name);
    }
    let connection = call.connection;
    let session = call.session();
    if let Some(version) = version {
        session.protocol = version;
    }
    let fields = [
        ("server", Reply::text("redis")),
        ("version", Reply::text(VERSION)),
        ("proto", Reply::Integer(session.protocol.number())),
        ("id", Reply::Integer(connection.number() as i64)),
        ("mode", Reply::text("standalone")),
        ("role", Reply::text("master")),
        ("modules", Reply::Array(Vec::new())),
    ];
    Ok(Reply::Map(fields.into_iter().map(|(name, value)| (Reply::text(name), value)).collect()))
}

fn protocol(version: &[u8]) -> Result<Protocol, ErrorReply> {
    match whole_number(version) {
        Some(2) => Ok(Protocol::Resp2),
        Some(3) => Ok(Protocol::Resp3),
        Some(_) => Err(ErrorReply::fixed("NOPROTO unsupported protocol version")),
        None => Err(ErrorReply::fixed("ERR Protocol version is not an integer or out of range")),
    }
}
