//! The resources that a command will access, computed before its execution.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::command::{Access, Keys, find};
use crate::notify::Events;
use crate::request::Command;
use crate::server::Server;
use crate::session::ConnectionId;
use crate::time::Time;

/// The resources that a command accesses. Two commands whose footprints do not
/// [conflict](Footprint::conflicts) commute: both orders give the same replies and the same state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Resources that are only read.
    pub reads: Resources,
    /// Resources that may be changed.
    pub writes: Resources,
}

/// A set of the server's resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resources {
    /// Exactly these resources.
    Known(BTreeSet<Resource>),
    /// All resources.
    All,
}

/// A resource of the server that a command can access.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A key of a database.
    Key(usize, Bytes),
    /// All subscriptions, and the order of published messages.
    Subscriptions,
    /// The pushes to a connection, whose order is observable.
    Pushes(ConnectionId),
    /// The cached scripts.
    Scripts,
}

impl Resources {
    fn overlap(&self, other: &Resources) -> bool {
        match (self, other) {
            (Resources::Known(ours), Resources::Known(theirs)) => !ours.is_disjoint(theirs),
            (Resources::Known(known), Resources::All) | (Resources::All, Resources::Known(known)) => {
                !known.is_empty()
            }
            (Resources::All, Resources::All) => true,
        }
    }

    fn extend(&mut self, resources: impl IntoIterator<Item = Resource>) {
        if let Resources::Known(known) = self {
            known.extend(resources);
        }
    }
}

impl Footprint {
    /// Whether the order of the two commands may be observable.
    pub fn conflicts(&self, other: &Footprint) -> bool {
        self.writes.overlap(&other.writes)
            || self.writes.overlap(&other.reads)
            || self.reads.overlap(&other.writes)
    }

    fn none() -> Self {
        Footprint { reads: Resources::Known(BTreeSet::new()), writes: Resources::Known(BTreeSet::new()) }
    }
}

impl Server {
    /// The footprint of a command, if the connection sent it now. A change of a key includes its
    /// notifications: if keyspace events are enabled, every command that accesses a key publishes
    /// messages, and tracking connections receive invalidations.
    ///
    /// A script is assumed to access only the keys passed to it; [`Self::require_declared_keys`]
    /// enforces that.
    ///
    /// The footprint depends on the time: reading an expired key removes it.
    pub fn footprint(&self, connection: ConnectionId, command: &Command, now: Time) -> Footprint {
        let mut footprint = Footprint::none();
        let Some(session) = self.sessions.get(&connection) else { return footprint };
        // Monitors observe the order of all commands.
        if !self.monitors.is_empty() {
            footprint.writes = Resources::All;
        }
        // Each command may evict any key, and each access changes which one.
        if self.settings.max_memory > 0 {
            footprint.writes = Resources::All;
        }
        // The reply is ordered with the pushes to the same connection.
        footprint.reads.extend([Resource::Pushes(connection)]);
        if session.is_subscriber() {
            footprint.reads.extend([Resource::Subscriptions]);
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
                    .extend(watched.map(|watched| Resource::Key(watched.database, watched.key.clone())));
            }
            // The command is queued.
            Some(_) => {}
            None => self.add(connection, command, session.database, now, &mut footprint),
        }
        footprint
    }

    /// The footprint of [`Server::pass_deadline`]: the key, and the receivers of a push about its
    /// expiry.
    pub fn footprint_of_expiry(&self, database: usize, key: &Bytes) -> Footprint {
        let mut footprint = Footprint::none();
        footprint.writes.extend(self.invalidation_receivers(key).into_iter().map(Resource::Pushes));
        footprint.writes.extend([Resource::Key(database, key.clone())]);
        if self.settings.events != Events::default() {
            footprint.writes.extend([Resource::Subscriptions]);
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
        let resource = |key: Bytes| Resource::Key(database, key);
        let keys = command.keys();
        let touches_keys = keys != Keys::none();
        match keys {
            Keys::Known { reads, writes } => {
                let data = &self.databases[database];
                let (expired, reads): (BTreeSet<_>, BTreeSet<_>) =
                    reads.into_iter().partition(|key| data.is_expired(key, now.millis()));
                footprint.reads.extend(reads.into_iter().map(resource));
                for key in expired.into_iter().chain(writes) {
                    footprint
                        .writes
                        .extend(self.invalidation_receivers(&key).into_iter().map(Resource::Pushes));
                    footprint.writes.extend([resource(key)]);
                }
            }
            Keys::All => {
                let is_read = find(command.words()).is_ok_and(|spec| spec.access == Access::Read);
                let removes = self.next_expiry().is_some_and(|next| next <= now);
                let set = if is_read && !removes { &mut footprint.reads } else { &mut footprint.writes };
                *set = Resources::All;
            }
        }
        // A blocking command changes the effect of later commands, and a waiting one is served by
        // them.
        let is_due = self.next_timeout().is_some_and(|next| next <= now);
        let writes_keys = footprint.writes != Resources::Known(BTreeSet::new());
        if blocks(command) || is_due || writes_keys && self.has_blocked() {
            footprint.writes = Resources::All;
        }
        if touches_keys && self.settings.events != Events::default() {
            footprint.writes.extend([Resource::Subscriptions]);
        }
        let name = command.name().to_ascii_lowercase();
        let own = Resource::Pushes(connection);
        match &name[..] {
            b"pubsub" => footprint.reads.extend([Resource::Subscriptions]),
            b"publish" | b"spublish" => footprint.writes.extend([Resource::Subscriptions]),
            // These change the pushes that the connection receives, or their encoding.
            b"subscribe" | b"unsubscribe" | b"psubscribe" | b"punsubscribe" | b"ssubscribe"
            | b"sunsubscribe" | b"hello" | b"reset" | b"quit" => {
                footprint.writes.extend([Resource::Subscriptions, own]);
            }
            b"eval" | b"eval_ro"
                if command.words().get(1).is_some_and(|text| !self.scripts.contains_text(text)) =>
            {
                footprint.writes.extend([Resource::Scripts]);
            }
            b"eval" | b"eval_ro" | b"evalsha" | b"evalsha_ro" => footprint.reads.extend([Resource::Scripts]),
            b"script" => footprint.writes.extend([Resource::Scripts]),
            // These change the pushes of other connections or server-wide state, or read the
            // latter.
            b"acl" | b"auth" | b"client" | b"config" | b"info" | b"monitor" => {
                footprint.writes = Resources::All
            }
            _ => {}
        }
    }
}

/// Whether the command can wait.
pub(crate) fn blocks(command: &Command) -> bool {
    let Ok(spec) = find(command.words()) else { return false };
    let has_option = || command.words().iter().any(|word| word.eq_ignore_ascii_case(b"block"));
    // Redis does not list `WAIT` as blocking.
    let may_block = spec.may_block() || spec.name == "wait";
    may_block && (!spec.name.starts_with("xread") || has_option())
}

/// The database that a queued `SELECT` selects.
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
            (&["XADD", "a", "*", "f", "v"], &["XREAD", "STREAMS", "b", "a", "0", "0"], true),
            (&["XADD", "a", "*", "f", "v"], &["XREAD", "STREAMS", "b", "0"], false),
            (&["XREAD", "STREAMS", "a", "0"], &["XREAD", "STREAMS", "a", "0"], false),
            // Connections that wait are served in the order in which they began to wait.
            (&["XREAD", "BLOCK", "0", "STREAMS", "a", "$"], &["GET", "b"], true),
            (&["WAIT", "1", "0"], &["GET", "b"], true),
            (&["BLPOP", "a", "0"], &["GET", "b"], true),
        ] {
            assert_eq!(conflict(one, other), expected, "{one:?} {other:?}");
            assert_eq!(conflict(other, one), expected, "{other:?} {one:?}");
        }
    }

    /// Any key may be evicted, and which one depends on the order of accesses.
    #[test]
    fn no_commands_commute_if_keys_are_evicted() {
        let mut server = Server::new();
        let connection = server.connect();
        let config = ["CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "allkeys-lru"];
        server.execute(connection, &Command::new(config), Time::START);
        let of = |words: [&str; 2]| server.footprint(connection, &Command::new(words), Time::START);
        assert!(of(["GET", "a"]).conflicts(&of(["GET", "b"])));
    }

    #[test]
    fn exec_has_the_footprint_of_the_queued_commands() {
        let mut server = Server::new();
        let connection = server.connect();
        let mut send = |words: &[&str]| {
            let before = server.footprint(connection, &Command::new(words), Time::START);
            server.execute(connection, &Command::new(words), Time::START);
            before
        };
        send(&["WATCH", "w"]);
        send(&["MULTI"]);
        assert_eq!(send(&["SET", "a", "1"]).writes, Resources::Known(BTreeSet::new()));
        send(&["SELECT", "1"]);
        send(&["GET", "a"]);
        let footprint = send(&["EXEC"]);
        let key = |database, name: &'static str| Resource::Key(database, Bytes::from_static(name.as_bytes()));
        assert_eq!(footprint.writes, Resources::Known([key(0, "a")].into()));
        let own = Resource::Pushes(connection);
        assert_eq!(footprint.reads, Resources::Known([key(1, "a"), key(0, "w"), own].into()));
    }
}
