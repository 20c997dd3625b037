//! A node of the level [`Strict`](crate::nodes::Strict): its names in Redis, and its commands.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use redis::Script;
use tokio::sync::mpsc;

use super::command::{Command, milliseconds};
use super::lease::Leases;
use crate::remote::{Leaseholder, Registry};

/// The prefix of the Redis key that lists the writes which have a key open; the key follows.
const OPEN: &[u8] = b"selvedge:open:";

/// The prefix of the Redis key of the registry; the prefix of the cache's keys follows.
const NODES: &[u8] = b"selvedge:nodes:";

/// The field of the registry that shows that it is complete.
const COMPLETE: &str = "complete";

/// The most answers in one round trip.
const BATCH: usize = 64;

/// Opens the keys for a write, notifies the nodes, and returns the registry. The time for which a
/// key is open is that of the longest lease, twice, and a second for the commands. A write whose
/// time has passed is removed here, so that a writer that has died does not keep a busy key open.
///
/// The server's clock only limits how long a key is open: a write that is removed too early is
/// refused.
static OPENING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local registry = redis.call('HGETALL', KEYS[1])
         local longest = tonumber(ARGV[2])
         for at = 2, #registry, 2 do
             local lease = tonumber(string.match(registry[at], ':(%d+)$') or '0')
             if lease > longest then longest = lease end
         end
         local life = 2 * longest + 1000
         local time = redis.call('TIME')
         local now = time[1] * 1000 + math.floor(time[2] / 1000)
         for at = 2, #KEYS do
             redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', now)
             redis.call('ZADD', KEYS[at], now + life, ARGV[1])
             redis.call('PEXPIRE', KEYS[at], life)
         end
         redis.call('PUBLISH', ARGV[3], ARGV[4])
         return registry",
    )
});

/// Writes the first key, deletes the others, closes all, and removes nodes from the registry;
/// unless one of the keys is no longer open. The `SET` is first, so that a server that is out of
/// memory and refuses it has changed nothing.
static WRITING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local count = tonumber(ARGV[2])
         for at = 2, count + 1 do
             if not redis.call('ZSCORE', KEYS[at], ARGV[1]) then return 0 end
         end
         local key = KEYS[count + 2]
         if ARGV[3] == 'delete' then
             redis.call('DEL', key)
         elseif ARGV[5] == '' then
             redis.call('SET', key, ARGV[4])
         else
             redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
         end
         for at = count + 3, #KEYS do redis.call('DEL', KEYS[at]) end
         for at = 2, count + 1 do redis.call('ZREM', KEYS[at], ARGV[1]) end
         if ARGV[6] == '1' then redis.call('HSET', KEYS[1], 'complete', '1') end
         for at = 7, #ARGV, 2 do
             if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then
                 redis.call('HDEL', KEYS[1], ARGV[at])
             end
         end
         return 1",
    )
});

/// A node's identity, and what it sends.
pub(super) struct Membership {
    /// Random, so that no two nodes have the same.
    node: u64,
    prefix: Vec<u8>,
    lease: Duration,
    /// The number of the last renewal.
    renewals: AtomicU64,
    answers: mpsc::UnboundedSender<Answer>,
}

/// An answer to another node's write.
pub(super) struct Answer {
    to: u64,
    write: u64,
}

/// A message of the server to this node.
pub(super) enum Message<'m> {
    /// Another node's write has opened these keys, with their prefix.
    Opened { answer: Answer, keys: Vec<&'m [u8]> },
    /// The node has answered this write of the own node.
    Answered { write: u64, node: u64 },
}

/// The change of a write, with the encoded value.
pub(super) enum Encoded {
    Set(bytes::Bytes, Option<Duration>),
    Delete,
}

impl Membership {
    /// A new node with keys of this prefix; and its answers, which must be sent.
    ///
    /// # Panics
    ///
    /// If a key with the prefix could be one of the keys that this level uses.
    pub(super) fn new(prefix: &[u8], lease: Duration) -> (Self, mpsc::UnboundedReceiver<Answer>) {
        assert!(
            Membership::allow(prefix),
            "the prefix \"{}\" permits keys that begin with `selvedge:`, which the level `Strict` uses itself. Set another \
             prefix in the builder of `Redis`, such as \"shop:\"",
            prefix.escape_ascii()
        );
        let (answers, receiver) = mpsc::unbounded_channel();
        let random = RandomState::new().hash_one((SystemTime::now(), std::process::id()));
        let prefix = prefix.to_owned();
        (Membership { node: random, prefix, lease, renewals: AtomicU64::new(0), answers }, receiver)
    }

    fn allow(prefix: &[u8]) -> bool {
        [OPEN, NODES].iter().all(|own| !own.starts_with(prefix) && !prefix.starts_with(own))
    }

    fn registry(&self) -> Vec<u8> {
        [NODES, &self.prefix].concat()
    }

    /// The channel of the openings, and that of the answers to a node. The channels of all
    /// databases are the same, so that a node may be notified of a key of another database. That
    /// costs an entry, and an answer that no write waits for.
    fn opened_channel(&self) -> Vec<u8> {
        [b"selvedge:opened:", &self.prefix[..]].concat()
    }

    fn answers_channel(&self, node: u64) -> Vec<u8> {
        [b"selvedge:answers:", &self.prefix[..], format!(":{node}").as_bytes()].concat()
    }

    /// The channels to which the node subscribes.
    pub(super) fn channels(&self) -> [Vec<u8>; 2] {
        [self.opened_channel(), self.answers_channel(self.node)]
    }

    /// Registers the node with a new renewal. The answer is 1 if the registry did not have it, and
    /// 0 otherwise.
    pub(super) fn renew(&self) -> Command {
        let renewal = self.renewals.fetch_add(1, Ordering::SeqCst) + 1;
        let mut command = redis::cmd("HSET");
        command.arg(self.registry()).arg(self.node).arg(entry(renewal, self.lease));
        Command::One(command)
    }

    /// Opens these keys, which have their prefix, for the write with this number.
    pub(super) fn open(&self, write: u64, keys: &[Vec<u8>]) -> Command {
        let mut invocation = OPENING.key(self.registry());
        for key in keys {
            invocation.key(mark(key));
        }
        let mut message = format!("{}\n", self.name(write)).into_bytes();
        for key in keys {
            message.extend((key.len() as u64).to_be_bytes());
            message.extend(key);
        }
        invocation
            .arg(self.name(write))
            .arg(whole_milliseconds(self.lease))
            .arg(self.opened_channel())
            .arg(message);
        Command::Script(invocation)
    }

    /// Parses the answer to [`open`](Membership::open).
    pub(super) fn registry_of(&self, fields: &[(String, String)]) -> Option<Registry> {
        let mut registry = Registry { holders: Vec::new(), is_complete: false };
        for (field, value) in fields {
            if field == COMPLETE {
                registry.is_complete = true;
                continue;
            }
            let (renewal, lease) = value.split_once(':')?;
            let (node, renewal) = (field.parse().ok()?, renewal.parse().ok()?);
            let lease = Duration::from_millis(lease.parse().ok()?);
            if node != self.node {
                registry.holders.push(Leaseholder { node, renewal, lease });
            }
        }
        Some(registry)
    }

    /// Writes the first key and deletes the others, all of which the write has opened.
    /// `ends_leases`: whether there are leases for fills.
    pub(super) fn write(
        &self,
        write: u64,
        keys: &[Vec<u8>],
        change: &Encoded,
        outlasted: &Registry,
        ends_leases: bool,
    ) -> Command {
        let mut invocation = WRITING.key(self.registry());
        for key in keys {
            invocation.key(mark(key));
        }
        for key in keys {
            invocation.key(key);
        }
        for key in keys.iter().filter(|_| ends_leases) {
            invocation.key(Leases::key_of(key));
        }
        invocation.arg(self.name(write)).arg(keys.len());
        match change {
            Encoded::Set(value, ttl) => {
                let ttl = ttl.map(|ttl| milliseconds(ttl).to_string()).unwrap_or_default();
                invocation.arg("set").arg(&value[..]).arg(ttl);
            }
            Encoded::Delete => _ = invocation.arg("delete").arg("").arg(""),
        }
        invocation.arg(if outlasted.is_complete { "0" } else { "1" });
        for holder in &outlasted.holders {
            invocation.arg(holder.node).arg(entry(holder.renewal, holder.lease));
        }
        Command::Script(invocation)
    }

    /// The write's name in Redis.
    fn name(&self, write: u64) -> String {
        format!("{}:{write}", self.node)
    }

    /// Parses a message on one of the channels; `None` if it is the own node's, or of no known
    /// form.
    pub(super) fn parse<'m>(&self, channel: &[u8], message: &'m [u8]) -> Option<Message<'m>> {
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
        let numbers = |text: &[u8]| {
            let colon = text.iter().position(|&byte| byte == b':')?;
            Some((number(&text[..colon])?, number(&text[colon + 1..])?))
        };
        if channel == self.answers_channel(self.node) {
            let (node, write) = numbers(message)?;
            return Some(Message::Answered { write, node });
        }
        let end = message.iter().position(|&byte| byte == b'\n')?;
        let (to, write) = numbers(&message[..end])?;
        if to == self.node {
            return None;
        }
        let (mut rest, mut keys) = (&message[end + 1..], Vec::new());
        while let Some((length, after)) = rest.split_first_chunk() {
            let (key, after) = after.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
            keys.push(key);
            rest = after;
        }
        Some(Message::Opened { answer: Answer { to, write }, keys })
    }

    /// Sends the answer soon.
    pub(super) fn answer(&self, answer: Answer) {
        // Without a receiver the runtime has ended.
        let _ = self.answers.send(answer);
    }

    /// The next answers, in one command. `None` after the node has been dropped.
    pub(super) async fn next(
        names: &Names,
        answers: &mut mpsc::UnboundedReceiver<Answer>,
    ) -> Option<Command> {
        let mut next = Vec::with_capacity(BATCH);
        if answers.recv_many(&mut next, BATCH).await == 0 {
            return None;
        }
        let mut commands = redis::pipe();
        for Answer { to, write } in next {
            let channel = [&names.answers[..], format!("{to}").as_bytes()].concat();
            commands.cmd("PUBLISH").arg(channel).arg(format!("{}:{write}", names.node)).ignore();
        }
        Some(Command::Pipeline(commands))
    }

    /// The names for the task that sends the answers.
    pub(super) fn names(&self) -> Names {
        let mut answers = self.answers_channel(0);
        answers.pop();
        Names { node: self.node, answers }
    }
}

/// What an answer contains, without the sender of answers: the task that sends them ends with it.
pub(super) struct Names {
    node: u64,
    /// The channel of the answers to a node, without the node's number.
    answers: Vec<u8>,
}

/// The Redis key that lists the writes which have this key open.
pub(super) fn mark(key: &[u8]) -> Vec<u8> {
    [OPEN, key].concat()
}

/// A node's value in the registry.
fn entry(renewal: u64, lease: Duration) -> String {
    format!("{renewal}:{}", whole_milliseconds(lease))
}

/// The length of a lease, rounded up: a write must not wait for less.
fn whole_milliseconds(lease: Duration) -> u64 {
    milliseconds(lease.saturating_add(Duration::from_nanos(999_999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Membership {
        Membership::new(b"app:", Duration::from_secs(2)).0
    }

    #[test]
    fn an_opening_is_parsed_by_other_nodes_only() {
        let (writer, other) = (member(), member());
        let keys = [b"app:k".to_vec(), b"app:\n:".to_vec(), Vec::new()];
        let mut message = format!("{}\n", writer.name(7)).into_bytes();
        for key in &keys {
            message.extend((key.len() as u64).to_be_bytes());
            message.extend(key);
        }
        let channel = &writer.channels()[0];
        assert!(writer.parse(channel, &message).is_none());
        let Some(Message::Opened { answer, keys: parsed }) = other.parse(channel, &message) else {
            panic!("it is not an opening");
        };
        assert_eq!((answer.to, answer.write), (writer.node, 7));
        assert_eq!(parsed, keys);
        let text = format!("{}:7", other.node);
        let Some(Message::Answered { write, node }) = writer.parse(&writer.channels()[1], text.as_bytes())
        else {
            panic!("it is not an answer");
        };
        assert_eq!((write, node), (7, other.node));
        assert!(other.parse(channel, b"no number\n").is_none() && other.parse(channel, b"").is_none());
    }

    #[test]
    fn the_registry_is_parsed_without_the_own_node() {
        let own = member();
        let field = |field: &str, value: &str| (field.to_owned(), value.to_owned());
        let fields = [field("5", "3:2000"), field(&own.node.to_string(), "1:2000")];
        let holder = Leaseholder { node: 5, renewal: 3, lease: Duration::from_secs(2) };
        let registry = own.registry_of(&fields).expect("it is valid");
        assert_eq!(registry, Registry { holders: vec![holder], is_complete: false });
        let registry = own.registry_of(&[field(COMPLETE, "1")]).expect("it is valid");
        assert_eq!(registry, Registry { holders: vec![], is_complete: true });
        assert!(own.registry_of(&[field("5", "3")]).is_none());
        assert_eq!(entry(3, Duration::from_micros(1_001)), "3:2");
        assert_eq!(entry(3, holder.lease), "3:2000");
    }

    #[test]
    fn a_prefix_that_could_make_an_own_key_is_not_allowed() {
        for prefix in ["", "selvedge:", "selvedge:open:app:", "selvedge:nodes:"] {
            assert!(!Membership::allow(prefix.as_bytes()), "{prefix}");
        }
        assert!(Membership::allow(b"app:") && Membership::allow(b"selvedge:app:"));
    }
}
