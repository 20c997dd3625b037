//! What a command will touch, before it is executed.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::Server;
use crate::command::{Access, Command, Keys, find};
use crate::notify::Events;
use crate::session::ConnectionId;
use crate::time::Time;

/// What a command touches. Two commands whose footprints do not [conflict](Footprint::conflicts) commute: in either
/// order they have the same replies, and leave the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// What it reads, and does not change.
    pub reads: Places,
    /// What it may change.
    pub writes: Places,
}

/// A set of places in the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    /// These, and no other.
    Known(BTreeSet<Place>),
    /// All.
    All,
}

/// A place in the server that a command can touch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A key of a database.
    Key(usize, Bytes),
    /// Who is subscribed to what, and the messages of all.
    Subscriptions,
    /// What a connection is told though it has not asked: the order of two of these can be seen.
    Pushes(ConnectionId),
    /// The scripts that are known by their hashes.
    Scripts,
}

impl Places {
    fn overlap(&self, other: &Places) -> bool {
        match (self, other) {
            (Places::Known(ours), Places::Known(theirs)) => !ours.is_disjoint(theirs),
            (Places::Known(known), Places::All) | (Places::All, Places::Known(known)) => !known.is_empty(),
            (Places::All, Places::All) => true,
        }
    }

    fn extend(&mut self, places: impl IntoIterator<Item = Place>) {
        if let Places::Known(known) = self {
            known.extend(places);
        }
    }
}

impl Footprint {
    /// Whether the order of the two could matter.
    pub fn conflicts(&self, other: &Footprint) -> bool {
        self.writes.overlap(&other.writes)
            || self.writes.overlap(&other.reads)
            || self.reads.overlap(&other.writes)
    }

    fn none() -> Self {
        Footprint { reads: Places::Known(BTreeSet::new()), writes: Places::Known(BTreeSet::new()) }
    }
}

impl Server {
    /// What the command would touch if the connection sent it now. To change a key is also to tell of it: with events of
    /// keys turned on, every command that touches a key sends messages, and whoever tracks it gets an invalidation.
    ///
    /// A script is believed to touch the keys that it was given and no other; [`Self::require_declared_keys`] holds it to
    /// that.
    ///
    /// The moment matters: to read a key that is past its deadline is to remove it.
    pub fn footprint(&self, connection: ConnectionId, command: &Command, now: Time) -> Footprint {
        let mut footprint = Footprint::none();
        let Some(session) = self.sessions.get(&connection) else { return footprint };
        // The reply has its place among what the connection is told.
        footprint.reads.extend([Place::Pushes(connection)]);
        if session.is_subscriber() {
            footprint.reads.extend([Place::Subscriptions]);
        }
        let is_exec = command.name().eq_ignore_ascii_case(b"exec");
        match &session.transaction {
            Some(transaction) if is_exec => {
                let mut database = session.database;
                for queued in &transaction.commands {
                    self.add(connection, queued, database, now, &mut footprint);
                    database = selected(queued).unwrap_or(database);
                }
                let watched = session.watched.iter();
                footprint
                    .reads
                    .extend(watched.map(|watched| Place::Key(watched.database, watched.key.clone())));
            }
            // It is queued.
            Some(_) => {}
            None => self.add(connection, command, session.database, now, &mut footprint),
        }
        footprint
    }

    /// What [`Server::pass_deadline`] touches: the key, and whoever is told that it has expired.
    pub fn footprint_of_expiry(&self, database: usize, key: &Bytes) -> Footprint {
        let mut footprint = Footprint::none();
        footprint.writes.extend(self.told_of(key).into_iter().map(Place::Pushes));
        footprint.writes.extend([Place::Key(database, key.clone())]);
        if self.settings.events != Events::default() {
            footprint.writes.extend([Place::Subscriptions]);
        }
        footprint
    }

    fn add(
        &self,
        connection: ConnectionId,
        command: &Command,
        database: usize,
        now: Time,
        footprint: &mut Footprint,
    ) {
        let place = |key: Bytes| Place::Key(database, key);
        let keys = command.keys();
        let touches_keys = keys != Keys::none();
        match keys {
            Keys::Known { reads, writes } => {
                let data = &self.databases[database];
                let (expired, reads): (BTreeSet<_>, BTreeSet<_>) =
                    reads.into_iter().partition(|key| data.is_expired(key, now.millis()));
                footprint.reads.extend(reads.into_iter().map(place));
                for key in expired.into_iter().chain(writes) {
                    footprint.writes.extend(self.told_of(&key).into_iter().map(Place::Pushes));
                    footprint.writes.extend([place(key)]);
                }
            }
            Keys::All => {
                let is_read = find(command.words()).is_ok_and(|spec| spec.access == Access::Read);
                let removes = self.next_expiry().is_some_and(|next| next <= now);
                let places = if is_read && !removes { &mut footprint.reads } else { &mut footprint.writes };
                *places = Places::All;
            }
        }
        if touches_keys && self.settings.events != Events::default() {
            footprint.writes.extend([Place::Subscriptions]);
        }
        let name = command.name().to_ascii_lowercase();
        let own = Place::Pushes(connection);
        match &name[..] {
            b"publish" => footprint.writes.extend([Place::Subscriptions]),
            // What the connection is told from now on, and how.
            b"subscribe" | b"unsubscribe" | b"psubscribe" | b"punsubscribe" | b"hello" | b"reset"
            | b"quit" => {
                footprint.writes.extend([Place::Subscriptions, own]);
            }
            b"eval" if command.words().get(1).is_some_and(|text| !self.scripts.contains_text(text)) => {
                footprint.writes.extend([Place::Scripts]);
            }
            b"eval" | b"evalsha" => footprint.reads.extend([Place::Scripts]),
            b"script" => footprint.writes.extend([Place::Scripts]),
            // These change what others are told, or the server as a whole, or look at it.
            b"client" | b"config" | b"info" => footprint.writes = Places::All,
            _ => {}
        }
    }
}

/// The database that a queued `SELECT` would change to.
fn selected(command: &Command) -> Option<usize> {
    let [name, number] = command.words() else { return None };
    if !name.eq_ignore_ascii_case(b"select") {
        return None;
    }
    std::str::from_utf8(number).ok()?.parse().ok().filter(|number| *number < 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(one: &[&str], other: &[&str]) -> bool {
        let mut server = Server::new();
        let connection = server.connect();
        let of = |words: &[&str]| server.footprint(connection, &Command::new(words), Time::START);
        of(one).conflicts(&of(other))
    }

    #[test]
    fn commands_on_different_keys_commute() {
        for (one, other, expected) in [
            (&["GET", "a"][..], &["SET", "b", "1"][..], false),
            (&["GET", "a"], &["GET", "a"], false),
            (&["GET", "a"], &["SET", "a", "1"], true),
            (&["MGET", "a", "b"], &["DEL", "b"], true),
            (&["KEYS", "*"], &["SET", "a", "1"], true),
            (&["KEYS", "*"], &["GET", "a"], false),
            (&["KEYS", "*"], &["DBSIZE"], false),
            (&["FLUSHALL"], &["GET", "a"], true),
            (&["PING"], &["SET", "a", "1"], false),
            (&["EVAL", "return 1", "1", "a"], &["GET", "a"], true),
            (&["EVAL", "return 1", "1", "a"], &["GET", "b"], false),
            (&["PUBLISH", "a", "1"], &["SUBSCRIBE", "a"], true),
            (&["PUBLISH", "a", "1"], &["SET", "a", "1"], false),
        ] {
            assert_eq!(conflict(one, other), expected, "{one:?} {other:?}");
            assert_eq!(conflict(other, one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn a_transaction_touches_what_was_queued() {
        let mut server = Server::new();
        let connection = server.connect();
        let mut send = |words: &[&str]| {
            let before = server.footprint(connection, &Command::new(words), Time::START);
            server.execute(connection, &Command::new(words), Time::START);
            before
        };
        send(&["WATCH", "w"]);
        send(&["MULTI"]);
        assert_eq!(send(&["SET", "a", "1"]).writes, Places::Known(BTreeSet::new()));
        send(&["SELECT", "1"]);
        send(&["GET", "a"]);
        let footprint = send(&["EXEC"]);
        let key = |database, name: &'static str| Place::Key(database, Bytes::from_static(name.as_bytes()));
        assert_eq!(footprint.writes, Places::Known([key(0, "a")].into()));
        let own = Place::Pushes(connection);
        assert_eq!(footprint.reads, Places::Known([key(1, "a"), key(0, "w"), own].into()));
    }
}
