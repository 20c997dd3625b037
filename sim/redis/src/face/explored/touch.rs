//! What a command touches, as the engine is told.
//!
//! The engine wants to know it before the command runs, and so before its task can know how the server is by then. So it is
//! [declared] by the words of the command, and by what its client was made for. When its turn comes the server tells what it
//! [really touches](actual); if that is more, it is declared anew. Both are said widely:
//!
//! - one key that is read or changed, of one database; with several, all of the server;
//! - all of the server, for what changes more than keys: sessions, subscriptions, tracking, scripts, settings;
//! - all of the server, for what changes a key while somebody may be told of it, because the order in which a connection is
//!   told of two keys can be seen; and for what a connection that may be told sends, because its reply has a place among
//!   what it is told.
//!
//! What makes it more (a subscription, a transaction, the time) conflicts with all that it makes more.

use bytes::Bytes;
use selvedge_engine::object::Touch;

use crate::command::{Access, Command, Keys, find};
use crate::server::{Resource, Resources, Server};
use crate::session::ConnectionId;
use crate::time::Time;

/// A part of the server that commands can touch on its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// A key of a database.
    Key(usize, Bytes),
    /// What only a change of everything changes.
    Nothing,
}

/// Commands that change how other commands are taken, or what anybody is told.
const MORE_THAN_KEYS: [&[u8]; 17] = [
    b"select",
    b"multi",
    b"exec",
    b"discard",
    b"watch",
    b"unwatch",
    b"publish",
    b"subscribe",
    b"unsubscribe",
    b"psubscribe",
    b"punsubscribe",
    b"hello",
    b"reset",
    b"quit",
    b"client",
    b"config",
    b"script",
];

/// Who may be told what he did not ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) anybody: bool,
    /// Whoever sends the commands.
    pub(super) sender: bool,
}

/// What several places come to.
#[derive(Debug, Default)]
struct Parts {
    reads: Vec<Part>,
    writes: Vec<Part>,
    reads_all: bool,
}

impl Parts {
    fn touch(self, told: Told) -> Touch<Part> {
        let Parts { reads, writes, reads_all } = self;
        let only_reads = writes.is_empty();
        if !only_reads && (told.anybody || reads_all) {
            return Touch::WriteAll;
        }
        let mut parts: Vec<Part> = Vec::new();
        for part in reads.into_iter().chain(writes) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        match (parts.pop(), parts.is_empty()) {
            _ if told.sender || reads_all => Touch::ReadAll,
            (None, _) => Touch::Read(Part::Nothing),
            (Some(only), true) if only_reads => Touch::Read(only),
            (Some(only), true) => Touch::Write(only),
            _ if only_reads => Touch::ReadAll,
            _ => Touch::WriteAll,
        }
    }
}

/// What these commands touch, which are executed as one, by their words alone.
pub(super) fn declared(database: usize, commands: &[Command], told: Told) -> Touch<Part> {
    let mut places = Parts::default();
    for command in transaction(commands).unwrap_or(commands) {
        if MORE_THAN_KEYS.contains(&&command.name().to_ascii_lowercase()[..]) {
            return Touch::WriteAll;
        }
        let part = |key: Bytes| Part::Key(database, key);
        match command.keys() {
            Keys::Known { reads, writes } => {
                places.reads.extend(reads.into_iter().map(part));
                places.writes.extend(writes.into_iter().map(part));
            }
            Keys::All if find(command.words()).is_ok_and(|spec| spec.access == Access::Read) => {
                places.reads_all = true;
            }
            Keys::All => return Touch::WriteAll,
        }
    }
    places.touch(told)
}

/// What these commands touch, which are executed as one, as the server is now.
pub(super) fn actual(
    server: &Server,
    connection: ConnectionId,
    commands: &[Command],
    told: Told,
) -> Touch<Part> {
    let mut places = Parts::default();
    let transaction = transaction(commands);
    for command in transaction.unwrap_or(commands) {
        if MORE_THAN_KEYS.contains(&&command.name().to_ascii_lowercase()[..]) {
            return Touch::WriteAll;
        }
        // No key has expired before the command: those that are past their deadline are removed with the step.
        let footprint = server.footprint(connection, command, Time::default());
        match footprint.writes {
            Resources::Known(written) => {
                for place in written {
                    match place {
                        Resource::Key(database, key) => places.writes.push(Part::Key(database, key)),
                        Resource::Subscriptions | Resource::Pushes(_) | Resource::Scripts => {
                            return Touch::WriteAll;
                        }
                    }
                }
            }
            Resources::All => return Touch::WriteAll,
        }
        match footprint.reads {
            // What is read beside keys, only what touches all of the server changes.
            Resources::Known(read) => places.reads.extend(read.into_iter().filter_map(|place| match place {
                Resource::Key(database, key) => Some(Part::Key(database, key)),
                Resource::Subscriptions | Resource::Pushes(_) | Resource::Scripts => None,
            })),
            Resources::All => places.reads_all = true,
        }
    }
    if server.is_queueing(connection) { Touch::WriteAll } else { places.touch(told) }
}

/// What is between `MULTI` and `EXEC`, if that is what the commands are.
pub(super) fn transaction(commands: &[Command]) -> Option<&[Command]> {
    let is = |command: &Command, name: &[u8]| command.name().eq_ignore_ascii_case(name);
    match commands {
        [first, between @ .., last] if is(first, b"multi") && is(last, b"exec") => Some(between),
        _ => None,
    }
}

/// Whether what was declared covers what it has turned out to be.
pub(super) fn covers(declared: &Touch<Part>, actual: &Touch<Part>) -> bool {
    match (declared, actual) {
        (Touch::WriteAll, _) | (Touch::ReadAll, Touch::ReadAll | Touch::Read(_)) => true,
        (Touch::Write(declared), Touch::Write(actual) | Touch::Read(actual)) => declared == actual,
        (Touch::Read(declared), Touch::Read(actual)) => declared == actual,
        _ => false,
    }
}
