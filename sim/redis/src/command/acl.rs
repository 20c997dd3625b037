//! Users and permissions: `AUTH`, `ACL`.

use bytes::Bytes;

use super::info::properties;
use super::table::rows;
use super::{Answer, Call, ErrorReply, Spec, find};
use crate::resp::Reply;
use crate::server::Server;
use crate::session::ConnectionId;
use crate::users::{CommandRule, RuleTarget, User, UserError};

const WRONG_PASSWORD: ErrorReply =
    ErrorReply::fixed("WRONGPASS invalid username-password pair or user is disabled.");

/// Commands that a connection may send before it has authenticated.
const WITHOUT_PASSWORD: [&str; 4] = ["auth", "hello", "quit", "reset"];

/// The categories in the order of Redis.
const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// The reason why a user may not run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Command,
    /// The key at this index.
    Key(usize),
    /// The channel at this index.
    Channel(usize),
}

impl Denied {
    /// The error of a command that a connection sends.
    fn reply(self, spec: &Spec) -> ErrorReply {
        let object = match self {
            Denied::Command => {
                let name = spec.name;
                return ErrorReply::new(format!(
                    "NOPERM this user has no permissions to run the '{name}' command"
                ));
            }
            Denied::Key(_) => "keys",
            Denied::Channel(_) => "channels",
        };
        ErrorReply::new(format!(
            "NOPERM this user has no permissions to access one of the {object} used as arguments"
        ))
    }

    /// The error of a command that a script calls.
    pub(super) fn reply_in_script(self) -> ErrorReply {
        ErrorReply::fixed(match self {
            Denied::Command => "ERR The user executing the script can't run this command or subcommand",
            Denied::Key(_) => {
                "ERR The user executing the script can't access at least one of the keys mentioned in the \
                 command arguments"
            }
            Denied::Channel(_) => {
                "ERR The user executing the script can't publish to the channel mentioned in the command"
            }
        })
    }
}

impl Server {
    /// Checks that a connection has authenticated, and that its user may run the command.
    pub(crate) fn authorize(
        &self,
        connection: ConnectionId,
        spec: &'static Spec,
        words: &[Bytes],
    ) -> Result<(), ErrorReply> {
        if self.users.is_open() || WITHOUT_PASSWORD.contains(&spec.name) {
            return Ok(());
        }
        if !self.sessions[&connection].is_authenticated {
            return Err(ErrorReply::fixed("NOAUTH Authentication required."));
        }
        self.permits(connection, spec, words).map_err(|denied| denied.reply(spec))
    }

    /// Checks that the connection's user may run the command.
    pub(crate) fn permits(
        &self,
        connection: ConnectionId,
        spec: &'static Spec,
        words: &[Bytes],
    ) -> Result<(), Denied> {
        if self.users.is_open() {
            return Ok(());
        }
        let user = self.users.get(&self.sessions[&connection].user).ok_or(Denied::Command)?;
        check(user, spec, words)
    }
}

fn check(user: &User, spec: &'static Spec, words: &[Bytes]) -> Result<(), Denied> {
    let info = properties(spec);
    if !WITHOUT_PASSWORD.contains(&spec.name) && !user.may_run(spec.name, &info.categories) {
        return Err(Denied::Command);
    }
    for (number, at) in info.key_positions(spec, words).into_iter().enumerate() {
        let (reads, writes) = access(spec, words, number, at);
        if !user.may_access(&words[at], reads, writes) {
            return Err(Denied::Key(at));
        }
    }
    let range = match spec.name {
        "publish" | "spublish" => 1..2,
        "subscribe" | "ssubscribe" | "psubscribe" => 1..words.len(),
        _ => 0..0,
    };
    for at in range {
        let may_use = match spec.name {
            "psubscribe" => user.may_use_pattern(&words[at]),
            _ => user.may_use_channel(&words[at]),
        };
        if !may_use {
            return Err(Denied::Channel(at));
        }
    }
    Ok(())
}

/// Whether the command reads and whether it writes the key at this position, which is its key with
/// this number.
fn access(spec: &Spec, words: &[Bytes], number: usize, at: usize) -> (bool, bool) {
    let specifications = properties(spec).key_flags();
    let is_write = |flags: &&Vec<&str>| ["insert", "delete", "update"].iter().any(|it| flags.contains(it));
    let found = match spec.keys.destination(words) {
        Some(written) if written.contains(&at) => specifications.iter().find(is_write),
        Some(_) => specifications.iter().find(|flags| !is_write(flags)),
        None => specifications.get(number.min(specifications.len().saturating_sub(1))),
    };
    found.map_or((false, false), |flags| (flags.contains(&"access"), is_write(&flags)))
}

/// Authenticates the connection as a user.
pub(super) fn authenticate(call: &mut Call<'_>, name: &Bytes, password: &[u8]) -> Result<(), ErrorReply> {
    if !call.server.users.authenticates(name, password) {
        return Err(WRONG_PASSWORD);
    }
    let session = call.session();
    session.user = name.clone();
    session.is_authenticated = true;
    Ok(())
}

pub(super) fn auth(call: &mut Call<'_>) -> Answer {
    let default = Bytes::from_static(b"default");
    let (name, password) = match call.words {
        [_, password] => {
            if call.server.users.get(&default).is_some_and(|user| user.no_password) {
                return Err(ErrorReply::fixed(
                    "ERR AUTH <password> called without any password configured for the default user. \
                     Are you sure your configuration is correct?",
                ));
            }
            (&default, password)
        }
        [_, name, password] => (name, password),
        _ => return Err(ErrorReply::SYNTAX),
    };
    authenticate(call, name, password)?;
    Ok(Reply::OK)
}

pub(super) fn whoami(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Bulk(call.session().user.clone()))
}

pub(super) fn users(call: &mut Call<'_>) -> Answer {
    Ok(Reply::Array(call.server.users.iter().map(|(name, _)| Reply::Bulk(name.clone())).collect()))
}

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let line =
        |(name, user): (&Bytes, &User)| Reply::bulk([b"user ", &name[..], b" ", &user.rules()].concat());
    Ok(Reply::Array(call.server.users.iter().map(line).collect()))
}

pub(super) fn get_user(call: &mut Call<'_>) -> Answer {
    let Some(user) = call.server.users.get(&call.words[2]) else { return Ok(Reply::Null) };
    let flags = [(user.is_on, "on"), (!user.is_on, "off"), (user.no_password, "nopass")];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| Reply::text(flag));
    let passwords = user.passwords.iter().map(|hash| Reply::bulk(hash.clone()));
    Ok(Reply::Map(vec![
        (Reply::text("flags"), Reply::Set(flags.collect())),
        (Reply::text("passwords"), Reply::Array(passwords.collect())),
        (Reply::text("commands"), Reply::bulk(user.command_rules())),
        (Reply::text("keys"), Reply::bulk(user.key_rules())),
        (Reply::text("channels"), Reply::bulk(user.channel_rules())),
        (Reply::text("selectors"), Reply::Array(Vec::new())),
    ]))
}

pub(super) fn set_user(call: &mut Call<'_>) -> Answer {
    let name = &call.words[2];
    if name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(ErrorReply::fixed("ERR Usernames can't contain spaces or null characters"));
    }
    let mut user = call.server.users.get(name).cloned().unwrap_or_default();
    for modifier in &call.words[3..] {
        modify(&mut user, modifier).map_err(|error| {
            let after = format!("': {}", error.text());
            ErrorReply::about("ERR Error in ACL SETUSER modifier '", modifier, &after)
        })?;
    }
    call.server.users.set(name, user);
    Ok(Reply::OK)
}

fn modify(user: &mut User, modifier: &[u8]) -> Result<(), UserError> {
    let lower = modifier.to_ascii_lowercase();
    let rule = match &lower[..] {
        b"allcommands" => Some((true, &b"@all"[..])),
        b"nocommands" => Some((false, &b"@all"[..])),
        [b'+', rest @ ..] => Some((true, rest)),
        [b'-', rest @ ..] => Some((false, rest)),
        _ => None,
    };
    let Some((allows, name)) = rule else { return user.modify(modifier) };
    let target = match name {
        b"@all" => RuleTarget::All,
        [b'@', category @ ..] => {
            let found = CATEGORIES.iter().find(|known| known.as_bytes() == category);
            RuleTarget::Category(found.ok_or(UserError::UnknownCommand)?)
        }
        name => RuleTarget::Command(command(name).ok_or(UserError::UnknownCommand)?),
    };
    // Earlier rules about all commands or the same commands have no effect any more.
    if target == RuleTarget::All {
        user.commands.clear();
    } else {
        user.commands.retain(|old| old.target != target);
    }
    user.commands.push(CommandRule { allows, target });
    Ok(())
}

/// The name of a command, of a subcommand, or of a container of subcommands.
fn command(name: &[u8]) -> Option<&'static str> {
    rows().iter().find_map(|spec| {
        let container = spec.name.split('|').next().unwrap_or_default();
        [spec.name, container].into_iter().find(|known| known.as_bytes() == name)
    })
}

pub(super) fn delete_users(call: &mut Call<'_>) -> Answer {
    let names = &call.words[2..];
    if names.iter().any(|name| &name[..] == b"default") {
        return Err(ErrorReply::fixed("ERR The 'default' user cannot be removed"));
    }
    let mut removed = 0;
    for name in names {
        if !call.server.users.remove(name) {
            continue;
        }
        removed += 1;
        let of_user = call.server.sessions.iter().filter(|(_, session)| session.user == name);
        let connections: Vec<_> = of_user.map(|(connection, _)| *connection).collect();
        connections.into_iter().for_each(|connection| call.server.close(connection));
    }
    Ok(Reply::Integer(removed))
}

pub(super) fn categories(call: &mut Call<'_>) -> Answer {
    match call.words {
        [_, _] => Ok(Reply::Array(CATEGORIES.iter().map(|name| Reply::text(name)).collect())),
        [_, _, name] => {
            let category = String::from_utf8_lossy(name).to_ascii_lowercase();
            if !CATEGORIES.contains(&&category[..]) {
                return Err(ErrorReply::about("ERR Unknown category '", name, "'"));
            }
            let is_in = |spec: &&Spec| properties(spec).categories.contains(&&category[..]);
            Ok(Reply::Array(rows().iter().filter(is_in).map(|spec| Reply::text(spec.name)).collect()))
        }
        _ => Err(super::client::subcommand_syntax(call)),
    }
}

/// `ACL DRYRUN`.
pub(super) fn dry_run(call: &mut Call<'_>) -> Answer {
    let (name, words) = (&call.words[2], &call.words[3..]);
    let Some(user) = call.server.users.get(name) else {
        return Err(ErrorReply::about("ERR User '", name, "' not found"));
    };
    let Ok(spec) = find(words) else {
        return Err(ErrorReply::about("ERR Command '", &words[0], "' not found"));
    };
    if !spec.fits(words.len()) {
        return Err(ErrorReply::arity(spec.name));
    }
    let denied = |what: &str, word: &[u8]| {
        let before = format!("This user has no permissions to access the '{}", String::from_utf8_lossy(word));
        Ok(Reply::bulk(format!("{before}' {what}")))
    };
    match check(user, spec, words) {
        Ok(()) => Ok(Reply::OK),
        Err(Denied::Command) => {
            let name = spec.name;
            Ok(Reply::bulk(format!("This user has no permissions to run the '{name}' command")))
        }
        Err(Denied::Key(at)) => denied("key", &words[at]),
        Err(Denied::Channel(at)) => denied("channel", &words[at]),
    }
}
