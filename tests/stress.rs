//! Real threads and a real redis-server, judged by the simulator's oracle.
//!
//! `MONITOR` gives the order in which Redis executed the writes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use selvedge::TieredCache;
use selvedge::codec::Raw;
use selvedge::remote::Redis;
use selvedge_redis_server::RedisServer;
use selvedge_sim::history::{Call, History, Key, Mark, Reply, Value};
use selvedge_sim::oracle::{Rule, judge, vacuous};

type Cache = TieredCache<String, Bytes, Redis<Raw>>;

const ROUNDS: u32 = 300;
const READERS: usize = 3;
const WRITERS: usize = 2;
const READS: usize = 8;
const WRITES: u32 = 4;

/// A call with the moments of its start and its end.
struct Done {
    thread: usize,
    call: Call,
    first: u32,
    reply: Reply,
    last: u32,
}

/// The moments of a round: distinct and totally ordered.
#[derive(Default)]
struct Moments(AtomicU32);

impl Moments {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    fn time(&self, thread: usize, call: Call, run: impl FnOnce() -> Reply) -> Done {
        let first = self.next();
        let reply = run();
        Done { thread, call, first, reply, last: self.next() }
    }
}

fn read(cache: &Cache, key: Key) -> Reply {
    let found = cache.blocking().get(&key.name().to_owned()).expect("the server is there");
    Reply::Read(found.map(|text| {
        let version = std::str::from_utf8(&text).expect("digits").parse().expect("digits");
        Value { key, version }
    }))
}

fn write(cache: &Cache, key: Key, call: Call) -> Reply {
    let (cache, name) = (cache.blocking(), key.name().to_owned());
    match call {
        Call::Set(value) => cache.set(&name, &Bytes::from(value.version.to_string())),
        Call::Delete => cache.delete(&name),
        _ => unreachable!("a writer only writes"),
    }
    .expect("the server is there");
    Reply::Done
}

/// The versions that a writer writes; the last one is a deletion.
fn writes(writer: usize, key: Key) -> impl Iterator<Item = Call> {
    (1..=WRITES).map(move |nth| match nth {
        WRITES => Call::Delete,
        _ => Call::Set(Value { key, version: writer as u32 * WRITES + nth }),
    })
}

/// Concurrent readers and writers of one key, while another thread evicts the local entry.
fn round(cache: &Cache, key: Key) -> Vec<Done> {
    let (moments, start) = (Moments::default(), Barrier::new(READERS + WRITERS + 1));
    let mut done = thread::scope(|scope| {
        let readers = (0..READERS).map(|thread| {
            let (moments, start) = (&moments, &start);
            scope.spawn(move || -> Vec<Done> {
                start.wait();
                (0..READS).map(|_| moments.time(thread, Call::Get, || read(cache, key))).collect()
            })
        });
        let writers = (0..WRITERS).map(|writer| {
            let (moments, start) = (&moments, &start);
            scope.spawn(move || -> Vec<Done> {
                start.wait();
                let timed = |call| moments.time(READERS + writer, call, || write(cache, key, call));
                writes(writer, key).map(timed).collect()
            })
        });
        let threads: Vec<_> = readers.collect::<Vec<_>>().into_iter().chain(writers).collect();
        start.wait();
        for nth in 0..4 {
            if nth % 2 == 0 {
                cache.invalidate(&key.name().to_owned())
            } else {
                cache.invalidate_all()
            }
            thread::yield_now();
        }
        threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect::<Vec<_>>()
    });
    let last = moments.time(READERS + WRITERS, Call::Get, || read(cache, key));
    done.push(last);
    done.sort_by_key(|done| done.first);
    done
}

/// The stream of commands that the server executes from now on.
struct Monitor(BufReader<UnixStream>);

impl Monitor {
    fn start(server: &RedisServer) -> Self {
        let mut stream = UnixStream::connect(server.socket()).expect("the server listens");
        stream.write_all(b"MONITOR\r\n").expect("the server reads");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket can have one");
        let mut monitor = Monitor(BufReader::new(stream));
        assert_eq!(monitor.line(), "+OK");
        monitor
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the server sends a line for each command");
        line.trim_end().to_owned()
    }

    /// The contents written to each key, in the server's order, up to the command `ECHO end`.
    fn contents(mut self) -> BTreeMap<String, Vec<Option<u32>>> {
        let mut contents = BTreeMap::<String, Vec<Option<u32>>>::new();
        loop {
            let line = self.line();
            let words: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            match words[..] {
                ["SET", key, value, ..] => {
                    contents.entry(key.to_owned()).or_default().push(Some(value.parse().expect("digits")));
                }
                ["DEL", key] => contents.entry(key.to_owned()).or_default().push(None),
                ["ECHO", "end"] => return contents,
                _ => {}
            }
        }
    }
}

/// The history of the round, for the oracle.
fn history(key: Key, done: &[Done], contents: &[Option<u32>]) -> History {
    let mut history = History::default();
    history.start_with(key, None);
    for its in done {
        let settled = its.thread == READERS + WRITERS;
        let mark = Mark { task: 0, index: its.first };
        let operation = history.invoke(its.thread, key, its.call, mark, settled);
        history.respond(operation, its.reply, [its.last]);
    }
    // The server executes a thread's commands in order. Deletions look alike; the versions around
    // them distinguish them.
    let mut deletions: Vec<_> = done.iter().enumerate().filter(|(_, its)| its.call == Call::Delete).collect();
    for &content in contents {
        let by = match content {
            Some(version) => {
                let call = Call::Set(Value { key, version });
                done.iter().position(|its| its.call == call).expect("somebody set it")
            }
            None => {
                let written = |thread| {
                    let of = |version: &Option<u32>| version.is_some_and(|v| (v - 1) / WRITES == thread);
                    contents.iter().filter(|&version| of(version)).count()
                };
                // Each writer deletes once, after it has written all its versions.
                let place = deletions
                    .iter()
                    .position(|(_, its)| {
                        let writer = (its.thread - READERS) as u32;
                        let seen = history.versions(key).filter(|version| {
                            version.content.is_some_and(|value| (value.version - 1) / WRITES == writer)
                        });
                        seen.count() == written(writer)
                    })
                    .expect("a writer that has written all");
                deletions.remove(place).0
            }
        };
        let at = Mark { task: 0, index: done[by].first };
        history.written(key, content.map(|version| Value { key, version }), by, at);
    }
    history
}

#[test]
fn real_threads_over_a_real_server_are_linearizable() {
    let Some(server) = RedisServer::start_or_skip("the stress run") else { return };
    let remote = || {
        let patience = Duration::from_secs(20);
        Redis::builder(&server.url())
            .prefix("stress:")
            .codec(Raw)
            .command_timeout(patience)
            .connect_timeout(patience)
            .build()
            .expect("the URL is valid")
    };
    let caches: [Cache; 2] = [
        TieredCache::builder(remote()).single_process().build(),
        TieredCache::builder(remote())
            .single_process()
            .local_ttl(Duration::from_millis(1))
            .absent_ttl(Duration::from_millis(1))
            .build(),
    ];
    let monitor = Monitor::start(&server);
    let key = |nth: u32| Key::new(&format!("round:{nth}"));
    let rounds: Vec<_> = (0..ROUNDS).map(|nth| round(&caches[nth as usize % 2], key(nth))).collect();
    let client = redis::Client::open(server.url()).expect("the URL is valid");
    let mut other = client.get_connection().expect("the server listens");
    let _: String = redis::cmd("ECHO").arg("end").query(&mut other).expect("the server answers");
    let contents = monitor.contents();

    let (mut findings, mut empty, mut tampered) = (Vec::new(), 0, 0);
    for (nth, done) in rounds.into_iter().enumerate() {
        let key = key(nth as u32);
        let contents = &contents[&format!("stress:{}", key.name())];
        assert_eq!(contents.len(), WRITERS * WRITES as usize, "each write was executed once");
        let history = history(key, &done, contents);
        judge(&history, &mut findings);
        assert!(findings.is_empty(), "round {nth}: {findings:?}\n{history:?}");
        empty += u32::from(vacuous(&history));
        // The same oracle detects a violation: the last read, changed to the first version.
        let mut done = done;
        let first = contents[0].map(|version| Value { key, version });
        done.last_mut().expect("the last read").reply = Reply::Read(first);
        judge(&self::history(key, &done, contents), &mut findings);
        tampered += u32::from(findings.drain(..).any(|finding| finding.rule == Rule::Stale));
    }
    assert!(empty < ROUNDS / 10, "in {empty} of {ROUNDS} rounds no read overlapped or followed a write");
    assert!(
        tampered == ROUNDS,
        "only {tampered} of {ROUNDS} histories were found stale after one was made so"
    );
}
