//! A command that is being executed.

use bytes::Bytes;

use super::{Answer, ErrorReply, Spec};
use crate::keyspace::{Database, Value};
use crate::notify::Events;
use crate::resp::Protocol;
use crate::server::Server;
use crate::session::{ConnectionId, Session};

/// A command that is being executed: what its function gets.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) connection: ConnectionId,
    /// All words: the name is the first.
    pub(crate) words: &'a [Bytes],
    pub(crate) spec: &'static Spec,
    /// The database that it is executed in.
    pub(crate) database: usize,
    /// The protocol that its reply is for.
    pub(crate) protocol: Protocol,
    /// The script that calls it, if one does.
    pub(crate) script: Option<&'a mut ScriptCall>,
}

/// A script that is being executed: it is a client of its own, with a database and a protocol.
#[derive(Debug)]
pub(crate) struct ScriptCall {
    pub(crate) database: usize,
    pub(crate) protocol: Protocol,
    /// The keys that it was given.
    pub(crate) keys: Vec<Bytes>,
}

impl Call<'_> {
    pub(crate) fn now(&self) -> i64 {
        self.server.now.millis()
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        self.server.session(self.connection)
    }

    pub(crate) fn data(&mut self) -> &mut Database {
        &mut self.server.databases[self.database]
    }

    pub(crate) fn read(&mut self, key: &Bytes) -> Option<&Value> {
        self.server.read(self.database, key)
    }

    pub(crate) fn write(&mut self, key: &Bytes) -> Option<&mut Value> {
        self.server.write(self.database, key)
    }

    /// Puts a value where there was none, or another. A deadline stays.
    pub(crate) fn insert(&mut self, key: &Bytes, value: Value) {
        self.server.insert(self.database, key, value);
    }

    /// Whether the key was there.
    pub(crate) fn remove(&mut self, key: &Bytes) -> bool {
        self.data().remove(key).is_some()
    }

    /// A key has changed.
    pub(crate) fn modified(&mut self, key: &Bytes) {
        self.server.modified(self.database, key);
    }

    pub(crate) fn notify(&mut self, kind: Events, event: &'static str, key: &Bytes) {
        self.server.notify(kind, event, self.database, key);
    }

    /// The error for a number of arguments that only this command finds wrong.
    pub(crate) fn wrong_arity(&self) -> Answer {
        Err(ErrorReply::arity(self.spec.name))
    }
}
