//! Commands whose footprints do not conflict commute: the order affects neither their replies, nor
//! any push, nor the final state.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use selvedge_redis::{Command, ConnectionId, Server, Time};

/// Commands of all types. `{}` stands for a key, and `|` for a space within a word.
const LINES: &[&str] = &[
    "GET {}",
    "SET {} 1",
    "SET {} v PX 5",
    "INCR {}",
    "DEL {} {}",
    "MGET {} {}",
    "MSET {} 1 {} 2",
    "EXISTS {} {}",
    "RENAME {} {}",
    "APPEND {} x",
    "GETDEL {}",
    "EXPIRE {} 100",
    "PERSIST {}",
    "TTL {}",
    "TYPE {}",
    "HSET {} f v",
    "HGETALL {}",
    "LPUSH {} x",
    "LPOP {}",
    "SADD {} x",
    "SMEMBERS {}",
    "ZADD {} 1 x",
    "ZRANGE {} 0 -1",
    "XADD {} 5-* f v",
    "XADD {} MAXLEN 1 * f v",
    "XDEL {} 5-0",
    "XRANGE {} - +",
    "XREAD STREAMS {} {} 0 0",
    "XREAD BLOCK 0 STREAMS {} $",
    "XGROUP CREATE {} g 0 MKSTREAM",
    "XREADGROUP GROUP g c STREAMS {} >",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS {} >",
    "XACK {} g 5-0",
    "XAUTOCLAIM {} g d 0 0",
    "XPENDING {} g",
    "GETRANGE {} 0 1",
    "SETRANGE {} 1 x",
    "INCRBYFLOAT {} 1.5",
    "MSETNX {} 1 {} 2",
    "LCS {} {}",
    "SETBIT {} 3 1",
    "GETBIT {} 3",
    "BITCOUNT {}",
    "BITPOS {} 1",
    "BITOP OR {} {} {}",
    "BITFIELD {} INCRBY u8 0 9",
    "BITFIELD_RO {} GET u8 0",
    "HSETNX {} f w",
    "HMSET {} f 1 g 2",
    "HKEYS {}",
    "HVALS {}",
    "HSTRLEN {} f",
    "HINCRBYFLOAT {} n 1.5",
    "HSCAN {} 0",
    "HRANDFIELD {}",
    "LPUSHX {} y",
    "RPUSH {} x y z",
    "LINDEX {} 0",
    "LSET {} 0 y",
    "LINSERT {} AFTER x y",
    "LREM {} 0 x",
    "LTRIM {} 0 1",
    "LPOS {} x",
    "LMOVE {} {} LEFT RIGHT",
    "RPOPLPUSH {} {}",
    "LMPOP 2 {} {} LEFT",
    "SADD {} x y 1",
    "SMOVE {} {} x",
    "SMISMEMBER {} x",
    "SPOP {}",
    "SRANDMEMBER {}",
    "SINTER {} {}",
    "SUNIONSTORE {} {} {}",
    "SDIFFSTORE {} {} {}",
    "SINTERCARD 2 {} {}",
    "SSCAN {} 0",
    "ZADD {} 1 x 2 y 3 z",
    "ZINCRBY {} 1 x",
    "ZCARD {}",
    "ZRANK {} x",
    "ZMSCORE {} x y",
    "ZCOUNT {} 0 2",
    "ZRANGEBYSCORE {} 0 2",
    "ZREVRANGE {} 0 -1",
    "ZRANGESTORE {} {} 0 1",
    "ZREMRANGEBYRANK {} 0 0",
    "ZPOPMIN {}",
    "ZMPOP 2 {} {} MAX",
    "ZUNION 2 {} {}",
    "ZUNIONSTORE {} 2 {} {}",
    "ZDIFFSTORE {} 2 {} {}",
    "ZINTERCARD 2 {} {}",
    "ZSCAN {} 0",
    "ZRANDMEMBER {}",
    "COPY {} {}",
    "COPY {} {} DB 1",
    "MOVE {} 1",
    "RENAMENX {} {}",
    "SWAPDB 0 1",
    "TOUCH {} {}",
    "EXPIRETIME {}",
    "OBJECT ENCODING {}",
    "OBJECT IDLETIME {}",
    "MEMORY USAGE {}",
    "RANDOMKEY",
    "SORT {} ALPHA",
    "SORT {} ALPHA STORE {}",
    "SORT {} BY {} GET b*",
    "SORT_RO {} ALPHA GET #",
    "BLPOP {} {} 0",
    "BLMOVE {} {} LEFT RIGHT 0",
    "BZPOPMIN {} 0",
    "WAIT 1 0",
    "KEYS *",
    "SCAN 0",
    "DBSIZE",
    "FLUSHALL",
    "FLUSHDB",
    "PING",
    "TIME",
    "SELECT 1",
    "SELECT 0",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH {}",
    "UNWATCH",
    "PUBLISH news 1",
    "SUBSCRIBE news",
    "UNSUBSCRIBE",
    "SSUBSCRIBE news",
    "SPUBLISH news 1",
    "PUBSUB CHANNELS",
    "PUBSUB NUMSUB news",
    "CLIENT LIST",
    "CLIENT REPLY OFF",
    "MONITOR",
    "AUTH default x",
    "ACL SETUSER default -get",
    "ACL SETUSER default +@all",
    "CONFIG SET requirepass x",
    "CONFIG SET requirepass ",
    "COMMAND COUNT",
    "CLIENT REPLY ON",
    "PSUBSCRIBE __key*",
    "HELLO 3",
    "HELLO 2",
    "RESET",
    "QUIT",
    "CLIENT TRACKING ON",
    "CLIENT TRACKING ON BCAST",
    "CLIENT TRACKING ON BCAST PREFIX a",
    "CLIENT TRACKING ON REDIRECT 1",
    "CLIENT TRACKING OFF",
    "CLIENT ID",
    "INFO",
    "CONFIG SET notify-keyspace-events KEA",
    "EVAL return|redis.call('INCR',KEYS[1]) 1 {}",
    "EVAL return|math.random(1000) 0",
    "EVAL return|redis.call('GET',KEYS[1]) 1 {}",
    "SCRIPT FLUSH",
    "NOPE {}",
];

fn command() -> impl Strategy<Value = Command> {
    let key = || prop::sample::select(&["a", "b", "c", "ab"][..]);
    (prop::sample::select(LINES), key(), key()).prop_map(|(line, first, second)| {
        let mut keys = [first, second].into_iter();
        let words = line.split(' ').map(|word| {
            if word == "{}" { keys.next().unwrap_or("a").to_owned() } else { word.replace('|', " ") }
        });
        Command::new(words.collect::<Vec<_>>())
    })
}

type Received = BTreeMap<ConnectionId, Vec<u8>>;

/// A server with connections that have executed a history.
struct World {
    server: Server,
    connections: Vec<ConnectionId>,
    now: Time,
    received: Received,
}

impl World {
    fn new(history: &[(usize, Command)]) -> Self {
        let mut server = Server::new();
        let connections = (0..3).map(|_| server.connect()).collect();
        let mut world = World { server, connections, now: Time::START, received: Received::new() };
        for (connection, command) in history {
            world.send(*connection, command);
            world.now = world.now.after(Duration::from_millis(1));
        }
        world
    }

    fn send(&mut self, connection: usize, command: &Command) {
        let connection = self.connections[connection];
        if self.server.is_connected(connection) && !self.server.is_blocked(connection) {
            for delivery in self.server.execute(connection, command, self.now).deliveries {
                delivery.encode(self.received.entry(delivery.to).or_default());
            }
        }
    }

    fn expire(&mut self, key: &Bytes) {
        for delivery in self.server.pass_deadline(0, key).deliveries {
            delivery.encode(self.received.entry(delivery.to).or_default());
        }
    }

    /// Reads the whole observable state, and returns all bytes received.
    fn end(mut self) -> Received {
        for connection in 0..self.connections.len() {
            for line in ["EXEC", "UNWATCH", "CLIENT TRACKINGINFO", "SELECT 0", "INFO"] {
                self.send(connection, &Command::new(line.split(' ')));
            }
        }
        let reader = self.server.connect();
        self.connections.push(reader);
        for database in ["0", "1"] {
            self.send(3, &Command::new(["SELECT", database]));
            self.send(3, &Command::new(["DBSIZE"]));
            for key in ["a", "b", "c", "ab"] {
                for line in ["TYPE", "PTTL", "GET", "HGETALL", "SMEMBERS", "SRANDMEMBER", "HRANDFIELD"] {
                    self.send(3, &Command::new([line, key]));
                }
                self.send(3, &Command::new(["LRANGE", key, "0", "-1"]));
                self.send(3, &Command::new(["ZRANGE", key, "0", "-1", "WITHSCORES"]));
            }
        }
        self.received
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn commands_without_conflict_commute(
        history in prop::collection::vec((0..3usize, command()), 0..20),
        one in command(),
        other in command(),
    ) {
        let footprint = |connection: usize, command: &Command| {
            let world = World::new(&history);
            world.server.footprint(world.connections[connection], command, world.now)
        };
        if footprint(0, &one).conflicts(&footprint(1, &other)) {
            return Ok(());
        }
        let [mut forth, mut back] = [World::new(&history), World::new(&history)];
        forth.send(0, &one);
        forth.send(1, &other);
        back.send(1, &other);
        back.send(0, &one);
        let [forth, back] = [forth.end(), back.end()].map(shown);
        prop_assert_eq!(forth, back, "{:?} and {:?} after {:?}", one, other, history);
    }

    /// That a key expires conflicts with commands on that key, and with no other.
    #[test]
    fn an_expiry_commutes_with_operations_that_do_not_conflict(
        history in prop::collection::vec((0..3usize, command()), 0..14),
        given in prop::sample::select(&["a", "b", "ab"][..]),
        command in command(),
    ) {
        let history = [history, vec![(2, Command::new(["SELECT", "0"])), (2, Command::new(["SET", given, "v", "PX", "99"]))]];
        let history = history.concat();
        let key = Bytes::from(given);
        let world = World::new(&history);
        let of_command = world.server.footprint(world.connections[0], &command, world.now);
        if world.server.footprint_of_expiry(0, &key).conflicts(&of_command) {
            return Ok(());
        }
        let [mut forth, mut back] = [World::new(&history), World::new(&history)];
        forth.expire(&key);
        forth.send(0, &command);
        back.send(0, &command);
        back.expire(&key);
        let [forth, back] = [forth.end(), back.end()].map(shown);
        prop_assert_eq!(forth, back, "{} expires, and {:?} after {:?}", given, command, history);
    }
}

fn shown(received: Received) -> Vec<String> {
    received.into_iter().map(|(to, bytes)| format!("{to}: {}", bytes.escape_ascii())).collect()
}

#[test]
fn an_expiry_conflicts_with_commands_on_its_key() {
    let world = World::new(&[(0, Command::new(["SET", "a", "v", "EX", "60"]))]);
    let expiry = world.server.footprint_of_expiry(0, &Bytes::from("a"));
    for (line, conflicts) in [
        ("GET a", true),
        ("SET a 1", true),
        ("TTL a", true),
        ("MGET a b", true),
        ("KEYS *", true),
        ("DBSIZE", true),
        ("FLUSHALL", true),
        ("GET b", false),
        ("SET b 1", false),
        ("SET b v PX 5", false),
        ("PING", false),
        ("TIME", false),
        ("PUBLISH news 1", false),
    ] {
        let command = Command::new(line.split(' '));
        let footprint = world.server.footprint(world.connections[1], &command, world.now);
        assert_eq!(expiry.conflicts(&footprint), conflicts, "{line}");
    }
}

#[test]
fn commands_on_different_keys_do_not_conflict() {
    let mut world = World::new(&[]);
    let footprint =
        |line: &str| world.server.footprint(world.connections[0], &Command::new(line.split(' ')), world.now);
    let on = |key: &str| -> Vec<_> {
        // These access keys that they do not name, or wait.
        let is_wide =
            |line: &str| ["EVAL", "MOVE", " DB ", " GET ", "BL", "BZ"].iter().any(|part| line.contains(part));
        let lines = LINES.iter().filter(|line| line.contains("{}") && !is_wide(line));
        lines.map(|line| footprint(&line.replace("{}", key))).collect()
    };
    for one in on("a") {
        assert!(on("b").iter().all(|other| !one.conflicts(other)), "{one:?}");
    }
    world.send(0, &Command::new(["PING"]));
}
