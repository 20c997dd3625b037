//! `MONITOR`: a connection that receives every executed command.

use bytes::Bytes;

use super::arguments::is;
use super::info::properties;
use super::{Access, Answer, Call, ErrorReply, Spec};
use crate::resp::Reply;
use crate::server::Server;
use crate::session::ConnectionId;

pub(super) fn monitor(call: &mut Call<'_>) -> Answer {
    if call.session().transaction.is_some() {
        return Err(ErrorReply::fixed("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let is_new = call.server.monitors.insert(call.connection);
    // As in Redis, a monitor gets no reply to another `MONITOR`.
    Ok(if is_new { Reply::OK } else { Reply::Several(Vec::new()) })
}

impl Server {
    /// Rejects the commands that a monitor may not send.
    pub(crate) fn check_monitor(&self, connection: ConnectionId, spec: &Spec) -> Result<(), ErrorReply> {
        let may_write =
            spec.access != Access::Neither || spec.name.starts_with("eval") || spec.name == "publish";
        if may_write && self.monitors.contains(&connection) {
            return Err(ErrorReply::fixed("ERR Replica can't interact with the keyspace"));
        }
        Ok(())
    }

    /// Sends a command to the monitors. `is_of_script`: a script has called it.
    pub(super) fn feed_monitors(
        &mut self,
        spec: &Spec,
        words: &[Bytes],
        database: usize,
        is_of_script: bool,
    ) {
        if self.monitors.is_empty() || spec.name == "quit" {
            return;
        }
        // Administrative commands are not shown.
        if properties(spec).has_flag("admin") {
            return;
        }
        let micros = self.now.micros();
        let source = if is_of_script { "lua" } else { "127.0.0.1:0" };
        let mut line =
            format!("{}.{:06} [{database} {source}]", micros / 1_000_000, micros % 1_000_000).into_bytes();
        for (at, word) in words.iter().enumerate() {
            line.push(b' ');
            quote(if is_secret(spec, words, at) { b"(redacted)" } else { word }, &mut line);
        }
        for monitor in self.monitors.clone() {
            self.push(monitor, Reply::Status(line.clone().into()));
        }
    }
}

/// Whether the word is a user name or a password.
fn is_secret(spec: &Spec, words: &[Bytes], at: usize) -> bool {
    match spec.name {
        "auth" => at > 0,
        "hello" => [1, 2].iter().any(|back| at > *back + 1 && is(&words[at - back], "auth")),
        _ => false,
    }
}

/// Appends the word in quotes, with escapes.
fn quote(word: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    for byte in word {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            b'\n' => line.extend(b"\\n"),
            b'\r' => line.extend(b"\\r"),
            b'\t' => line.extend(b"\\t"),
            0x07 => line.extend(b"\\a"),
            0x08 => line.extend(b"\\b"),
            b' '..=b'~' => line.push(*byte),
            other => line.extend(format!("\\x{other:02x}").into_bytes()),
        }
    }
    line.push(b'"');
}
