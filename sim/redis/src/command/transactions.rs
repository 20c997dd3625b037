//! `MULTI`, `EXEC`, `WATCH` and related commands.

use super::{Answer, Call, ErrorReply, find};
use crate::request::Command;
use crate::resp::Reply;
use crate::session::Transaction;

pub(super) fn multi(call: &mut Call<'_>) -> Answer {
    let session = call.session();
    if session.transaction.is_some() {
        return Err(ErrorReply::fixed("ERR MULTI calls can not be nested"));
    }
    session.transaction = Some(Transaction::default());
    Ok(Reply::OK)
}

pub(super) fn discard(call: &mut Call<'_>) -> Answer {
    if call.session().transaction.is_none() {
        return Err(ErrorReply::fixed("ERR DISCARD without MULTI"));
    }
    call.server.discard(call.connection);
    Ok(Reply::OK)
}

pub(super) fn exec(call: &mut Call<'_>) -> Answer {
    if call.session().transaction.is_none() {
        return Err(ErrorReply::fixed("ERR EXEC without MULTI"));
    }
    let is_dirty = call.session().is_dirty || call.server.watches_expired_key(call.connection);
    call.server.unwatch(call.connection);
    let session = call.session();
    session.is_dirty = false;
    // The connection stays in its transaction until the last command has completed:
    // `CLIENT CACHING` applies to the whole transaction.
    let transaction = session.transaction.as_mut().map(std::mem::take).unwrap_or_default();
    let replies = if transaction.is_aborted {
        Err(ErrorReply::TRANSACTION_ABORTED)
    } else if is_dirty {
        Ok(Reply::NullArray)
    } else {
        let run = |command: &Command| match find(command.words()) {
            Ok(spec) => match call.server.permits(call.connection, spec, command.words()) {
                Ok(()) => call.server.run(call.connection, spec, command.words(), None),
                Err(_) => ErrorReply::fixed(
                    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the \
                     EXEC call. This command is no longer allowed for the following reason: no permission",
                )
                .into(),
            },
            Err(error) => error.into(),
        };
        Ok(Reply::Array(transaction.commands.iter().map(run).collect()))
    };
    call.server.discard(call.connection);
    replies
}

pub(super) fn watch(call: &mut Call<'_>) -> Answer {
    if call.session().transaction.is_some() {
        return Err(ErrorReply::fixed("ERR WATCH inside MULTI is not allowed"));
    }
    if !call.session().is_dirty {
        for key in &call.words[1..] {
            call.server.watch(call.connection, call.database, key);
        }
    }
    Ok(Reply::OK)
}

pub(super) fn unwatch(call: &mut Call<'_>) -> Answer {
    call.server.unwatch(call.connection);
    call.session().is_dirty = false;
    Ok(Reply::OK)
}
