//! Servers that listen, for the other tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process};

use selvedge_redis::{Address, Listener, Redis};

/// A path for a socket that nobody else uses.
pub(crate) fn socket() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("selvedge-redis-{}-{number}.sock", process::id()))
}

/// A server on a free port, and how redis-rs gets there.
pub(crate) fn on_port(redis: &Redis) -> (Listener, redis::Client) {
    let listener = redis.listen_on_free_port().expect("a free port");
    let client = redis::Client::open(listener.address().to_string()).expect("its address is one");
    (listener, client)
}

#[test]
fn a_socket_is_there_as_long_as_its_listener() {
    let (redis, path) = (Redis::new(), socket());
    let listener = redis.listen_on_socket(&path).expect("the path is free");
    assert_eq!(listener.address(), &Address::Socket(path.clone()));
    redis.set("k", "v");
    let client = redis::Client::open(listener.address().to_string()).expect("its address is one");
    let mut connection = client.get_connection().expect("it listens");
    assert_eq!(redis::cmd("GET").arg("k").query::<String>(&mut connection).expect("it is there"), "v");
    assert_eq!(redis.connections(), 1);

    drop(listener);
    assert!(!path.exists());
    assert_eq!(redis.connections(), 0);
    redis::cmd("PING").exec(&mut connection).expect_err("nobody listens");
}

#[test]
fn a_socket_that_was_left_behind_is_taken() {
    let path = socket();
    drop(std::os::unix::net::UnixListener::bind(&path).expect("the path is free"));
    let redis = Redis::new();
    let listener = redis.listen_on_socket(&path).expect("nobody listens on it");
    redis.listen_on_socket(&path).expect_err("somebody listens on it");
    drop(listener);
}
