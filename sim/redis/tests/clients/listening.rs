//! Listening servers for the other tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process};

use selvedge_redis::{Address, Listener, Redis};

/// An unused path for a socket.
pub(crate) fn socket() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("selvedge-redis-{}-{number}.sock", process::id()))
}

/// A server on a free port, and a redis-rs client for it.
pub(crate) fn on_port(redis: &Redis) -> (Listener, redis::Client) {
    let listener = redis.listen_on_free_port().expect("a port is free");
    let client = redis::Client::open(listener.address().to_string()).expect("a valid URL");
    (listener, client)
}

#[test]
fn a_socket_exists_as_long_as_its_listener() {
    let (redis, path) = (Redis::new(), socket());
    let listener = redis.listen_on_socket(&path).expect("the path is free");
    assert_eq!(listener.address(), &Address::Socket(path.clone()));
    redis.set("k", "v");
    let client = redis::Client::open(listener.address().to_string()).expect("a valid URL");
    let mut connection = client.get_connection().expect("the server accepts connections");
    assert_eq!(redis::cmd("GET").arg("k").query::<String>(&mut connection).expect("the key exists"), "v");
    assert_eq!(redis.connections(), 1);

    drop(listener);
    assert!(!path.exists());
    assert_eq!(redis.connections(), 0);
    redis::cmd("PING").exec(&mut connection).expect_err("the listener is gone");
}

#[test]
fn a_socket_without_a_listener_is_reused() {
    let path = socket();
    drop(std::os::unix::net::UnixListener::bind(&path).expect("the path is free"));
    let redis = Redis::new();
    let listener = redis.listen_on_socket(&path).expect("the socket has no listener");
    redis.listen_on_socket(&path).expect_err("the socket has a listener");
    drop(listener);
}
