//! The resources that a command touches, as declared to the engine.
//!
//! The engine needs them before the command executes, when the server's state at its execution is
//! not yet determined. They are therefore [declared] from the command's words and the client's
//! configuration. When the step executes, the server returns the [actual] resources; if the
//! declaration does not cover them, they are declared again. Both are approximated from above:
//!
//! - a single key of one database that is read or changed; several keys count as the whole server;
//! - the whole server, for changes beyond keys: sessions, subscriptions, tracking, scripts,
//!   settings;
//! - the whole server, for a change of a key while any connection can receive pushes, because the
//!   order of pushes about two keys is observable; and for the commands of a connection that can
//!   receive pushes, because its reply is ordered with its pushes.
//!
//! Whatever widens the resources (a subscription, a transaction, time) conflicts with all that it
//! adds.

use bytes::Bytes;
use selvedge_engine::object::Touch;

use crate::command::{Access, Keys, find};
use crate::execution::{Resource, Resources, blocks};
use crate::request::Command;
use crate::server::Server;
use crate::session::ConnectionId;
use crate::time::Time;

/// A part of the server that commands can touch separately.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// A key of a database.
    Key(usize, Bytes),
    /// Changed only by a change of the whole server.
    Nothing,
}

/// Commands that change the execution of other commands, or the receivers of pushes.
const MORE_THAN_KEYS: [&[u8]; 23] = [
    b"monitor",
    b"acl",
    b"auth",
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
    b"spublish",
    b"ssubscribe",
    b"sunsubscribe",
    b"hello",
    b"reset",
    b"quit",
    b"client",
    b"config",
    b"script",
];

/// Whether the command only names the connection's client: `CLIENT SETINFO` and `CLIENT SETNAME`,
/// which clients send when they connect. Commands that return the names access the whole server.
fn names_client(command: &Command) -> bool {
    let [name, sub, ..] = command.words() else { return false };
    let is_it = |word: &[u8]| sub.eq_ignore_ascii_case(word);
    name.eq_ignore_ascii_case(b"client") && (is_it(b"setinfo") || is_it(b"setname"))
}

/// The possible receivers of pushes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receivers {
    pub(super) any: bool,
    /// Whether the sender of the commands is one.
    pub(super) sender: bool,
}

/// The union of the parts that several commands touch.
#[derive(Debug, Default)]
struct Parts {
    reads: Vec<Part>,
    writes: Vec<Part>,
    reads_all: bool,
}

impl Parts {
    fn touch(self, receivers: Receivers) -> Touch<Part> {
        let Parts { reads, writes, reads_all } = self;
        let only_reads = writes.is_empty();
        if !only_reads && (receivers.any || reads_all) {
            return Touch::WriteAll;
        }
        let mut parts: Vec<Part> = Vec::new();
        for part in reads.into_iter().chain(writes) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        match (parts.pop(), parts.is_empty()) {
            _ if receivers.sender || reads_all => Touch::ReadAll,
            (None, _) => Touch::Read(Part::Nothing),
            (Some(only), true) if only_reads => Touch::Read(only),
            (Some(only), true) => Touch::Write(only),
            _ if only_reads => Touch::ReadAll,
            _ => Touch::WriteAll,
        }
    }
}

/// The parts that these commands touch, derived from their words. They are executed as one.
pub(super) fn declared(database: usize, commands: &[Command], receivers: Receivers) -> Touch<Part> {
    let mut parts = Parts::default();
    for command in transaction(commands).unwrap_or(commands) {
        if names_client(command) {
            continue;
        }
        if blocks(command) || MORE_THAN_KEYS.contains(&&command.name().to_ascii_lowercase()[..]) {
            return Touch::WriteAll;
        }
        let part = |key: Bytes| Part::Key(database, key);
        match command.keys() {
            Keys::Known { reads, writes } => {
                parts.reads.extend(reads.into_iter().map(part));
                parts.writes.extend(writes.into_iter().map(part));
            }
            Keys::All if find(command.words()).is_ok_and(|spec| spec.access == Access::Read) => {
                parts.reads_all = true;
            }
            Keys::All => return Touch::WriteAll,
        }
    }
    parts.touch(receivers)
}

/// The parts that these commands touch in the server's current state. They are executed as one.
pub(super) fn actual(
    server: &Server,
    connection: ConnectionId,
    commands: &[Command],
    receivers: Receivers,
) -> Touch<Part> {
    let mut parts = Parts::default();
    let transaction = transaction(commands);
    for command in transaction.unwrap_or(commands) {
        if names_client(command) {
            continue;
        }
        if MORE_THAN_KEYS.contains(&&command.name().to_ascii_lowercase()[..]) {
            return Touch::WriteAll;
        }
        // Expired keys are removed in the same step before the command executes.
        let footprint = server.footprint(connection, command, Time::default());
        match footprint.writes {
            Resources::Known(written) => {
                for resource in written {
                    match resource {
                        Resource::Key(database, key) => parts.writes.push(Part::Key(database, key)),
                        Resource::Subscriptions | Resource::Pushes(_) | Resource::Scripts => {
                            return Touch::WriteAll;
                        }
                    }
                }
            }
            Resources::All => return Touch::WriteAll,
        }
        match footprint.reads {
            // Other resources change only with the whole server.
            Resources::Known(read) => {
                parts.reads.extend(read.into_iter().filter_map(|resource| match resource {
                    Resource::Key(database, key) => Some(Part::Key(database, key)),
                    Resource::Subscriptions | Resource::Pushes(_) | Resource::Scripts => None,
                }))
            }
            Resources::All => parts.reads_all = true,
        }
    }
    if server.is_queueing(connection) { Touch::WriteAll } else { parts.touch(receivers) }
}

/// The commands between `MULTI` and `EXEC`, if these enclose all other commands.
pub(super) fn transaction(commands: &[Command]) -> Option<&[Command]> {
    let is = |command: &Command, name: &[u8]| command.name().eq_ignore_ascii_case(name);
    match commands {
        [first, between @ .., last] if is(first, b"multi") && is(last, b"exec") => Some(between),
        _ => None,
    }
}

/// Whether the declaration covers the actual parts.
pub(super) fn covers(declared: &Touch<Part>, actual: &Touch<Part>) -> bool {
    match (declared, actual) {
        (Touch::WriteAll, _) | (Touch::ReadAll, Touch::ReadAll | Touch::Read(_)) => true,
        (Touch::Write(declared), Touch::Write(actual) | Touch::Read(actual)) => declared == actual,
        (Touch::Read(declared), Touch::Read(actual)) => declared == actual,
        _ => false,
    }
}
