//! `EVAL`, `EVALSHA` and `SCRIPT`.

use bytes::Bytes;

use super::arguments::is;
use super::{Access, Answer, Call, ErrorReply, KeyPositions, ScriptCall, Within, find, is_command};
use crate::resp::{Protocol, Reply};
use crate::script::Host;

pub(super) fn eval(call: &mut Call<'_>) -> Answer {
    let keys = call.spec.keys.positions(call.words)?.len();
    let hash = call.server.scripts.load(&call.words[1])?;
    run(call, &hash, keys)
}

pub(super) fn evalsha(call: &mut Call<'_>) -> Answer {
    // A text of another length cannot be a hash. Redis does not check it further.
    if call.words[1].len() != 40 {
        return Err(ErrorReply::NO_SCRIPT);
    }
    let keys = call.spec.keys.positions(call.words)?.len();
    let hash = String::from_utf8_lossy(&call.words[1]).to_ascii_lowercase();
    if !call.server.scripts.contains(&hash) {
        return Err(ErrorReply::NO_SCRIPT);
    }
    run(call, &hash, keys)
}

pub(super) fn load(call: &mut Call<'_>) -> Answer {
    call.server.scripts.load(&call.words[2]).map(Reply::bulk)
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    let known = call.words[2..].iter().map(|hash| {
        let hash = String::from_utf8_lossy(hash).to_ascii_lowercase();
        Reply::from(call.server.scripts.contains(&hash))
    });
    Ok(Reply::Array(known.collect()))
}

pub(super) fn flush(call: &mut Call<'_>) -> Answer {
    match &call.words[2..] {
        [] => {}
        [how] if is(how, "sync") || is(how, "async") => {}
        _ => return Err(ErrorReply::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    call.server.scripts.clear();
    Ok(Reply::OK)
}

/// Runs a loaded script. The first `keys` of its arguments are keys.
fn run(call: &mut Call<'_>, hash: &str, keys: usize) -> Answer {
    let Some(script) = call.server.scripts.get(hash) else { return Err(ErrorReply::NO_SCRIPT) };
    if script.declares_writes() && call.spec.name.ends_with("_ro") {
        let text = "ERR Can not execute a script with write flag using *_ro command.";
        return Err(ErrorReply::fixed(text));
    }
    let (keys, arguments) = call.words[3..].split_at(keys);
    let state = ScriptCall {
        database: call.database,
        protocol: Protocol::Resp2,
        has_written: false,
        keys: keys.to_vec(),
    };
    script.run(&mut Caller { call, state }, [keys, arguments], hash)
}

/// The call of a running script.
struct Caller<'c, 'a> {
    call: &'c mut Call<'a>,
    state: ScriptCall,
}

impl Host for Caller<'_, '_> {
    fn command(&mut self, words: &[Bytes], protocol: Protocol, forbids_writes: bool) -> Answer {
        let refused = |text| Err(ErrorReply::fixed(text));
        let Ok(spec) = find(words) else {
            return refused("ERR Unknown Redis command called from script");
        };
        if !spec.fits(words.len()) {
            return refused("ERR Wrong number of args calling Redis command from script");
        }
        if spec.within != Within::Scripts {
            return refused("ERR This Redis command is not allowed from script");
        }
        let forbids_writes = forbids_writes || self.call.spec.name.ends_with("_ro");
        let writes = spec.access == Access::Write || ["publish", "spublish"].contains(&spec.name);
        if forbids_writes && writes {
            return refused("ERR Write commands are not allowed from read-only scripts.");
        }
        if let Err(denied) = self.call.server.permits(self.call.connection, spec, words) {
            return Err(denied.reply_in_script());
        }
        if let Some(error) = self.undeclared(spec.keys, words) {
            return Err(error);
        }
        if spec.needs_memory() && self.call.server.is_out_of_memory && !self.state.has_written {
            return Err(ErrorReply::OUT_OF_MEMORY);
        }
        self.state.has_written |= writes;
        self.state.protocol = protocol;
        let connection = self.call.connection;
        Ok(self.call.server.run(connection, spec, words, Some(&mut self.state)))
    }

    fn is_command(&self, words: &[Bytes]) -> bool {
        is_command(words)
    }
}

impl Caller<'_, '_> {
    /// The error for a key that was not passed to the script, if that setting is on.
    fn undeclared(&self, positions: KeyPositions, words: &[Bytes]) -> Option<ErrorReply> {
        if !self.call.server.settings.declared_keys_only {
            return None;
        }
        // Those without keys that only reply.
        let is_harmless = ["ping", "echo", "time"].iter().any(|name| is(&words[0], name));
        if positions == KeyPositions::None && !is_harmless {
            let before = "ERR Script attempted to call a command that does not only access its KEYS: ";
            return Some(ErrorReply::about(before, &words[0], ""));
        }
        let what = match positions {
            positions if positions.is_any(words) => words[0].clone(),
            positions => {
                let mut keys = positions.positions(words).ok()?.into_iter().map(|at| &words[at]);
                keys.find(|key| !self.state.keys.contains(key))?.clone()
            }
        };
        let text = [b"ERR Script attempted to access a key that is not in its KEYS: ".as_slice(), &what];
        Some(ErrorReply::new(text.concat()))
    }
}
