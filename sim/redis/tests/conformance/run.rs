//! Runs one sequence on both servers.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proptest::test_runner::TestCaseError;
use selvedge_redis::{Command, ConnectionId, Delivery, Reply, Server, Time};
use selvedge_redis_server::RedisServer;

use crate::coverage::Coverage;
use crate::exceptions::{
    Compared, compared, is_omitted, monitored, shape, sorted, without_encoding, without_ids, without_name,
    without_times,
};
use crate::step::{SequenceStep, Word};
use crate::wire::{Frame, Wire};

/// The first connection id is above the protocol versions, so that they cannot be confused.
const FIRST_ID: usize = 20;

/// A connection to both servers.
struct ConnectionPair {
    ours: ConnectionId,
    theirs: Wire,
    /// The deliveries of the simulated server that have not been compared yet.
    expected: Vec<Delivery>,
    is_in_transaction: bool,
    /// Milliseconds to wait after the transaction.
    wait_ms: u64,
    queued: Vec<Vec<Vec<u8>>>,
    /// The last command that it sent. Its reply is late if it waits.
    last: Vec<Vec<u8>>,
}

/// A sequence on a new simulated server and a flushed real one.
pub(crate) struct Run<'a> {
    server: Server,
    /// A connection of the simulated server that stays authenticated.
    own_admin: ConnectionId,
    connections: Vec<ConnectionPair>,
    ids: [Vec<i64>; 2],
    admin: Wire,
    /// Maximum reply time of the real server, which is the tolerance for its deadlines.
    slack: Duration,
    coverage: &'a mut Coverage,
    log: String,
}

/// Whether the reply is an out-of-band message.
fn is_message(reply: &Reply) -> bool {
    // A line of a monitor begins with the time.
    matches!(reply, Reply::Status(text) if text.first().is_some_and(u8::is_ascii_digit))
        || is_push(reply, &["message", "pmessage", "smessage"])
        || is_invalidation(reply)
}

fn is_invalidation(reply: &Reply) -> bool {
    is_push(reply, &["invalidate", "tracking-redir-broken"])
}

fn is_push(reply: &Reply, kinds: &[&'static str]) -> bool {
    let Reply::Push(items) = reply else { return false };
    kinds.iter().any(|kind| items.first() == Some(&Reply::bulk(*kind)))
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Time::from_micros(since.as_micros().try_into().expect("before the year 586,000"))
}

impl<'a> Run<'a> {
    pub(crate) fn new(real: &RedisServer, connections: usize, coverage: &'a mut Coverage) -> Self {
        let mut admin = Wire::connect(&real.socket());
        // A sequence that failed may have left a password.
        _ = admin.call(&["AUTH", "secret"]);
        for line in [
            "FLUSHALL",
            "SCRIPT FLUSH",
            "CONFIG SET notify-keyspace-events ''",
            "CONFIG SET requirepass ''",
            "ACL DELUSER u",
            "DEBUG SET-ACTIVE-EXPIRE 0",
        ] {
            let words: Vec<_> = line.split(' ').map(|word| word.trim_matches('\'')).collect();
            let reply = admin.call(&words);
            assert!(!reply.is_error(), "{line}: {reply:?}");
        }
        let mut server = Server::new();
        for _ in 0..FIRST_ID {
            let unused = server.connect();
            server.disconnect(unused);
        }
        let own_admin = server.connect();
        let mut run = Run {
            server,
            own_admin,
            connections: Vec::new(),
            ids: [Vec::new(), Vec::new()],
            admin,
            slack: Duration::ZERO,
            coverage,
            log: String::new(),
        };
        for _ in 0..connections {
            run.connect(real);
        }
        run
    }

    fn connect(&mut self, real: &RedisServer) {
        let ours = self.server.connect();
        let mut theirs = Wire::connect(&real.socket());
        let Reply::Integer(id) = theirs.call(&["CLIENT", "ID"]) else { panic!("expected a number") };
        self.ids[0].push(ours.number() as i64);
        self.ids[1].push(id);
        self.connections.push(ConnectionPair {
            ours,
            theirs,
            expected: Vec::new(),
            is_in_transaction: false,
            wait_ms: 0,
            queued: Vec::new(),
            last: Vec::new(),
        });
    }

    /// Sends a step to both servers, and compares all replies and pushes.
    pub(crate) fn step(&mut self, step: &SequenceStep) -> Result<(), TestCaseError> {
        let own = self.connections[step.connection].ours;
        if !self.server.is_connected(own) || self.server.is_blocked(own) {
            return Ok(());
        }
        let words = |side: usize| -> Vec<Vec<u8>> {
            let word = |word: &Word| match word {
                Word::Bytes(bytes) => bytes.clone(),
                Word::Id(connection) => self.ids[side][*connection].to_string().into_bytes(),
            };
            step.words.iter().map(word).collect()
        };
        let [ours, theirs] = [words(0), words(1)];
        if is_omitted(&ours, self.connections[step.connection].is_in_transaction) {
            return Ok(());
        }
        _ = writeln!(self.log, "{step:?}");
        self.connections[step.connection].last.clone_from(&ours);
        let before = now();
        let output =
            self.server.execute(self.connections[step.connection].ours, &Command::new(&ours), before);
        self.expect(output.deliveries);
        let began = Instant::now();
        self.connections[step.connection].theirs.send(&theirs);
        if self.server.is_blocked(own) {
            self.wait_until_blocked(step.connection)?;
        }
        self.compare_all(step.connection, began)?;
        for closed in output.closed {
            let closed =
                self.connections.iter_mut().find(|it| it.ours == closed).expect("a connection of this run");
            let after = closed.theirs.read();
            if after.is_ok() {
                return Err(TestCaseError::fail(format!(
                    "the real connection is still open: {after:?}\n{}",
                    self.log
                )));
            }
        }
        // A queued command executes later, so its wait starts later too.
        let own = &mut self.connections[step.connection];
        own.wait_ms = own.wait_ms.max(step.then_sleep_ms);
        if !own.is_in_transaction && own.wait_ms > 0 {
            thread::sleep(Duration::from_millis(std::mem::take(&mut own.wait_ms)));
            let output = self.server.time_out(now());
            self.expect(output.deliveries);
            self.compare_all(step.connection, Instant::now())?;
        }
        Ok(())
    }

    /// Waits until the real server has executed a blocking command, which has no reply yet.
    fn wait_until_blocked(&mut self, connection: usize) -> Result<(), TestCaseError> {
        let id = self.ids[1][connection].to_string();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            let Reply::Bulk(line) = self.admin.call(&["CLIENT", "LIST", "ID", &id]) else { break };
            let line = String::from_utf8_lossy(&line).into_owned();
            let flags = line.split(' ').find_map(|field| field.strip_prefix("flags="));
            if flags.is_some_and(|flags| flags.contains('b')) {
                return Ok(());
            }
        }
        Err(TestCaseError::fail(format!("the real connection does not wait\n{}", self.log)))
    }

    /// Records deliveries of the simulated server.
    fn expect(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            let to = self
                .connections
                .iter_mut()
                .find(|it| it.ours == delivery.to)
                .expect("a connection of this run");
            to.expected.push(delivery);
        }
    }

    /// Compares all recorded deliveries with the output of the real server. The `sender` has sent a
    /// command at `began`.
    fn compare_all(&mut self, sender: usize, began: Instant) -> Result<(), TestCaseError> {
        for connection in 0..self.connections.len() {
            let mut expected: Vec<_> = self.connections[connection].expected.drain(..).collect();
            let theirs = &mut self.connections[connection].theirs;
            let mut found: Vec<_> = expected.iter().map_while(|_| theirs.read().ok()).collect();
            // The real server executes the command after this read of the clock.
            self.slack = self.slack.max(began.elapsed());
            // A push caused by the connection's own command may precede its reply.
            found.sort_by_key(|frame| connection == sender && is_message(&frame.reply));
            // Redis orders invalidations that several connections redirect to one by address.
            if expected.iter().filter(|it| is_invalidation(&it.reply)).count() > 1 {
                found
                    .sort_by_key(|frame| is_invalidation(&frame.reply).then(|| format!("{:?}", frame.reply)));
                expected.sort_by_key(|it| is_invalidation(&it.reply).then(|| format!("{:?}", it.reply)));
            }
            let last = self.connections[connection].last.clone();
            let mut found = found.into_iter();
            for expected in expected {
                // A push of another connection's command is not a reply to its own.
                let is_reply = expected.kind == selvedge_redis::DeliveryKind::Reply;
                let words = if is_reply || connection == sender { &last[..] } else { &[] };
                self.compare(connection, words, &expected, found.next())?;
            }
        }
        Ok(())
    }

    fn compare(
        &mut self,
        connection: usize,
        words: &[Vec<u8>],
        expected: &Delivery,
        found: Option<Frame>,
    ) -> Result<(), TestCaseError> {
        let mut bytes = Vec::new();
        expected.encode(&mut bytes);
        let is_own = expected.kind == selvedge_redis::DeliveryKind::Reply;
        let theirs =
            found.as_ref().map_or("nothing".to_owned(), |frame| frame.bytes.escape_ascii().to_string());
        _ = writeln!(self.log, "     to {connection}: {}", bytes.escape_ascii());
        let queued = std::mem::take(&mut self.connections[connection].queued);
        let is_same = found.is_some_and(|frame| {
            let ours = crate::wire::decode(&bytes).map(|(reply, _)| reply).unwrap_or(Reply::Null);
            frame.bytes == bytes && compared(words) != Compared::Unordered
                || self.is_same(words, &queued, &ours, &frame.reply)
        });
        if is_own {
            let failed = expected.reply.is_error();
            self.coverage.add(words, !failed);
            match &words[0].to_ascii_lowercase()[..] {
                b"multi" if !failed => self.connections[connection].is_in_transaction = true,
                b"exec" | b"discard" | b"reset" => self.connections[connection].is_in_transaction = false,
                _ => {}
            }
            let is_exec = words[0].eq_ignore_ascii_case(b"exec");
            if let (true, Reply::Array(replies)) = (is_exec, &expected.reply) {
                queued
                    .iter()
                    .zip(replies)
                    .for_each(|(words, reply)| self.coverage.add(words, !reply.is_error()));
            } else if !is_exec && !words[0].eq_ignore_ascii_case(b"discard") {
                self.connections[connection].queued = queued;
                if expected.reply == Reply::Status("QUEUED".into()) {
                    self.connections[connection].queued.push(words.to_vec());
                }
            }
        } else {
            self.connections[connection].queued = queued;
        }
        if is_same {
            return Ok(());
        }
        let log = &self.log;
        Err(TestCaseError::fail(format!(
            "real output to connection {connection}: {theirs}\nsimulated output:\n{log}"
        )))
    }

    fn is_same(&self, words: &[Vec<u8>], queued: &[Vec<Vec<u8>>], ours: &Reply, theirs: &Reply) -> bool {
        if ours == theirs && compared(words) != Compared::Unordered {
            return true;
        }
        let slack = self.slack.as_millis() as i64 + 1;
        let [own_ids, their_ids] = &self.ids;
        let within = |most: i64| match (ours, theirs) {
            // -1 and -2 are not times: the key has no deadline, or does not exist.
            (Reply::Integer(ours), Reply::Integer(theirs)) if *ours < 0 || *theirs < 0 => ours == theirs,
            (Reply::Integer(ours), Reply::Integer(theirs)) => (ours - theirs).abs() <= most,
            _ => false,
        };
        match compared(words) {
            Compared::Exactly => match (ours, theirs) {
                (Reply::Array(ours), Reply::Array(theirs))
                    if !queued.is_empty() && ours.len() == queued.len() =>
                {
                    let pairs = ours.iter().zip(theirs).zip(queued);
                    ours.len() == theirs.len()
                        && pairs
                            .into_iter()
                            .all(|((ours, theirs), words)| self.is_same(words, &[], ours, theirs))
                }
                (Reply::Status(ours), Reply::Status(theirs)) => monitored(ours) == monitored(theirs),
                (Reply::Push(_), Reply::Push(_)) => {
                    without_ids(ours, own_ids) == without_ids(theirs, their_ids)
                }
                _ => false,
            },
            Compared::Unordered => sorted(ours) == sorted(theirs),
            Compared::Unsubscribed => without_name(ours) == without_name(theirs),
            Compared::Milliseconds => within(2 * slack),
            Compared::Seconds => within(1 + 2 * slack / 1000),
            Compared::WithIds => without_ids(ours, own_ids) == without_ids(theirs, their_ids),
            Compared::Shape => shape(ours) == shape(theirs),
            Compared::Encoding => without_encoding(ours) == without_encoding(theirs),
            Compared::WithoutTimes => without_times(ours) == without_times(theirs),
            Compared::Type => std::mem::discriminant(ours) == std::mem::discriminant(theirs),
        }
    }

    /// Compares the whole keyspace, and checks that no output is left.
    pub(crate) fn end(&mut self, real: &RedisServer) -> Result<(), TestCaseError> {
        let words = ["CONFIG", "SET", "requirepass", ""];
        self.server.execute(self.own_admin, &Command::new(words), now());
        _ = self.admin.call(&words);
        self.connect(real);
        let reader = self.connections.len() - 1;
        for database in ["0", "1"] {
            self.send(reader, &["SELECT", database])?;
            self.send(reader, &["KEYS", "*"])?;
            self.send(reader, &["DBSIZE"])?;
            let database: usize = database.parse().expect("a number");
            let keys: Vec<_> = self.server.keys(database, now()).map(<[u8]>::to_vec).collect();
            for key in keys {
                for line in ["TYPE {}", "PTTL {}", "GET {}", "HGETALL {}", "SMEMBERS {}", "LRANGE {} 0 -1"] {
                    self.send_about(reader, line, &key)?;
                }
                self.send_about(reader, "ZRANGE {} 0 -1 WITHSCORES", &key)?;
            }
        }
        for connection in 0..self.connections.len() {
            self.send(connection, &["PING"])?;
        }
        Ok(())
    }

    fn send_about(&mut self, connection: usize, line: &str, key: &[u8]) -> Result<(), TestCaseError> {
        let words = line.split(' ').map(|word| if word == "{}" { Word::from(key) } else { Word::from(word) });
        self.step(&SequenceStep { connection, words: words.collect(), then_sleep_ms: 0 })
    }

    fn send(&mut self, connection: usize, words: &[&str]) -> Result<(), TestCaseError> {
        let words = words.iter().map(Word::from).collect();
        self.step(&SequenceStep { connection, words, then_sleep_ms: 0 })
    }
}
