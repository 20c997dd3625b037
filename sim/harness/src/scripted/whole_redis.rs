//! The whole simulated Redis as the remote tier of a script: every command, with two steps each.
//!
//! A script that names a command beyond get, set, setex and delete uses it for all its commands. The
//! other remote tier has one step per command, so that its searches are smaller; the two are never
//! mixed, because they do not share their contents.

use std::fmt;
use std::io;

use selvedge_redis::{Connection, Reply};

use super::Server;
use crate::history::Key;
use crate::script::{Builtin, Machine, Object, Step, Text, V, in_text, text_of};
use crate::world::Truth;

/// A connection to the simulated Redis of the run.
pub(super) struct WholeRedis {
    server: Server,
    connection: Connection,
}

impl WholeRedis {
    pub(super) fn new(truth: &Truth) -> Self {
        let server = Server::new(truth);
        let connection = server.get().connection().with_instrumented_code();
        WholeRedis { server, connection }
    }

    /// Begins an operation of the cache.
    pub(super) fn begin(&self) {
        self.server.begin_instrumented();
    }

    /// Lets a key's deadline pass, if it has had one since the start.
    pub(super) fn expire(&self, key: Key) {
        self.server.expire(key);
    }

    /// Sends a command.
    pub(super) fn send(&self, words: &[Vec<u8>]) -> Result<Reply, io::Error> {
        self.connection.command(words)
    }
}

impl fmt::Debug for WholeRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholeRedis").finish_non_exhaustive()
    }
}

/// The words of the machine's current command.
pub(super) fn words(machine: &Machine, builtin: Builtin) -> Step<Vec<Vec<u8>>> {
    let arguments = machine.arguments();
    let word = |value: &V| match value {
        V::Text(text) => Ok(text.as_str().as_bytes().to_vec()),
        V::Stored(value) => Ok(text_of(*value).into_bytes()),
        V::Int(number) => Ok(number.to_string().into_bytes()),
        V::Float(number) => Ok(number.to_string().into_bytes()),
        other => {
            let what = format!("a {} is no word of a command", other.type_name(&machine.heap));
            Err(machine.wrong_with(what, "sent here", "expected a string, a number or a value of the cache"))
        }
    };
    let is_given = |value: &V| !matches!(value, V::Missing | V::None | V::Bool(false));
    let mut words: Vec<Vec<u8>> = Vec::new();
    match builtin {
        Builtin::RedisGet => words.extend([b"GET".to_vec(), word(&arguments[0])?]),
        Builtin::RedisSetex => {
            words.extend([
                b"SETEX".to_vec(),
                word(&arguments[0])?,
                word(&arguments[1])?,
                word(&arguments[2])?,
            ]);
        }
        Builtin::RedisSet => {
            words.extend([b"SET".to_vec(), word(&arguments[0])?, word(&arguments[1])?]);
            for (at, name) in [(2, "EX"), (3, "PX")] {
                if is_given(&arguments[at]) {
                    words.extend([name.as_bytes().to_vec(), word(&arguments[at])?]);
                }
            }
            for (at, name) in [(4, "NX"), (5, "XX")] {
                if is_given(&arguments[at]) {
                    words.push(name.as_bytes().to_vec());
                }
            }
        }
        _ => {
            match builtin {
                Builtin::RedisDelete => words.push(b"DEL".to_vec()),
                Builtin::RedisEval => words.push(b"EVAL".to_vec()),
                Builtin::RedisCommand(name) => words.push(name.to_uppercase().into_bytes()),
                _ => {}
            }
            for argument in arguments {
                words.push(word(argument)?);
            }
        }
    }
    Ok(words)
}

/// The value of a reply. The outer error is of the script; the inner one is an error reply.
pub(super) fn value(machine: &mut Machine, builtin: Builtin, reply: &Reply) -> Step<Result<V, String>> {
    Ok(Ok(match reply {
        Reply::Null | Reply::NullArray => V::None,
        Reply::Integer(number) => V::Int(*number),
        Reply::Status(_) if matches!(builtin, Builtin::RedisSet | Builtin::RedisSetex) => V::Bool(true),
        Reply::Bulk(bytes) | Reply::Status(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            match in_text(&text) {
                Some(value) => V::Stored(value),
                None => {
                    machine.charge(text.len())?;
                    V::Text(Text::from(&*text))
                }
            }
        }
        Reply::Error(bytes) => return Ok(Err(String::from_utf8_lossy(bytes).into_owned())),
        Reply::Array(replies) => {
            let mut items = Vec::new();
            for reply in replies {
                match value(machine, builtin, reply)? {
                    Ok(item) => items.push(item),
                    Err(error) => return Ok(Err(error)),
                }
            }
            machine.object(Object::List(items))?
        }
        other => return Ok(Err(format!("a reply that a script cannot read: {other:?}"))),
    }))
}
