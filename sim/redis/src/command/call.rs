//! A command in execution.

use bytes::Bytes;

use super::{Answer, ErrorReply, Spec};
use crate::keyspace::{Database, Value};
use crate::notify::Events;
use crate::resp::Protocol;
use crate::server::Server;
use crate::session::{ConnectionId, Session};

/// A command in execution: the context that its function receives.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) connection: ConnectionId,
    /// The command name and its arguments.
    pub(crate) words: &'a [Bytes],
    pub(crate) spec: &'static Spec,
    /// Index of the database in which the command is executed.
    pub(crate) database: usize,
    /// The protocol of the reply.
    pub(crate) protocol: Protocol,
    /// The calling script, if any.
    pub(crate) script: Option<&'a mut ScriptCall>,
}

/// A script in execution. It has its own database index and protocol.
#[derive(Debug)]
pub(crate) struct ScriptCall {
    pub(crate) database: usize,
    pub(crate) protocol: Protocol,
    /// Whether it has called a command that writes.
    pub(crate) has_written: bool,
    /// The keys passed to the script.
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

    /// Stores a value, and retains the deadline of an existing key.
    pub(crate) fn insert(&mut self, key: &Bytes, value: Value) {
        self.server.insert(self.database, key, value);
    }

    /// Replaces a key of any type by a value without a deadline, and reports the modification.
    pub(crate) fn store(&mut self, key: &Bytes, value: Value) {
        self.write(key);
        self.insert(key, value);
        self.data().set_deadline(key, None);
        self.modified(key);
    }

    /// Stores the result of a command, with its event; removes the key if the result is empty.
    pub(crate) fn store_result(
        &mut self,
        key: &Bytes,
        value: Option<Value>,
        kind: Events,
        event: &'static str,
    ) {
        match value {
            Some(value) => {
                self.store(key, value);
                self.notify(kind, event, key);
            }
            None if self.remove(key) => {
                self.modified(key);
                self.notify(Events::GENERIC, "del", key);
            }
            None => {}
        }
    }

    /// Removes a key whose collection has become empty.
    pub(crate) fn remove_empty(&mut self, key: &Bytes) {
        self.remove(key);
        self.notify(Events::GENERIC, "del", key);
    }

    /// Removes a key, and returns whether it existed.
    pub(crate) fn remove(&mut self, key: &Bytes) -> bool {
        self.data().remove(key).is_some()
    }

    /// Reports the modification of a key to watching and tracking connections.
    pub(crate) fn modified(&mut self, key: &Bytes) {
        self.server.modified(self.database, key);
    }

    pub(crate) fn notify(&mut self, kind: Events, event: &'static str, key: &Bytes) {
        self.server.notify(kind, event, self.database, key);
    }

    /// The arity error, for a command that checks its number of arguments itself.
    pub(crate) fn wrong_arity(&self) -> Answer {
        Err(ErrorReply::arity(self.spec.name))
    }
}
