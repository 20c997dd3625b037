//! Eviction: the removal of keys when memory is short (`maxmemory`).
//!
//! The memory of a key is an estimate, as for `MEMORY USAGE`, and the memory of an empty server is
//! none. Redis evicts the best of a few keys that it samples; here it is the best of all, so that
//! equal commands evict equal keys.

use bytes::Bytes;

use super::Server;
use crate::notify::Events;

/// Which keys are evicted first (`maxmemory-policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Only keys with a deadline (`volatile-`).
    is_volatile: bool,
    order: Order,
}

/// The order in which keys are evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// Nothing is evicted.
    #[default]
    Never,
    /// The key that was accessed the longest ago.
    LeastRecent,
    /// The key that was accessed least.
    LeastFrequent,
    Random,
    /// The key with the earliest deadline.
    SoonestDeadline,
}

/// The policies by name, in the order of Redis' error.
const POLICIES: [(&str, Policy); 8] = [
    ("volatile-lru", Policy { is_volatile: true, order: Order::LeastRecent }),
    ("volatile-lfu", Policy { is_volatile: true, order: Order::LeastFrequent }),
    ("volatile-random", Policy { is_volatile: true, order: Order::Random }),
    ("volatile-ttl", Policy { is_volatile: true, order: Order::SoonestDeadline }),
    ("allkeys-lru", Policy { is_volatile: false, order: Order::LeastRecent }),
    ("allkeys-lfu", Policy { is_volatile: false, order: Order::LeastFrequent }),
    ("allkeys-random", Policy { is_volatile: false, order: Order::Random }),
    ("noeviction", Policy { is_volatile: false, order: Order::Never }),
];

impl Policy {
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        let found = POLICIES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        found.map(|(_, policy)| *policy)
    }

    pub(crate) fn name(self) -> &'static str {
        POLICIES.iter().find(|(_, policy)| *policy == self).map_or("noeviction", |(name, _)| name)
    }

    /// The names of all policies.
    pub(crate) fn names() -> String {
        POLICIES.map(|(name, _)| name).join(", ")
    }

    /// Whether the policy counts accesses.
    pub(crate) fn is_lfu(self) -> bool {
        self.order == Order::LeastFrequent
    }
}

impl Server {
    /// The estimated memory of all keys in bytes.
    pub(crate) fn used_memory(&self) -> usize {
        self.databases.iter().map(|database| database.memory()).sum()
    }

    /// Evicts keys until they take no more than `maxmemory`. Returns whether they still take more.
    pub(crate) fn evict(&mut self) -> bool {
        let most = self.settings.max_memory;
        if most == 0 {
            return false;
        }
        let mut used = self.used_memory();
        while used > most {
            let Some((database, key)) = self.next_victim() else { return true };
            used -= self.databases[database].memory_of(&key).unwrap_or(0);
            self.databases[database].remove(&key);
            self.evicted += 1;
            self.touch_watched(database, &key);
            self.invalidate(&key, None);
            self.notify(Events::EVICTED, "evicted", database, &key);
        }
        false
    }

    fn next_victim(&mut self) -> Option<(usize, Bytes)> {
        let Policy { is_volatile, order } = self.settings.policy;
        let may_go =
            |database: usize, key: &[u8]| !is_volatile || self.databases[database].deadline(key).is_some();
        let all = self
            .databases
            .iter()
            .enumerate()
            .flat_map(|(at, database)| database.keys().map(move |key| (at, key)));
        let all = all.filter(|(database, key)| may_go(*database, key));
        let found = match order {
            Order::Never => None,
            Order::Random => {
                let all: Vec<_> =
                    all.map(|(database, key)| (database, Bytes::copy_from_slice(key))).collect();
                let chosen = (!all.is_empty()).then(|| self.databases[0].draw_key().index(all.len()));
                return chosen.and_then(|at| all.into_iter().nth(at));
            }
            Order::LeastRecent => all.min_by_key(|(at, key)| self.databases[*at].accessed(key)),
            Order::LeastFrequent => all.min_by_key(|(at, key)| {
                (self.databases[*at].accesses(key), self.databases[*at].accessed(key))
            }),
            Order::SoonestDeadline => all.min_by_key(|(at, key)| self.databases[*at].deadline(key)),
        };
        found.map(|(database, key)| (database, Bytes::copy_from_slice(key)))
    }
}

/// Parses a size: a number of bytes, or with a unit such as `100mb`.
pub(crate) fn parse_memory(word: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(word).ok()?.to_ascii_lowercase();
    let digits = text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit: usize = match unit {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::parse_memory;
    use crate::{Command, Output, Reply, Server, Time};

    #[test]
    fn sizes_have_units() {
        let expected =
            [("100", Some(100)), ("2kb", Some(2_048)), ("1M", Some(1_000_000)), ("x", None), ("1x", None)];
        for (word, size) in expected {
            assert_eq!(parse_memory(word.as_bytes()), size, "{word}");
        }
    }

    /// Executes lines, one each millisecond, and returns the replies to the last line and the keys
    /// that remain.
    fn remaining(lines: &[&str]) -> (Reply, Vec<String>) {
        let mut server = Server::new();
        let connection = server.connect();
        let mut last = Output::default();
        for (at, line) in lines.iter().enumerate() {
            last =
                server.execute(connection, &Command::new(line.split(' ')), Time::from_millis(at as u64 + 1));
        }
        let keys = server.keys(0, Time::from_millis(lines.len() as u64));
        let mut keys: Vec<_> = keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        keys.sort();
        (last.deliveries.last().expect("a reply").reply.clone(), keys)
    }

    #[test]
    fn the_policy_chooses_the_key() {
        let begin = ["SET a 1 EX 100", "SET b 1", "SET c 1 EX 50", "GET a", "GET a", "GET c", "GET b"];
        // Each key takes 58 bytes.
        let evict = |policy: &str| {
            let policy = format!("CONFIG SET maxmemory 150 maxmemory-policy {policy}");
            let lines: Vec<_> = begin.into_iter().chain([policy.as_str(), "PING"]).collect();
            remaining(&lines).1.concat()
        };
        assert_eq!(evict("allkeys-lru"), "bc");
        assert_eq!(evict("allkeys-lfu"), "ab");
        assert_eq!(evict("volatile-lru"), "bc");
        assert_eq!(evict("volatile-lfu"), "ab");
        assert_eq!(evict("volatile-ttl"), "ab");
        assert_eq!(evict("allkeys-random").len(), 2);
        assert!(["ab", "bc"].contains(&evict("volatile-random").as_str()));
        assert_eq!(evict("noeviction"), "abc");
    }

    #[test]
    fn without_a_key_to_evict_commands_that_need_memory_fail() {
        let config = "CONFIG SET maxmemory 60 maxmemory-policy volatile-lru";
        let (reply, keys) = remaining(&["SET a 1", "SET b 1", config, "SET c 1"]);
        assert_eq!(reply, Reply::Error("OOM command not allowed when used memory > 'maxmemory'.".into()));
        assert_eq!(keys, ["a", "b"]);
        let (reply, keys) = remaining(&["SET a 1", "SET b 1", config, "DEL a", "SET c 1"]);
        assert_eq!((reply, keys.len()), (Reply::OK, 2));
    }

    #[test]
    fn trackers_and_subscribers_are_notified() {
        let mut server = Server::new();
        let [reader, writer] = [server.connect(), server.connect()];
        let mut now = 0;
        let mut send = |from, line: &str| {
            now += 1;
            server.execute(from, &Command::new(line.split(' ')), Time::from_millis(now)).deliveries
        };
        for line in ["HELLO 3", "CLIENT TRACKING ON", "SUBSCRIBE __keyevent@0__:evicted"] {
            send(reader, line);
        }
        for line in
            ["CONFIG SET notify-keyspace-events Ee maxmemory 100 maxmemory-policy allkeys-lru", "SET a 1"]
        {
            send(writer, line);
        }
        send(reader, "GET a");
        send(writer, "SET b 1");
        let pushes = send(writer, "PING");
        let pushes: Vec<_> =
            pushes.iter().filter(|it| it.to == reader).map(|it| format!("{:?}", it.reply)).collect();
        assert_eq!(pushes.len(), 2, "{pushes:?}");
        assert!(pushes[0].contains("invalidate") && pushes[1].contains("evicted"), "{pushes:?}");
    }
}
