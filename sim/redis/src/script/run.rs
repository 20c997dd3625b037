//! Execution of a script.

use std::cell::RefCell;

use bytes::Bytes;
use mlua::prelude::LuaError;
use mlua::{Lua, MultiValue, Table, Value, Variadic};

use super::api::number_or_zero;
use super::convert::{to_lua, to_reply, until_nul};
use super::host::Host;
use super::machine::Machine;
use super::raise::{CommandError, error_table};
use super::scripts::{Loaded, Script};
use crate::error::{Answer, ErrorReply};
use crate::resp::{Protocol, Reply, double};

impl Loaded {
    /// Runs the script with these keys and arguments.
    pub(crate) fn run(&self, host: &mut dyn Host, [keys, arguments]: [&[Bytes]; 2], hash: &str) -> Answer {
        let Loaded { machine, script } = self;
        let running =
            RefCell::new(Running { host, protocol: Protocol::Resp2, forbids_writes: script.forbids_writes });
        let reply = execute(machine, script, &running, [keys, arguments], hash);
        // An error of the interpreter itself, usually a lack of memory.
        reply
            .unwrap_or_else(|error| Err(ErrorReply::new(format!("ERR Error running script {hash}, {error}"))))
    }
}

/// A script in execution.
struct Running<'h> {
    host: &'h mut dyn Host,
    /// The protocol of the replies that the script receives.
    protocol: Protocol,
    forbids_writes: bool,
}

fn execute(
    machine: &Machine,
    script: &Script,
    running: &RefCell<Running<'_>>,
    [keys, arguments]: [&[Bytes]; 2],
    hash: &str,
) -> Result<Answer, LuaError> {
    machine.prepare()?;
    machine.budget.made(keys.len() + arguments.len());
    let strings = |words: &[Bytes]| -> Result<Table, LuaError> {
        let strings = words.iter().map(|word| machine.lua.create_string(word));
        machine.lua.create_sequence_from(strings.collect::<Result<Vec<_>, _>>()?)
    };
    let (keys, arguments) = (strings(keys)?, strings(arguments)?);
    machine.lua.scope(|scope| {
        let call = scope.create_function(|lua, words: Variadic<Value>| {
            let reply = running.borrow_mut().command(&words).map_err(CommandError::usage)?;
            if let Reply::Error(text) = &reply {
                let error = CommandError { text: text.to_vec(), is_of_command: true };
                return Err(LuaError::external(error));
            }
            machine.budget.made(elements(&reply));
            to_lua(lua, &reply, running.borrow().protocol)
        })?;
        let pcall = scope.create_function(|lua, words: Variadic<Value>| {
            let reply = running.borrow_mut().command(&words);
            match reply {
                Ok(reply) => {
                    machine.budget.made(elements(&reply));
                    to_lua(lua, &reply, running.borrow().protocol)
                }
                Err(text) => error_table(lua, text.as_bytes(), false).map(Value::Table),
            }
        })?;
        let setresp =
            scope.create_function(|lua, words: MultiValue| running.borrow_mut().set_protocol(lua, words))?;
        let acl_check_cmd =
            scope.create_function(|_, words: Variadic<Value>| running.borrow().acl_check_cmd(&words))?;
        let result: (bool, Value) =
            machine.run.call((&script.function, keys, arguments, call, pcall, setresp, acl_check_cmd))?;
        let protocol = running.borrow().protocol;
        Ok(match result {
            (true, value) => Ok(to_reply(machine, &value, protocol)?),
            (false, error) => Err(failure(&error, hash)?),
        })
    })
}

/// The error reply of a failed script, with the position of the failure.
fn failure(error: &Value, hash: &str) -> Result<ErrorReply, LuaError> {
    let Value::Table(error) = error else {
        // The memory did not suffice for the position.
        let text = match error {
            Value::String(text) => text.to_string_lossy(),
            Value::Error(error) => error.to_string(),
            _ => "execution failure".to_owned(),
        };
        return Ok(ErrorReply::new(format!("ERR Error running script {hash}, {text}")));
    };
    let text = match error.get::<Value>("err")? {
        Value::String(text) => until_nul(text.as_bytes().to_vec()),
        _ => b"(null)".to_vec(),
    };
    let position: (Option<mlua::LuaString>, Option<usize>) = (error.get("source")?, error.get("line")?);
    let position = match position {
        (Some(source), Some(line)) => format!(" script: {hash}, on {}:{line}.", source.to_string_lossy()),
        _ => String::new(),
    };
    Ok(ErrorReply::new([&text[..], position.as_bytes()].concat()))
}

impl Running<'_> {
    /// Executes a command that the script calls.
    ///
    /// # Errors
    ///
    /// If the words do not form a command.
    fn command(&mut self, words: &[Value]) -> Result<Reply, &'static str> {
        let words = self::words(words)?;
        Ok(self.host.command(&words, self.protocol, self.forbids_writes).unwrap_or_else(Reply::from))
    }

    /// Allows every existing command.
    fn acl_check_cmd(&self, words: &[Value]) -> Result<bool, LuaError> {
        let words = self::words(words).map_err(CommandError::usage)?;
        if self.host.is_command(&words) {
            return Ok(true);
        }
        Err(CommandError::usage("ERR Invalid command passed to redis.acl_check_cmd()"))
    }

    fn set_protocol(&mut self, lua: &Lua, mut words: MultiValue) -> Result<(), LuaError> {
        let (1, Some(version)) = (words.len(), words.pop_front()) else {
            return Err(CommandError::usage("ERR redis.setresp() requires one argument."));
        };
        self.protocol = match number_or_zero(lua, version)? {
            2 => Protocol::Resp2,
            3 => Protocol::Resp3,
            _ => return Err(CommandError::usage("ERR RESP version must be 2 or 3.")),
        };
        Ok(())
    }
}

/// The number of elements in a reply.
fn elements(reply: &Reply) -> usize {
    match reply {
        Reply::Array(items) | Reply::Set(items) => items.len(),
        Reply::Map(pairs) => 2 * pairs.len(),
        _ => 1,
    }
}

/// Converts a script's values to the words of a command.
fn words(values: &[Value]) -> Result<Vec<Bytes>, &'static str> {
    if values.is_empty() {
        return Err("ERR Please specify at least one argument for this redis lib call");
    }
    let word = |value: &Value| match value {
        Value::Integer(number) => Some(Bytes::from(double(*number as f64))),
        Value::Number(number) => Some(Bytes::from(double(*number))),
        Value::String(text) => Some(Bytes::copy_from_slice(&text.as_bytes())),
        _ => None,
    };
    let words = values.iter().map(word).collect::<Option<Vec<_>>>();
    words.ok_or("ERR Lua redis lib command arguments must be strings or integers")
}
