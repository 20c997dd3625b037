//! The execution of one command, by its row of the table.

use bytes::Bytes;

use super::{Call, ScriptCall, Spec};
use crate::resp::Reply;
use crate::server::Server;
use crate::session::ConnectionId;

impl Server {
    /// Executes a command whose arity has been checked.
    pub(crate) fn run(
        &mut self,
        connection: ConnectionId,
        spec: &'static Spec,
        words: &[Bytes],
        mut script: Option<&mut ScriptCall>,
    ) -> Reply {
        let (database, protocol) = match &script {
            Some(script) => (script.database, script.protocol),
            None => {
                let session = self.session(connection);
                (session.database, session.protocol)
            }
        };
        let is_of_script = script.is_some();
        // A script appears before the commands that it calls.
        if spec.name.starts_with("eval") {
            self.feed_monitors(spec, words, database, is_of_script);
        }
        let call = &mut Call {
            server: self,
            connection,
            words,
            spec,
            database,
            protocol,
            script: script.as_deref_mut(),
        };
        let reply = (spec.run)(call).unwrap_or_else(Reply::from);
        if !spec.name.starts_with("eval") {
            let of_session = self.sessions.get(&connection).map_or(database, |session| session.database);
            let database = script.as_deref().map_or(of_session, |script| script.database);
            self.feed_monitors(spec, words, database, is_of_script);
        }
        let session = self.sessions.get(&connection);
        if spec.access.is_tracked() && session.is_some_and(|session| session.tracks_reads()) {
            match script {
                // Redis 7.0 tracks all keys of the script, whichever of them the command reads.
                Some(script) => self.track_reads(connection, &script.keys),
                None => {
                    let positions = spec.keys.positions(words).into_iter().flatten();
                    self.track_reads(connection, positions.map(|at| &words[at]));
                }
            }
        }
        reply
    }
}
