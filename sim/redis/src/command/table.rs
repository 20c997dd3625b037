//! The table of commands.

use bytes::Bytes;

use super::spec::Access::{Neither, Read, Write};
use super::spec::KeyPositions::{Any, Arguments, Counted, First, FirstTwo, None as No, Pairs};
use super::spec::Within::{Immediate, NoScript, Scripts};
use super::{
    Access, Answer, Call, ErrorReply, KeyPositions, Spec, Within, client, connection, expiry, hashes, keys,
    lists, scan, scripting, server, sets, sorted_sets, strings, subscriptions, tracking, transactions,
};

const fn row(
    name: &'static str,
    arity: isize,
    access: Access,
    keys: KeyPositions,
    within: Within,
    run: fn(&mut Call<'_>) -> Answer,
) -> Spec {
    Spec { name, arity, access, keys, within, run }
}

/// All commands, sorted by name.
static TABLE: &[Spec] = &[
    row("append", 3, Write, First, Scripts, strings::append),
    row("client|caching", 3, Neither, No, NoScript, tracking::caching),
    row("client|getname", 2, Neither, No, NoScript, client::get_name),
    row("client|getredir", 2, Neither, No, NoScript, tracking::redirection),
    row("client|id", 2, Neither, No, NoScript, client::id),
    row("client|kill", -3, Neither, No, NoScript, client::kill),
    row("client|setinfo", 4, Neither, No, NoScript, client::set_info),
    row("client|setname", 3, Neither, No, NoScript, client::set_name),
    row("client|tracking", -3, Neither, No, NoScript, tracking::tracking),
    row("client|trackinginfo", 2, Neither, No, NoScript, tracking::info),
    row("config|get", -3, Neither, No, NoScript, server::config_get),
    row("config|set", -4, Neither, No, NoScript, server::config_set),
    row("dbsize", 1, Read, Any, Scripts, keys::dbsize),
    row("decr", 2, Write, First, Scripts, strings::decr),
    row("decrby", 3, Write, First, Scripts, strings::decrby),
    row("del", -2, Write, Arguments, Scripts, keys::del),
    row("discard", 1, Neither, No, Immediate, transactions::discard),
    row("echo", 2, Neither, No, Scripts, connection::echo),
    row("eval", -3, Neither, Counted, NoScript, scripting::eval),
    row("evalsha", -3, Neither, Counted, NoScript, scripting::evalsha),
    row("exec", 1, Neither, No, Immediate, transactions::exec),
    row("exists", -2, Read, Arguments, Scripts, keys::exists),
    row("expire", -3, Write, First, Scripts, expiry::expire),
    row("expireat", -3, Write, First, Scripts, expiry::expireat),
    row("flushall", -1, Write, Any, Scripts, server::flushall),
    row("flushdb", -1, Write, Any, Scripts, server::flushdb),
    row("get", 2, Read, First, Scripts, strings::get),
    row("getdel", 2, Write, First, Scripts, strings::getdel),
    row("getex", -2, Write, First, Scripts, strings::getex),
    row("getset", 3, Write, First, Scripts, strings::getset),
    row("hdel", -3, Write, First, Scripts, hashes::hdel),
    row("hello", -1, Neither, No, NoScript, connection::hello),
    row("hexists", 3, Read, First, Scripts, hashes::hexists),
    row("hget", 3, Read, First, Scripts, hashes::hget),
    row("hgetall", 2, Read, First, Scripts, hashes::hgetall),
    row("hincrby", 4, Write, First, Scripts, hashes::hincrby),
    row("hlen", 2, Read, First, Scripts, hashes::hlen),
    row("hmget", -3, Read, First, Scripts, hashes::hmget),
    row("hset", -4, Write, First, Scripts, hashes::hset),
    row("incr", 2, Write, First, Scripts, strings::incr),
    row("incrby", 3, Write, First, Scripts, strings::incrby),
    row("info", -1, Neither, No, Scripts, server::info),
    row("keys", 2, Read, Any, Scripts, keys::keys),
    row("llen", 2, Read, First, Scripts, lists::llen),
    row("lpop", -2, Write, First, Scripts, lists::lpop),
    row("lpush", -3, Write, First, Scripts, lists::lpush),
    row("lrange", 4, Read, First, Scripts, lists::lrange),
    row("mget", -2, Read, Arguments, Scripts, strings::mget),
    row("mset", -3, Write, Pairs, Scripts, strings::mset),
    row("multi", 1, Neither, No, Immediate, transactions::multi),
    row("persist", 2, Write, First, Scripts, expiry::persist),
    row("pexpire", -3, Write, First, Scripts, expiry::pexpire),
    row("pexpireat", -3, Write, First, Scripts, expiry::pexpireat),
    row("ping", -1, Neither, No, Scripts, connection::ping),
    row("psetex", 4, Write, First, Scripts, strings::psetex),
    row("psubscribe", -2, Neither, No, NoScript, subscriptions::psubscribe),
    row("pttl", 2, Read, First, Scripts, expiry::pttl),
    row("publish", 3, Neither, No, Scripts, subscriptions::publish),
    row("punsubscribe", -1, Neither, No, NoScript, subscriptions::punsubscribe),
    row("quit", -1, Neither, No, Immediate, connection::quit),
    row("rename", 3, Write, FirstTwo, Scripts, keys::rename),
    row("reset", 1, Neither, No, Immediate, connection::reset),
    row("rpop", -2, Write, First, Scripts, lists::rpop),
    row("rpush", -3, Write, First, Scripts, lists::rpush),
    row("sadd", -3, Write, First, Scripts, sets::sadd),
    row("scan", -2, Read, Any, Scripts, scan::scan),
    row("scard", 2, Read, First, Scripts, sets::scard),
    row("script|exists", -3, Neither, No, NoScript, scripting::exists),
    row("script|flush", -2, Neither, No, NoScript, scripting::flush),
    row("script|load", 3, Neither, No, NoScript, scripting::load),
    row("select", 2, Neither, No, Scripts, connection::select),
    row("set", -3, Write, First, Scripts, strings::set),
    row("setex", 4, Write, First, Scripts, strings::setex),
    row("setnx", 3, Write, First, Scripts, strings::setnx),
    row("sismember", 3, Read, First, Scripts, sets::sismember),
    row("smembers", 2, Read, First, Scripts, sets::smembers),
    row("srem", -3, Write, First, Scripts, sets::srem),
    row("strlen", 2, Read, First, Scripts, strings::strlen),
    row("subscribe", -2, Neither, No, NoScript, subscriptions::subscribe),
    row("time", 1, Neither, No, Scripts, server::time),
    row("ttl", 2, Read, First, Scripts, expiry::ttl),
    row("type", 2, Read, First, Scripts, keys::kind),
    row("unlink", -2, Write, Arguments, Scripts, keys::del),
    row("unsubscribe", -1, Neither, No, NoScript, subscriptions::unsubscribe),
    row("unwatch", 1, Neither, No, NoScript, transactions::unwatch),
    row("watch", -2, Neither, Arguments, Immediate, transactions::watch),
    row("zadd", -4, Write, First, Scripts, sorted_sets::zadd),
    row("zrange", -4, Read, First, Scripts, sorted_sets::zrange),
    row("zrem", -3, Write, First, Scripts, sorted_sets::zrem),
    row("zscore", 3, Read, First, Scripts, sorted_sets::zscore),
];

/// Commands that have subcommands.
const CONTAINERS: [&str; 3] = ["client", "config", "script"];

/// The names of all commands, sorted. A subcommand is prefixed with its container: `client|id`.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|spec| spec.name)
}

fn look_up(name: &[u8]) -> Option<&'static Spec> {
    let at = TABLE.binary_search_by(|spec| spec.name.as_bytes().cmp(name)).ok()?;
    Some(&TABLE[at])
}

/// Looks up the row of the command.
pub(crate) fn find(words: &[Bytes]) -> Result<&'static Spec, ErrorReply> {
    let mut buffer = [0; 32]; // Longer than any name in the table.
    let name = lower(&words[0], &mut buffer).unwrap_or_default();
    // A subcommand cannot be called by its full name in the table.
    if let Some(spec) = look_up(name).filter(|spec| !spec.name.contains('|')) {
        return Ok(spec);
    }
    let Some(container) = CONTAINERS.iter().find(|container| container.as_bytes() == name) else {
        return Err(unknown_command(words));
    };
    let Some(sub) = words.get(1) else { return Err(ErrorReply::arity(container)) };
    let full = [container.as_bytes(), b"|", &sub.to_ascii_lowercase()].concat();
    look_up(&full).ok_or_else(|| unknown_subcommand(container, sub))
}

/// Whether the words name a command, or a container of sub-commands.
pub(crate) fn is_command(words: &[Bytes]) -> bool {
    let is_container = || CONTAINERS.iter().any(|name| words[0].eq_ignore_ascii_case(name.as_bytes()));
    find(words).is_ok() || words.len() == 1 && is_container()
}

fn lower<'b>(word: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let lower = buffer.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(lower)
}

/// Truncates like C's `printf("%.*s")`: at the first NUL, and at `at_most` bytes.
fn printed(word: &[u8], at_most: usize) -> &[u8] {
    let word = crate::error::printed(word);
    &word[..word.len().min(at_most)]
}

fn unknown_command(words: &[Bytes]) -> ErrorReply {
    let mut arguments = Vec::new();
    for word in &words[1..] {
        if arguments.len() >= 128 {
            break;
        }
        let word = printed(word, 128 - arguments.len());
        arguments.extend_from_slice(&[b"'", word, b"' "].concat());
    }
    let name = printed(&words[0], 128);
    ErrorReply::new(
        [b"ERR unknown command '", name, b"', with args beginning with: ", &arguments[..]].concat(),
    )
}

fn unknown_subcommand(container: &str, sub: &[u8]) -> ErrorReply {
    let container = container.to_ascii_uppercase();
    let text = [b"ERR unknown subcommand '", printed(sub, 128), b"'. Try ", container.as_bytes(), b" HELP."];
    ErrorReply::new(text.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_by_name() {
        assert!(TABLE.is_sorted_by(|one, other| one.name < other.name));
    }

    #[test]
    fn lookup_ignores_case() {
        let found = |words: &[&'static str]| {
            let words: Vec<_> = words.iter().map(|word| Bytes::from_static(word.as_bytes())).collect();
            find(&words)
                .map(|spec| spec.name)
                .map_err(|error| String::from_utf8_lossy(error.text()).into_owned())
        };
        assert_eq!(found(&["GeT"]), Ok("get"));
        assert_eq!(found(&["CLIENT", "Id"]), Ok("client|id"));
        for (words, expected) in [
            (&["client|id"][..], "ERR unknown command 'client|id', with args beginning with: "),
            (&["nope", "a", "b"], "ERR unknown command 'nope', with args beginning with: 'a' 'b' "),
            (&["client", "nope"], "ERR unknown subcommand 'nope'. Try CLIENT HELP."),
            (&["client"], "ERR wrong number of arguments for 'client' command"),
        ] {
            assert_eq!(found(words), Err(expected.to_owned()));
        }
    }
}
