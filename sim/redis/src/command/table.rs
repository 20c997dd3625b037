//! The table of commands.

use bytes::Bytes;

use super::spec::Access::{Neither, Read, ReadAlone, Write};
use super::spec::KeyPositions::{
    AllButLast, Any, Arguments, BitOperation, Counted, Destination, DestinationCounted, First, FirstTwo,
    None as No, Pairs, Second, Sort, SourceThenDestination, Streams,
};
use super::spec::Within::{Immediate, NoScript, Scripts};
use super::{
    Access, Answer, Call, ErrorReply, KeyPositions, Spec, Within, acl, bit_fields, bits, blocking, client,
    connection, draws, dumps, expiry, hashes, info, keys, list_items, list_moves, lists, monitor, objects,
    scan, scripting, server, set_algebra, sets, sort, sorted_combine, sorted_pop, sorted_range, sorted_sets,
    stream_claims, stream_groups, stream_info, stream_reads, streams, strings, subscriptions, substrings,
    tracking, transactions,
};
use crate::resp::UNKNOWN_COMMAND;

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
    row("acl|cat", -2, Neither, No, NoScript, acl::categories),
    row("acl|deluser", -3, Neither, No, NoScript, acl::delete_users),
    row("acl|dryrun", -4, Neither, No, NoScript, acl::dry_run),
    row("acl|getuser", 3, Neither, No, NoScript, acl::get_user),
    row("acl|list", 2, Neither, No, NoScript, acl::list),
    row("acl|setuser", -3, Neither, No, NoScript, acl::set_user),
    row("acl|users", 2, Neither, No, NoScript, acl::users),
    row("acl|whoami", 2, Neither, No, NoScript, acl::whoami),
    row("append", 3, Write, First, Scripts, strings::append),
    row("auth", -2, Neither, No, NoScript, acl::auth),
    row("bitcount", -2, Read, First, Scripts, bits::bitcount),
    row("bitfield", -2, Write, First, Scripts, bit_fields::bitfield),
    row("bitfield_ro", -2, Read, First, Scripts, bit_fields::bitfield_ro),
    row("bitop", -4, Write, BitOperation, Scripts, bits::bitop),
    row("bitpos", -3, Read, First, Scripts, bits::bitpos),
    row("blmove", 6, Write, FirstTwo, NoScript, blocking::run),
    row("blmpop", -5, Write, Counted(2), NoScript, blocking::run),
    row("blpop", -3, Write, AllButLast, NoScript, blocking::run),
    row("brpop", -3, Write, AllButLast, NoScript, blocking::run),
    row("brpoplpush", 4, Write, FirstTwo, NoScript, blocking::run),
    row("bzmpop", -5, Write, Counted(2), NoScript, blocking::run),
    row("bzpopmax", -3, Write, AllButLast, NoScript, blocking::run),
    row("bzpopmin", -3, Write, AllButLast, NoScript, blocking::run),
    row("client|caching", 3, Neither, No, NoScript, tracking::caching),
    row("client|getname", 2, Neither, No, NoScript, client::get_name),
    row("client|getredir", 2, Neither, No, NoScript, tracking::redirection),
    row("client|id", 2, Neither, No, NoScript, client::id),
    row("client|info", 2, Neither, No, NoScript, client::info),
    row("client|kill", -3, Neither, No, NoScript, client::kill),
    row("client|list", -2, Neither, No, NoScript, client::list),
    row("client|no-evict", 3, Neither, No, NoScript, client::no_evict),
    row("client|reply", 3, Neither, No, NoScript, client::reply),
    row("client|setinfo", 4, Neither, No, NoScript, client::set_info),
    row("client|setname", 3, Neither, No, NoScript, client::set_name),
    row("client|tracking", -3, Neither, No, NoScript, tracking::tracking),
    row("client|trackinginfo", 2, Neither, No, NoScript, tracking::info),
    row("client|unblock", -3, Neither, No, NoScript, blocking::unblock),
    row("command", -1, Neither, No, Scripts, info::all),
    row("command|count", 2, Neither, No, Scripts, info::count),
    row("command|getkeys", -4, Neither, No, Scripts, info::get_keys),
    row("command|info", -2, Neither, No, Scripts, info::info),
    row("command|list", -2, Neither, No, Scripts, info::list),
    row("config|get", -3, Neither, No, NoScript, server::config_get),
    row("config|set", -4, Neither, No, NoScript, server::config_set),
    row("copy", -3, Write, SourceThenDestination, Scripts, keys::copy),
    row("dbsize", 1, Read, Any, Scripts, keys::dbsize),
    row("decr", 2, Write, First, Scripts, strings::decr),
    row("decrby", 3, Write, First, Scripts, strings::decrby),
    row("del", -2, Write, Arguments, Scripts, keys::del),
    row("discard", 1, Neither, No, Immediate, transactions::discard),
    row("dump", 2, Read, First, Scripts, dumps::dump),
    row("echo", 2, Neither, No, Scripts, connection::echo),
    row("eval", -3, Neither, Counted(2), NoScript, scripting::eval),
    row("eval_ro", -3, Neither, Counted(2), NoScript, scripting::eval),
    row("evalsha", -3, Neither, Counted(2), NoScript, scripting::evalsha),
    row("evalsha_ro", -3, Neither, Counted(2), NoScript, scripting::evalsha),
    row("exec", 1, Neither, No, Immediate, transactions::exec),
    row("exists", -2, Read, Arguments, Scripts, keys::exists),
    row("expire", -3, Write, First, Scripts, expiry::expire),
    row("expireat", -3, Write, First, Scripts, expiry::expireat),
    row("expiretime", 2, Read, First, Scripts, expiry::expiretime),
    row("flushall", -1, Write, Any, Scripts, server::flushall),
    row("flushdb", -1, Write, Any, Scripts, server::flushdb),
    row("get", 2, Read, First, Scripts, strings::get),
    row("getbit", 3, Read, First, Scripts, bits::getbit),
    row("getdel", 2, Write, First, Scripts, strings::getdel),
    row("getex", -2, Write, First, Scripts, strings::getex),
    row("getrange", 4, Read, First, Scripts, substrings::getrange),
    row("getset", 3, Write, First, Scripts, strings::getset),
    row("hdel", -3, Write, First, Scripts, hashes::hdel),
    row("hello", -1, Neither, No, NoScript, connection::hello),
    row("hexists", 3, Read, First, Scripts, hashes::hexists),
    row("hget", 3, Read, First, Scripts, hashes::hget),
    row("hgetall", 2, Read, First, Scripts, hashes::hgetall),
    row("hincrby", 4, Write, First, Scripts, hashes::hincrby),
    row("hincrbyfloat", 4, Write, First, Scripts, hashes::hincrbyfloat),
    row("hkeys", 2, Read, First, Scripts, hashes::hkeys),
    row("hlen", 2, Read, First, Scripts, hashes::hlen),
    row("hmget", -3, Read, First, Scripts, hashes::hmget),
    row("hmset", -4, Write, First, Scripts, hashes::hmset),
    row("hrandfield", -2, ReadAlone, First, Scripts, draws::hrandfield),
    row("hscan", -3, Read, First, Scripts, scan::hscan),
    row("hset", -4, Write, First, Scripts, hashes::hset),
    row("hsetnx", 4, Write, First, Scripts, hashes::hsetnx),
    row("hstrlen", 3, Read, First, Scripts, hashes::hstrlen),
    row("hvals", 2, Read, First, Scripts, hashes::hvals),
    row("incr", 2, Write, First, Scripts, strings::incr),
    row("incrby", 3, Write, First, Scripts, strings::incrby),
    row("incrbyfloat", 3, Write, First, Scripts, strings::incrbyfloat),
    row("info", -1, Neither, No, Scripts, server::info),
    row("keys", 2, Read, Any, Scripts, keys::keys),
    row("lcs", -3, Read, FirstTwo, Scripts, substrings::lcs),
    row("lindex", 3, Read, First, Scripts, list_items::lindex),
    row("linsert", 5, Write, First, Scripts, list_items::linsert),
    row("llen", 2, Read, First, Scripts, lists::llen),
    row("lmove", 5, Write, FirstTwo, Scripts, list_moves::lmove),
    row("lmpop", -4, Write, Counted(1), Scripts, list_moves::lmpop),
    row("lpop", -2, Write, First, Scripts, lists::lpop),
    row("lpos", -3, Read, First, Scripts, list_items::lpos),
    row("lpush", -3, Write, First, Scripts, lists::lpush),
    row("lpushx", -3, Write, First, Scripts, lists::lpushx),
    row("lrange", 4, Read, First, Scripts, lists::lrange),
    row("lrem", 4, Write, First, Scripts, list_items::lrem),
    row("lset", 4, Write, First, Scripts, list_items::lset),
    row("ltrim", 4, Write, First, Scripts, list_items::ltrim),
    row("memory|usage", -3, Read, Second, Scripts, objects::memory_usage),
    row("mget", -2, Read, Arguments, Scripts, strings::mget),
    row("monitor", 1, Neither, No, NoScript, monitor::monitor),
    row("move", 3, Write, Any, Scripts, keys::relocate),
    row("mset", -3, Write, Pairs, Scripts, strings::mset),
    row("msetnx", -3, Write, Pairs, Scripts, strings::msetnx),
    row("multi", 1, Neither, No, Immediate, transactions::multi),
    row("object|encoding", 3, Read, Second, Scripts, objects::encoding),
    row("object|freq", 3, Read, Second, Scripts, objects::freq),
    row("object|idletime", 3, ReadAlone, Second, Scripts, objects::idletime),
    row("object|refcount", 3, Read, Second, Scripts, objects::refcount),
    row("persist", 2, Write, First, Scripts, expiry::persist),
    row("pexpire", -3, Write, First, Scripts, expiry::pexpire),
    row("pexpireat", -3, Write, First, Scripts, expiry::pexpireat),
    row("pexpiretime", 2, Read, First, Scripts, expiry::pexpiretime),
    row("ping", -1, Neither, No, Scripts, connection::ping),
    row("psetex", 4, Write, First, Scripts, strings::psetex),
    row("psubscribe", -2, Neither, No, NoScript, subscriptions::psubscribe),
    row("pttl", 2, Read, First, Scripts, expiry::pttl),
    row("publish", 3, Neither, No, Scripts, subscriptions::publish),
    row("pubsub|channels", -2, Neither, No, Scripts, subscriptions::channels),
    row("pubsub|numpat", 2, Neither, No, Scripts, subscriptions::numpat),
    row("pubsub|numsub", -2, Neither, No, Scripts, subscriptions::numsub),
    row("pubsub|shardchannels", -2, Neither, No, Scripts, subscriptions::shard_channels),
    row("pubsub|shardnumsub", -2, Neither, No, Scripts, subscriptions::shard_numsub),
    row("punsubscribe", -1, Neither, No, NoScript, subscriptions::punsubscribe),
    row("quit", -1, Neither, No, Immediate, connection::quit),
    row("randomkey", 1, ReadAlone, Any, Scripts, draws::randomkey),
    row("rename", 3, Write, FirstTwo, Scripts, keys::rename),
    row("renamenx", 3, Write, FirstTwo, Scripts, keys::renamenx),
    row("reset", 1, Neither, No, Immediate, connection::reset),
    row("restore", -4, Write, First, Scripts, dumps::restore),
    row("rpop", -2, Write, First, Scripts, lists::rpop),
    row("rpoplpush", 3, Write, FirstTwo, Scripts, list_moves::rpoplpush),
    row("rpush", -3, Write, First, Scripts, lists::rpush),
    row("rpushx", -3, Write, First, Scripts, lists::rpushx),
    row("sadd", -3, Write, First, Scripts, sets::sadd),
    row("scan", -2, Read, Any, Scripts, scan::scan),
    row("scard", 2, Read, First, Scripts, sets::scard),
    row("script|exists", -3, Neither, No, NoScript, scripting::exists),
    row("script|flush", -2, Neither, No, NoScript, scripting::flush),
    row("script|load", 3, Neither, No, NoScript, scripting::load),
    row("sdiff", -2, Read, Arguments, Scripts, set_algebra::sdiff),
    row("sdiffstore", -3, Write, Destination(usize::MAX), Scripts, set_algebra::sdiffstore),
    row("select", 2, Neither, No, Scripts, connection::select),
    row("set", -3, Write, First, Scripts, strings::set),
    row("setbit", 4, Write, First, Scripts, bits::setbit),
    row("setex", 4, Write, First, Scripts, strings::setex),
    row("setnx", 3, Write, First, Scripts, strings::setnx),
    row("setrange", 4, Write, First, Scripts, substrings::setrange),
    row("sinter", -2, Read, Arguments, Scripts, set_algebra::sinter),
    row("sintercard", -3, Read, Counted(1), Scripts, set_algebra::sintercard),
    row("sinterstore", -3, Write, Destination(usize::MAX), Scripts, set_algebra::sinterstore),
    row("sismember", 3, Read, First, Scripts, sets::sismember),
    row("smembers", 2, Read, First, Scripts, sets::smembers),
    row("smismember", -3, Read, First, Scripts, sets::smismember),
    row("smove", 4, Write, FirstTwo, Scripts, sets::smove),
    row("sort", -2, Write, Sort, Scripts, sort::sort),
    row("sort_ro", -2, Read, Sort, Scripts, sort::sort_ro),
    row("spop", -2, Write, First, Scripts, draws::spop),
    row("spublish", 3, Neither, No, Scripts, subscriptions::spublish),
    row("srandmember", -2, ReadAlone, First, Scripts, draws::srandmember),
    row("srem", -3, Write, First, Scripts, sets::srem),
    row("sscan", -3, Read, First, Scripts, scan::sscan),
    row("ssubscribe", -2, Neither, No, NoScript, subscriptions::ssubscribe),
    row("strlen", 2, Read, First, Scripts, strings::strlen),
    row("subscribe", -2, Neither, No, NoScript, subscriptions::subscribe),
    row("substr", 4, Read, First, Scripts, substrings::getrange),
    row("sunion", -2, Read, Arguments, Scripts, set_algebra::sunion),
    row("sunionstore", -3, Write, Destination(usize::MAX), Scripts, set_algebra::sunionstore),
    row("sunsubscribe", -1, Neither, No, NoScript, subscriptions::sunsubscribe),
    row("swapdb", 3, Write, Any, Scripts, keys::swapdb),
    row("time", 1, Neither, No, Scripts, server::time),
    row("touch", -2, Read, Arguments, Scripts, keys::exists),
    row("ttl", 2, Read, First, Scripts, expiry::ttl),
    row("type", 2, Read, First, Scripts, keys::kind),
    row("unlink", -2, Write, Arguments, Scripts, keys::del),
    row("unsubscribe", -1, Neither, No, NoScript, subscriptions::unsubscribe),
    row("unwatch", 1, Neither, No, NoScript, transactions::unwatch),
    row("wait", 3, Neither, No, NoScript, blocking::wait),
    row("watch", -2, Neither, Arguments, Immediate, transactions::watch),
    row("xack", -4, Write, First, Scripts, stream_groups::xack),
    row("xadd", -5, Write, First, Scripts, streams::xadd),
    row("xautoclaim", -6, Write, First, Scripts, stream_claims::xautoclaim),
    row("xclaim", -6, Write, First, Scripts, stream_claims::xclaim),
    row("xdel", -3, Write, First, Scripts, streams::xdel),
    row("xgroup|create", -5, Write, Second, Scripts, stream_groups::create),
    row("xgroup|createconsumer", 5, Write, Second, Scripts, stream_groups::create_consumer),
    row("xgroup|delconsumer", 5, Write, Second, Scripts, stream_groups::delete_consumer),
    row("xgroup|destroy", 4, Write, Second, Scripts, stream_groups::destroy),
    row("xgroup|setid", -5, Write, Second, Scripts, stream_groups::set_id),
    row("xinfo|consumers", 4, Read, Second, Scripts, stream_info::consumers),
    row("xinfo|groups", 3, Read, Second, Scripts, stream_info::groups),
    row("xinfo|stream", -3, Read, Second, Scripts, stream_info::stream),
    row("xlen", 2, Read, First, Scripts, streams::xlen),
    row("xpending", -3, Read, First, Scripts, stream_groups::xpending),
    row("xrange", -4, Read, First, Scripts, streams::xrange),
    row("xread", -4, Read, Streams, Scripts, stream_reads::xread),
    row("xreadgroup", -7, Write, Streams, Scripts, stream_reads::xread),
    row("xrevrange", -4, Read, First, Scripts, streams::xrevrange),
    row("xsetid", -3, Write, First, Scripts, streams::xsetid),
    row("xtrim", -4, Write, First, Scripts, streams::xtrim),
    row("zadd", -4, Write, First, Scripts, sorted_sets::zadd),
    row("zcard", 2, Read, First, Scripts, sorted_sets::zcard),
    row("zcount", 4, Read, First, Scripts, sorted_range::zcount),
    row("zdiff", -3, Read, Counted(1), Scripts, sorted_combine::zdiff),
    row("zdiffstore", -4, Write, DestinationCounted, Scripts, sorted_combine::zdiffstore),
    row("zincrby", 4, Write, First, Scripts, sorted_sets::zincrby),
    row("zinter", -3, Read, Counted(1), Scripts, sorted_combine::zinter),
    row("zintercard", -3, Read, Counted(1), Scripts, sorted_combine::zintercard),
    row("zinterstore", -4, Write, DestinationCounted, Scripts, sorted_combine::zinterstore),
    row("zlexcount", 4, Read, First, Scripts, sorted_range::zlexcount),
    row("zmpop", -4, Write, Counted(1), Scripts, sorted_pop::zmpop),
    row("zmscore", -3, Read, First, Scripts, sorted_sets::zmscore),
    row("zpopmax", -2, Write, First, Scripts, sorted_pop::zpopmax),
    row("zpopmin", -2, Write, First, Scripts, sorted_pop::zpopmin),
    row("zrandmember", -2, ReadAlone, First, Scripts, draws::zrandmember),
    row("zrange", -4, Read, First, Scripts, sorted_range::zrange),
    row("zrangebylex", -4, Read, First, Scripts, sorted_range::zrangebylex),
    row("zrangebyscore", -4, Read, First, Scripts, sorted_range::zrangebyscore),
    row("zrangestore", -5, Write, Destination(3), Scripts, sorted_range::zrangestore),
    row("zrank", 3, Read, First, Scripts, sorted_sets::zrank),
    row("zrem", -3, Write, First, Scripts, sorted_sets::zrem),
    row("zremrangebylex", 4, Write, First, Scripts, sorted_range::zremrangebylex),
    row("zremrangebyrank", 4, Write, First, Scripts, sorted_range::zremrangebyrank),
    row("zremrangebyscore", 4, Write, First, Scripts, sorted_range::zremrangebyscore),
    row("zrevrange", -4, Read, First, Scripts, sorted_range::zrevrange),
    row("zrevrangebylex", -4, Read, First, Scripts, sorted_range::zrevrangebylex),
    row("zrevrangebyscore", -4, Read, First, Scripts, sorted_range::zrevrangebyscore),
    row("zrevrank", 3, Read, First, Scripts, sorted_sets::zrevrank),
    row("zscan", -3, Read, First, Scripts, scan::zscan),
    row("zscore", 3, Read, First, Scripts, sorted_sets::zscore),
    row("zunion", -3, Read, Counted(1), Scripts, sorted_combine::zunion),
    row("zunionstore", -4, Write, DestinationCounted, Scripts, sorted_combine::zunionstore),
];

/// Commands that have subcommands.
const CONTAINERS: [&str; 10] =
    ["acl", "client", "command", "config", "memory", "object", "pubsub", "script", "xgroup", "xinfo"];

/// The names of all commands, sorted. A subcommand is prefixed with its container: `client|id`.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|spec| spec.name)
}

fn look_up(name: &[u8]) -> Option<&'static Spec> {
    let at = TABLE.binary_search_by(|spec| spec.name.as_bytes().cmp(name)).ok()?;
    Some(&TABLE[at])
}

/// All rows, sorted by name.
pub(super) fn rows() -> &'static [Spec] {
    TABLE
}

/// The row of a command or a subcommand, by its full name in any case.
pub(super) fn by_name(name: &[u8]) -> Option<&'static Spec> {
    look_up(&name.to_ascii_lowercase())
}

/// Looks up the row of the command.
pub(crate) fn find(words: &[Bytes]) -> Result<&'static Spec, ErrorReply> {
    let mut buffer = [0; 32]; // Longer than any name in the table.
    let name = lower(&words[0], &mut buffer).unwrap_or_default();
    // A subcommand cannot be called by its full name in the table.
    let is_container = |spec: &&Spec| words.len() > 1 && CONTAINERS.contains(&spec.name);
    if let Some(spec) = look_up(name).filter(|spec| !spec.name.contains('|') && !is_container(spec)) {
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
        [UNKNOWN_COMMAND.as_bytes(), b"'", name, b"', with args beginning with: ", &arguments[..]].concat(),
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
