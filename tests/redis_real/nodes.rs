//! Several nodes at the levels `Notified` and `Strict` (`strict.rs`), through proxies that delay,
//! freeze and cut their connections.
//!
//! Each key has one writer, which writes increasing values, each through another node. It repeats a
//! failed write on the same node until it is acknowledged, so that the values in Redis increase
//! too. Readers check each read on their node against what they know from before the read.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use selvedge::TieredCache;
use selvedge::nodes::Notified;
use selvedge::remote::Redis;
use selvedge_redis_server::RedisServer;

use super::Real;

pub(super) const NODES: usize = 3;
const KEYS: usize = 4;
const BOUND: Duration = Duration::from_millis(400);

pub(super) type Cache = TieredCache<String, u64, Redis>;

/// A proxy between one node and the server.
pub(super) struct Line {
    folder: tempfile::TempDir,
    pub(super) network: Arc<Network>,
}

#[derive(Default)]
pub(super) struct Network {
    /// The delay of each piece of the server's data, in milliseconds.
    pub(super) delay: AtomicU64,
    /// Whether nothing is forwarded, in either direction.
    pub(super) is_frozen: AtomicBool,
    streams: Mutex<Vec<UnixStream>>,
}

impl Line {
    pub(super) fn start(server: &RedisServer) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let listener = UnixListener::bind(folder.path().join("line.sock")).expect("the folder is new");
        let (network, server) = (Arc::<Network>::default(), server.socket());
        let its = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                let Ok(server) = UnixStream::connect(&server) else { continue };
                its.carry(&client, &server, false);
                its.carry(&server, &client, true);
                its.streams.lock().unwrap().extend([client, server]);
            }
        });
        Line { folder, network }
    }

    fn url(&self) -> String {
        let socket: PathBuf = self.folder.path().join("line.sock");
        format!("unix://{}", socket.display())
    }

    pub(super) fn cut(&self) {
        for stream in self.network.streams.lock().unwrap().drain(..) {
            // Either side may have closed it.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Network {
    fn carry(self: &Arc<Self>, from: &UnixStream, to: &UnixStream, is_of_server: bool) {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let network = Arc::clone(self);
        thread::spawn(move || {
            let mut buffer = [0; 1 << 14];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                if is_of_server {
                    thread::sleep(Duration::from_millis(network.delay.load(Ordering::Relaxed)));
                }
                while network.is_frozen.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                }
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}

/// What is known of a key.
#[derive(Default)]
struct KeyState {
    /// The acknowledged values, with the time after the acknowledgement.
    acknowledged: Mutex<Vec<(Instant, u64)>>,
    /// For each node, the newest value that a completed read returned or a completed write wrote.
    seen: [AtomicU64; NODES],
    /// The same, on any node.
    seen_anywhere: AtomicU64,
}

impl KeyState {
    /// The newest value that was acknowledged at this time.
    fn acknowledged_at(&self, time: Instant) -> u64 {
        let acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.iter().rev().find(|(at, _)| *at <= time).map_or(0, |(_, value)| *value)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) reads: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) writes: AtomicU64,
    backwards: AtomicU64,
    beyond: AtomicU64,
    /// Reads of a value older than one that was acknowledged before: permitted within the bound.
    pub(super) stale: AtomicU64,
    /// Reads of a value older than one that a read on any node had returned before: permitted at
    /// the level `Notified`.
    pub(super) inverted: AtomicU64,
    pub(super) faults: AtomicU64,
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// A small generator of pseudo-random numbers (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// Runs readers and writers on the nodes for this time, and disturbs their connections.
pub(super) fn run(caches: &[Cache; NODES], lines: &[Line; NODES], time: Duration) -> Counts {
    let counts = Counts::default();
    let keys: [KeyState; KEYS] = Default::default();
    let end = Instant::now() + time;
    let is_over = || Instant::now() >= end;
    thread::scope(|scope| {
        for (key, state) in keys.iter().enumerate() {
            let (counts, is_over) = (&counts, &is_over);
            scope.spawn(move || {
                let (mut draw, name) = (Draw(0x9e37_79b9 + key as u64), format!("k{key}"));
                for value in 1.. {
                    let node = draw.below(NODES as u64) as usize;
                    while caches[node].blocking().set(&name, &value).is_err() {
                        if is_over() {
                            return;
                        }
                        thread::sleep(Duration::from_millis(1));
                    }
                    state.acknowledged.lock().unwrap().push((Instant::now(), value));
                    state.seen[node].fetch_max(value, Ordering::SeqCst);
                    state.seen_anywhere.fetch_max(value, Ordering::SeqCst);
                    add(&counts.writes);
                    if is_over() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(draw.below(12)));
                }
            });
        }
        for reader in 0..2 * NODES {
            let (node, counts, keys, is_over) = (reader % NODES, &counts, &keys, &is_over);
            scope.spawn(move || {
                let mut draw = Draw(0x1234_5678 + reader as u64);
                while !is_over() {
                    let key = draw.below(KEYS as u64) as usize;
                    let (state, name) = (&keys[key], format!("k{key}"));
                    let before = Instant::now();
                    let floor = state.seen[node].load(Ordering::SeqCst);
                    let floor_anywhere = state.seen_anywhere.load(Ordering::SeqCst);
                    let Ok(found) = caches[node].blocking().get(&name) else {
                        add(&counts.failed);
                        continue;
                    };
                    let value = found.unwrap_or(0);
                    state.seen[node].fetch_max(value, Ordering::SeqCst);
                    state.seen_anywhere.fetch_max(value, Ordering::SeqCst);
                    add(&counts.reads);
                    if value < floor_anywhere {
                        add(&counts.inverted);
                    }
                    if value < floor {
                        add(&counts.backwards);
                    }
                    if value < state.acknowledged_at(before) {
                        add(&counts.stale);
                        let bounded = before.checked_sub(BOUND).map(|time| state.acknowledged_at(time));
                        if bounded.is_some_and(|oldest| value < oldest) {
                            add(&counts.beyond);
                        }
                    }
                    if draw.below(64) == 0 {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        let mut draw = Draw(77);
        while !is_over() {
            let line = &lines[draw.below(NODES as u64) as usize];
            match draw.below(4) {
                0 => line.cut(),
                1 => line.network.delay.store(draw.below(60), Ordering::Relaxed),
                2 => {
                    line.network.is_frozen.store(true, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(draw.below(900)));
                    if draw.below(2) == 0 {
                        line.cut();
                    }
                    line.network.is_frozen.store(false, Ordering::Relaxed);
                }
                _ => line.network.delay.store(0, Ordering::Relaxed),
            }
            add(&counts.faults);
            thread::sleep(Duration::from_millis(100 + draw.below(200)));
        }
        for line in lines {
            line.network.delay.store(0, Ordering::Relaxed);
        }
    });
    counts
}

pub(super) fn seconds() -> Duration {
    let seconds = std::env::var("SELVEDGE_NODES_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

pub(super) fn redis(real: &Real, line: &Line) -> Redis {
    let builder = real.builder_at(&line.url()).command_timeout(Duration::from_millis(200));
    builder.connect_timeout(Duration::from_millis(200)).build().unwrap()
}

#[test]
fn no_read_of_a_notified_node_goes_backwards_or_beyond_the_bound() {
    let Some(real) = Real::start("nodes that are notified") else { return };
    let lines: [Line; NODES] = std::array::from_fn(|_| Line::start(&real.server));
    let caches: [Cache; NODES] = std::array::from_fn(|node| {
        TieredCache::builder(redis(&real, &lines[node])).notified(Notified::within(BOUND)).build()
    });
    let counts = run(&caches, &lines, seconds());
    let hits: u64 = caches.iter().map(|cache| cache.stats().hits).sum();
    println!("{counts:?}, {hits} hits");
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!((count(&counts.backwards), count(&counts.beyond)), (0, 0), "{counts:?}");
    // The nodes were disturbed, and have served their local tiers all the same.
    assert!(count(&counts.faults) > 5 && count(&counts.failed) > 0, "{counts:?}");
    assert!(count(&counts.writes) > 100 && hits > count(&counts.reads) / 4, "{counts:?}, {hits} hits");
}

/// The same workload finds reads beyond the bound if the nodes are not notified.
#[test]
fn nodes_that_are_not_notified_serve_old_values() {
    let Some(real) = Real::start("nodes that are not notified") else { return };
    let lines: [Line; NODES] = std::array::from_fn(|_| Line::start(&real.server));
    let caches: [Cache; NODES] = std::array::from_fn(|node| {
        TieredCache::builder(redis(&real, &lines[node])).local_ttl(Duration::from_secs(2)).build()
    });
    let counts = run(&caches, &lines, Duration::from_secs(3));
    assert!(counts.beyond.load(Ordering::Relaxed) > 0, "{counts:?}");
}

#[test]
fn a_notification_removes_the_local_entry() {
    let Some(mut real) = Real::start("a notified node") else { return };
    let redis = real.redis();
    let cache: Cache =
        TieredCache::builder(redis).notified(Notified::within(Duration::from_secs(30))).build();
    let (cached, key) = (cache.blocking(), "k".to_owned());
    let until_cached = |value: Option<u64>| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let found = cached.get(&key).unwrap();
            let hits = cache.stats().hits;
            // The second read is a hit, if the first has cached.
            if found == value && cached.get(&key).unwrap() == value && cache.stats().hits > hits {
                return;
            }
            assert!(Instant::now() < deadline, "it is not cached");
        }
    };
    cached.set(&key, &1).unwrap();
    until_cached(Some(1));
    // Another client writes, deletes, lets expire, and flushes.
    let () = real.by_hand("SET app:k \u{2}");
    until_cached(Some(2));
    let () = real.by_hand("DEL app:k");
    until_cached(None);
    let () = real.by_hand("SET app:k \u{3} PX 150");
    until_cached(None);
    cached.set(&key, &4).unwrap();
    until_cached(Some(4));
    let () = real.by_hand("FLUSHALL");
    until_cached(None);
}

#[test]
fn a_node_whose_server_refuses_notifications_caches_nothing() {
    let Some(mut real) = Real::start("a node without the permission for notifications") else { return };
    let () = real.by_hand("ACL SETUSER default -client|tracking");
    let cache: Cache =
        TieredCache::builder(real.redis()).notified(Notified::within(Duration::from_secs(30))).build();
    let (cached, key) = (cache.blocking(), "k".to_owned());
    cached.set(&key, &1).unwrap();
    for _ in 0..20 {
        assert_eq!(cached.get(&key).unwrap(), Some(1));
        assert!(!cache.contains_local(&key));
    }
}
