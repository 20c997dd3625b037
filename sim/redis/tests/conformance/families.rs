//! Generators of commands.

use proptest::prelude::*;

use crate::step::{SequenceStep, Word, Words, key, line, lines, mutated, steps, value};

/// `SET` with options, including incompatible ones.
fn set() -> impl Strategy<Value = Words> {
    const OPTIONS: &[&str] = &[
        "NX",
        "XX",
        "GET",
        "KEEPTTL",
        "EX 1000",
        "PX 2000000",
        "EXAT 4000000000",
        "PXAT 4000000000000",
        "EX 0",
        "PX -1",
        "EXAT 1",
        "PXAT 1000",
        "EX x",
        "ex",
        "EX 9223372036854775807",
        "PXAT 9223372036854775807",
        "nope",
    ];
    let options = prop::collection::vec(prop::sample::select(OPTIONS), 0..3);
    (key(), value(), options).prop_map(|(key, value, options)| {
        let options = options.into_iter().flat_map(|option| option.split(' '));
        [Word::from("SET"), key.into(), value.into()].into_iter().chain(options.map(Word::from)).collect()
    })
}

fn with_values() -> impl Strategy<Value = Words> {
    const LINES: &[&str] = &[
        "SETNX {} =",
        "GETSET {} =",
        "APPEND {} =",
        "SETEX {} 1000 =",
        "PSETEX {} 2000000 =",
        "SETEX {} 0 =",
        "MSET {} = {} =",
        "MSET {} = {}",
        "INCRBY {} =",
        "DECRBY {} =",
        "ECHO =",
        "PING =",
    ];
    filled(LINES)
}

/// Commands from templates: `{}` stands for a key, `=` for a value.
pub(crate) fn filled(texts: &'static [&'static str]) -> impl Strategy<Value = Words> {
    let values = prop::collection::vec(value(), 6);
    (lines(texts), values).prop_map(|(words, values)| {
        let mut values = values.into_iter();
        let fill = |word: Word| match word {
            Word::Bytes(bytes) if bytes == b"=" => Word::from(values.next().unwrap_or_default()),
            other => other,
        };
        words.into_iter().map(fill).collect()
    })
}

fn strings() -> impl Strategy<Value = Words> {
    const LINES: &[&str] = &[
        "GET {}",
        "GET {}",
        "GETDEL {}",
        "STRLEN {}",
        "INCR {}",
        "DECR {}",
        "MGET {} {} {}",
        "GETEX {}",
        "GETEX {} PERSIST",
        "GETEX {} EX 1000",
        "GETEX {} PX 2000000",
        "GETEX {} EXAT 1",
        "GETEX {} PXAT 4000000000000",
        "GETEX {} EX 0",
        "GETEX {} EX 1000 PERSIST",
        "GETEX {} KEEPTTL",
    ];
    prop_oneof![3 => set(), 3 => with_values(), 4 => lines(LINES)]
}

fn keys() -> impl Strategy<Value = Words> {
    const LINES: &[&str] = &[
        "DEL {}",
        "DEL {} {}",
        "UNLINK {} {}",
        "EXISTS {}",
        "EXISTS {} {} {}",
        "TYPE {}",
        "RENAME {} {}",
        "KEYS *",
        "KEYS a*",
        "KEYS [ab]",
        "KEYS user:?",
        "KEYS {}",
        "SCAN 0 COUNT 1000",
        "SCAN 0 MATCH a* COUNT 1000",
        "SCAN 0 COUNT 1000 TYPE string",
        "SCAN 0 COUNT 0",
        "SCAN x",
        "SCAN 0 NOPE 1",
        "SCAN 0 COUNT",
        "DBSIZE",
        "FLUSHDB",
        "FLUSHALL ASYNC",
        "FLUSHALL NOPE",
        "SELECT 0",
        "SELECT 1",
        "SELECT 16",
        "SELECT x",
        "SELECT 99999999999",
        "NOPE {} 1",
        "nope",
        "TIME",
        "INFO",
        "PING",
        "PING a b",
    ];
    lines(LINES)
}

fn deadlines() -> impl Strategy<Value = Words> {
    // Absolute deadlines where two deadlines are compared: relative ones could be equal on one
    // server only.
    const LINES: &[&str] = &[
        "EXPIRE {} 1000",
        "PEXPIRE {} 2000000",
        "EXPIRE {} 0",
        "EXPIRE {} -1",
        "PEXPIRE {} -5",
        "EXPIRE {} 1000 NX",
        "EXPIRE {} 1000 x\0y",
        "EXPIRE {} 1000 XX",
        "EXPIREAT {} 4000000000 GT",
        "EXPIREAT {} 5000000000 LT",
        "PEXPIREAT {} 4500000000000 GT",
        "PEXPIREAT {} 4000000000000",
        "EXPIREAT {} 1",
        "PEXPIREAT {} 1000",
        "PEXPIREAT {} -1",
        "EXPIRE {} x",
        "EXPIRE {} 1000 NX XX",
        "EXPIRE {} 1000 GT LT",
        "EXPIRE {} 1000 NOPE",
        "EXPIRE {} 9223372036854775807",
        "PEXPIRE {} 9223372036854775807",
        "EXPIREAT {} 9223372036854775807",
        "TTL {}",
        "PTTL {}",
        "TTL {}",
        "PTTL {}",
        "PERSIST {}",
    ];
    lines(LINES)
}

/// A key that has expired before the next command.
fn expiring(connections: usize) -> impl Strategy<Value = SequenceStep> {
    const LINES: &[&str] = &["PSETEX {} 1 v", "SET {} v PX 2", "SET {} 1 PXAT 1000", "PEXPIRE {} 1"];
    (steps(connections, lines(LINES))).prop_map(|step| SequenceStep { then_sleep_ms: 6, ..step })
}

pub(crate) fn strings_and_keys(connections: usize) -> impl Strategy<Value = SequenceStep> {
    let words = mutated(prop_oneof![5 => strings(), 3 => keys(), 3 => deadlines()]);
    prop_oneof![40 => steps(connections, words), 1 => expiring(connections)]
}

fn collections() -> impl Strategy<Value = Words> {
    const PLAIN: &[&str] = &[
        "HGET {} f",
        "HMGET {} f g h",
        "HGETALL {}",
        "HDEL {} f",
        "HDEL {} f g h",
        "HINCRBY {} n 3",
        "HINCRBY {} f 9223372036854775807",
        "HINCRBY {} f x",
        "HEXISTS {} f",
        "HLEN {}",
        "SREM {} x",
        "SMEMBERS {}",
        "SISMEMBER {} 3",
        "SCARD {}",
        "LPOP {}",
        "RPOP {}",
        "LPOP {} 2",
        "RPOP {} 2",
        "LPOP {} 0",
        "RPOP {} -1",
        "LPOP {} x",
        "LRANGE {} 0 -1",
        "LRANGE {} 1 2",
        "LRANGE {} -2 -1",
        "LRANGE {} 5 1",
        "LRANGE {} x 1",
        "LLEN {}",
        "LPOP {} 1 2",
    ];
    const VALUES: &[&str] = &[
        "HSET {} f =",
        "HSET {} f = g = h =",
        "HSET {} = =",
        "HSET {} f = g",
        "HDEL {} =",
        "SADD {} =",
        "SADD {} = = =",
        "SADD {} 1 2 3",
        "SREM {} = =",
        "SREM {} 1 2 3",
        "SISMEMBER {} =",
        "LPUSH {} =",
        "LPUSH {} = =",
        "RPUSH {} = = =",
        "RPUSH {} =",
    ];
    prop_oneof![lines(PLAIN), filled(VALUES)]
}

/// Sorted sets. The key `lex` has members with equal scores only, because Redis does not specify
/// ranges by bytes for others.
fn sorted_sets() -> impl Strategy<Value = Words> {
    const LINES: &[&str] = &[
        "ZADD {} 1 x",
        "ZADD {} 2 y 3 z",
        "ZADD {} 1.5 y",
        "ZADD {} NX 5 x",
        "ZADD {} XX 6 x",
        "ZADD {} GT 4 y",
        "ZADD {} LT 1 y",
        "ZADD {} CH 9 x 8 y",
        "ZADD {} INCR 1.1 x",
        "ZADD {} XX INCR 2 q",
        "ZADD {} NX XX 1 x",
        "ZADD {} GT LT 1 x",
        "ZADD {} INCR 1 x 2 y",
        "ZADD {} inf x",
        "ZADD {} -inf y",
        "ZADD {} INCR -inf x",
        "ZADD {} nan x",
        "ZADD {} foo x",
        "ZADD {} 1",
        "ZADD {} 1 x 2",
        "ZADD {} 1e17 big",
        "ZADD {} -0 x",
        "ZADD {} 3.0000000000000004 x",
        "ZREM {} x",
        "ZREM {} x y z",
        "ZSCORE {} x",
        "ZSCORE {} y",
        "ZRANGE {} 0 -1",
        "ZRANGE {} 0 -1 WITHSCORES",
        "ZRANGE {} 1 2 REV",
        "ZRANGE {} -2 -1 REV WITHSCORES",
        "ZRANGE {} 1 5 BYSCORE",
        "ZRANGE {} (1 +inf BYSCORE WITHSCORES",
        "ZRANGE {} +inf -inf BYSCORE REV LIMIT 1 2",
        "ZRANGE {} 0 9 BYSCORE LIMIT -1 2",
        "ZRANGE {} 0 9 BYSCORE LIMIT 0 -1",
        "ZRANGE {} 0 -1 LIMIT 1 1",
        "ZRANGE {} - + BYLEX WITHSCORES",
        "ZRANGE {} x + BYLEX",
        "ZRANGE {} a b BYSCORE",
        "ZRANGE {} a b",
        "ZRANGE {} 0 -1 REV REV",
        "ZADD lex 0 a 0 b 0 c 0 ca",
        "ZREM lex b",
        "ZRANGE lex [b (d BYLEX",
        "ZRANGE lex + - BYLEX REV",
        "ZRANGE lex - [b BYLEX LIMIT 1 1",
        "ZRANGE lex (a + BYLEX",
        "ZRANGE lex [c [a BYLEX",
    ];
    lines(LINES)
}

fn data() -> impl Strategy<Value = Words> {
    mutated(
        prop_oneof![3 => strings(), 2 => keys(), 1 => deadlines(), 6 => collections(), 4 => sorted_sets()],
    )
}

pub(crate) fn all_data(connections: usize) -> impl Strategy<Value = SequenceStep> {
    prop_oneof![60 => steps(connections, data()), 1 => expiring(connections)]
}

/// Steps of one family, sometimes with keys that expire.
pub(crate) fn family(
    connections: usize,
    words: impl Strategy<Value = Words>,
) -> impl Strategy<Value = SequenceStep> {
    prop_oneof![80 => steps(connections, mutated(words)), 1 => expiring(connections)]
}

pub(crate) fn transactions(connections: usize) -> impl Strategy<Value = SequenceStep> {
    const LINES: &[&str] = &[
        "MULTI",
        "MULTI",
        "MULTI",
        "EXEC",
        "EXEC",
        "EXEC",
        "EXEC a",
        "DISCARD",
        "WATCH {}",
        "WATCH {} {}",
        "WATCH",
        "UNWATCH",
        "RESET",
    ];
    let words = prop_oneof![4 => lines(LINES).boxed(), 5 => data().boxed()];
    prop_oneof![60 => steps(connections, words), 1 => expiring(connections)]
}

pub(crate) fn sessions(connections: usize) -> impl Strategy<Value = SequenceStep> {
    const LINES: &[&str] = &[
        "HELLO",
        "HELLO 2",
        "HELLO 3",
        "HELLO 4",
        "HELLO x",
        "HELLO 3 SETNAME me",
        "HELLO 3 AUTH default x",
        "HELLO 3 AUTH other x",
        "HELLO 2 NOPE",
        "CLIENT ID",
        "CLIENT GETNAME",
        "CLIENT SETNAME you",
        "CLIENT GETREDIR",
        "CLIENT TRACKINGINFO",
        "CLIENT NOPE",
        "CLIENT INFO",
        "CLIENT LIST",
        "CLIENT LIST ID 1 999999999",
        "CLIENT LIST ID x",
        "CLIENT LIST ID",
        "CLIENT LIST TYPE normal",
        "CLIENT LIST TYPE replica",
        "CLIENT LIST TYPE nope",
        "CLIENT LIST NOPE",
        "CLIENT NO-EVICT ON",
        "CLIENT NO-EVICT off",
        "CLIENT NO-EVICT maybe",
        "PUBSUB NOPE",
        "PUBSUB",
        "CLIENT",
        "CLIENT ID x",
        "CONFIG NOPE",
        "SCRIPT NOPE",
        "CONFIG GET save",
        "CONFIG GET notify-keyspace-events appendonly",
        "CONFIG GET nothing-of-this-name",
        "CONFIG GET maxmemory maxmemory-policy",
        "CONFIG SET maxmemory 1000MB",
        "CONFIG SET maxmemory 2gb maxmemory-policy allkeys-lru",
        "CONFIG SET maxmemory 1x",
        "CONFIG SET maxmemory -1",
        "CONFIG SET maxmemory-policy Volatile-TTL",
        "CONFIG SET maxmemory-policy nope",
        "CONFIG SET maxmemory 5gb maxmemory-policy nope",
        "CONFIG SET notify-keyspace-events KEA",
        "CONFIG SET notify-keyspace-events Q",
        "CONFIG SET notify-keyspace-events g$x",
        "CONFIG SET notify-keyspace-events KEA NOTIFY-keyspace-events g$x",
        "CONFIG SET notify-keyspace-events Q notify-keyspace-events K nope 1",
        "CONFIG SET no\0pe 1",
        "HELLO 3 a\0b",
        "CLIENT TRACKING ON BCAST PREFIX a\0b PREFIX a\0bc",
        "CONFIG SET nope 1 notify-keyspace-events K notify-keyspace-events E",
        "CONFIG SET nope 1",
        "CONFIG SET a",
        "PING",
        "PING hello",
        "ECHO hi",
        "RESET",
        "QUIT",
        "SELECT 1",
        "SET {} 1",
        "GET {}",
        "INFO server",
        "TIME",
        "CLIENT KILL ID x",
        "CLIENT KILL ID 0",
        "CLIENT KILL TYPE nope",
        "CLIENT KILL ID 999999999",
        "CLIENT KILL nowhere:1",
        "CLIENT KILL SKIPME maybe",
    ];
    let name = (prop::sample::select(&["a", "", "a b", "\n"][..]))
        .prop_map(|name| vec!["CLIENT".into(), "SETNAME".into(), name.into()]);
    let kill = (0..connections)
        .prop_map(|victim| [line("CLIENT KILL ID"), vec![Word::Id(victim)], line("SKIPME no")].concat());
    prop_oneof![
        30 => steps(connections, mutated(lines(LINES))).boxed(),
        3 => steps(connections, lines(&["MULTI", "EXEC", "DISCARD"])).boxed(),
        2 => steps(connections, name).boxed(),
        1 => steps(connections, kill).boxed(),
    ]
}

/// `CLIENT REPLY`, with a last step after which all replies arrive again.
pub(crate) fn silence() -> impl Strategy<Value = Vec<SequenceStep>> {
    const LINES: &[&str] = &[
        "CLIENT REPLY ON",
        "CLIENT REPLY OFF",
        "CLIENT REPLY SKIP",
        "CLIENT REPLY NOPE",
        "SET {} 1",
        "GET {}",
        "PING",
        "NOPE",
        "SUBSCRIBE news",
        "UNSUBSCRIBE news",
        "PUBLISH news x",
        "RESET",
    ];
    prop::collection::vec(steps(1, lines(LINES)), 1..20).prop_map(|mut all| {
        for text in ["RESET", "CLIENT REPLY ON"] {
            all.push(SequenceStep { connection: 0, words: line(text), then_sleep_ms: 0 });
        }
        all
    })
}

/// The source of out-of-band messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushSource {
    Publish,
    Tracking,
}

pub(crate) fn pushes(source: PushSource) -> BoxedStrategy<SequenceStep> {
    const SUBSCRIBING: &[&str] = &[
        "SUBSCRIBE news",
        "SUBSCRIBE news sport",
        "SUBSCRIBE __keyspace@0__:a",
        "SUBSCRIBE __keyevent@0__:set",
        "SUBSCRIBE __keyevent@0__:expired __keyevent@0__:del",
        "UNSUBSCRIBE",
        "UNSUBSCRIBE news",
        "UNSUBSCRIBE sport other",
        "SSUBSCRIBE news",
        "SSUBSCRIBE news sport",
        "SUNSUBSCRIBE",
        "SUNSUBSCRIBE news",
        "PUBSUB CHANNELS",
        "PUBSUB CHANNELS n*",
        "PUBSUB CHANNELS a b",
        "PUBSUB NUMSUB",
        "PUBSUB NUMSUB news sport nope",
        "PUBSUB NUMPAT",
        "PUBSUB NUMPAT x",
        "PUBSUB SHARDCHANNELS",
        "PUBSUB SHARDCHANNELS s*",
        "PUBSUB SHARDNUMSUB news nope",
        "MULTI",
        "EXEC",
        "EXEC",
        "PUNSUBSCRIBE",
        "PUNSUBSCRIBE n*",
        "RESET",
        "PING",
        "PING x",
    ];
    // One pattern per connection: Redis notifies several matching patterns in the order of a hash
    // table.
    const PATTERNS: [&str; 4] =
        ["PSUBSCRIBE n*", "PSUBSCRIBE __keyevent@0__:*", "PSUBSCRIBE __keyspace@*", "PSUBSCRIBE s[px]ort"];
    const PUBLISHING: &[&str] = &[
        "PUBLISH news hello",
        "PUBLISH sport 1",
        "PUBLISH other x",
        "PUBLISH news",
        "SPUBLISH news hello",
        "SPUBLISH sport 1",
        "SPUBLISH news",
    ];
    const EVENTS: &[&str] = &[
        "CONFIG SET notify-keyspace-events KEA",
        "CONFIG SET notify-keyspace-events Exg",
        "SET {} 1",
        "SET {} v EX 1000",
        "DEL {}",
        "INCR {}",
        "RENAME {} {}",
        "EXPIRE {} 1000",
        "EXPIREAT {} 1",
        "PERSIST {}",
        "GETDEL {}",
        "LPUSH {} x",
        "LPOP {}",
        "SADD {} x",
        "SREM {} x",
        "HSET {} f v",
        "HDEL {} f",
        "ZADD {} 1 x",
        "ZREM {} x",
        "APPEND {} x",
        "GETEX {} EX 1000",
        "FLUSHALL",
        "MSET {} 1 {} 2",
        "GET {}",
    ];
    let subscribing = lines(SUBSCRIBING);
    let publish = prop_oneof![
        3 => steps(4, subscribing).boxed(),
        2 => (0..4usize)
            .prop_map(|connection| {
                let words = line(PATTERNS[connection]);
                SequenceStep { connection, words, then_sleep_ms: 0 }
            })
            .boxed(),
        3 => steps(4, lines(PUBLISHING)).boxed(),
        5 => steps(4, lines(EVENTS)).boxed(),
        1 => expiring(4).boxed(),
    ];
    match source {
        PushSource::Publish => publish.boxed(),
        PushSource::Tracking => tracking().boxed(),
    }
}

fn tracking() -> impl Strategy<Value = SequenceStep> {
    const SWITCHES: &[&str] = &[
        "CLIENT TRACKING ON",
        "CLIENT TRACKING ON",
        "CLIENT TRACKING OFF",
        "CLIENT TRACKING ON NOLOOP",
        "CLIENT TRACKING ON OPTIN",
        "CLIENT TRACKING ON OPTOUT",
        "CLIENT TRACKING ON BCAST",
        "CLIENT TRACKING ON BCAST PREFIX a",
        "CLIENT TRACKING ON BCAST PREFIX a PREFIX user: NOLOOP",
        "CLIENT TRACKING ON BCAST PREFIX b PREFIX ab",
        "CLIENT TRACKING ON PREFIX a",
        "CLIENT TRACKING ON BCAST OPTIN",
        "CLIENT TRACKING ON OPTIN OPTOUT",
        "CLIENT TRACKING ON NOPE",
        "CLIENT TRACKING maybe",
        "CLIENT TRACKING ON REDIRECT 999999999",
        "CLIENT TRACKING ON BCAST PREFIX a PREFIX ab",
        "CLIENT CACHING YES",
        "CLIENT CACHING YES",
        "CLIENT CACHING NO",
        "CLIENT CACHING maybe",
        "CLIENT TRACKINGINFO",
        "CLIENT GETREDIR",
        "SUBSCRIBE __redis__:invalidate",
        "UNSUBSCRIBE",
        "RESET",
        "HELLO 3",
        "QUIT",
    ];
    const COMMANDS: &[&str] = &[
        "GET {}",
        "GET {}",
        "GET {}",
        "MGET {} {}",
        "HGETALL {}",
        "EXISTS {}",
        "TTL {}",
        "SET {} 1",
        "SET {} 2",
        "DEL {}",
        "DEL {} {}",
        "INCR {}",
        "MSET {} 1 {} 2",
        "RENAME {} {}",
        "EXPIRE {} 1000",
        "EXPIREAT {} 1",
        "HSET {} f v",
        "FLUSHALL",
        "FLUSHDB",
        "SELECT 1",
        "SELECT 0",
        "APPEND {} x",
        "GETDEL {}",
        "ZADD {} 1 x",
        "ZREM {} x",
        "LPUSH {} x",
        "LPOP {}",
        "SADD {} 1",
        "SREM {} 1",
    ];
    let transactions = lines(&["MULTI", "EXEC", "EXEC", "DISCARD", "WATCH {}"]);
    // The targets of redirections have no transactions: see `exceptions.rs`.
    let redirect = (2..4usize, any::<bool>()).prop_map(|(to, is_broadcast)| {
        let mut words = line("CLIENT TRACKING ON REDIRECT");
        words.push(Word::Id(to));
        if is_broadcast {
            words.push("BCAST".into());
        }
        words
    });
    prop_oneof![
        6 => steps(4, lines(SWITCHES)).boxed(),
        2 => steps(4, redirect).boxed(),
        2 => steps(2, transactions).boxed(),
        12 => steps(4, lines(COMMANDS)).boxed(),
        1 => expiring(4).boxed(),
    ]
}
