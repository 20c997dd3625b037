//! Invalid requests: the server replies with an error and continues.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use proptest::prelude::*;
use selvedge_redis::resp::Requests;
use selvedge_redis::{Command, Redis, Reply, Server, Time};

use crate::listening::socket;
use crate::wire::Wire;

#[test]
fn an_invalid_request_gets_an_error_and_closes_the_connection() {
    let (redis, path) = (Redis::new(), socket());
    let _listener = redis.listen_on_socket(&path).expect("the path is free");
    let long = vec![b'x'; 70_000];
    let cases: [(&[u8], &str); 10] = [
        (b"*x\r\n", "ERR Protocol error: invalid multibulk length"),
        (b"*99999999999\r\n", "ERR Protocol error: invalid multibulk length"),
        (b"*1\r\n:1\r\n", "ERR Protocol error: expected '$', got ':'"),
        (b"*1\r\n\xff1\r\n", "ERR Protocol error: expected '$', got '\u{fffd}'"),
        (b"*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length"),
        (b"*1\r\n$1x\r\n", "ERR Protocol error: invalid bulk length"),
        (b"*1\r\n$536870913\r\n", "ERR Protocol error: invalid bulk length"),
        (b"set \"k\r\n", "ERR Protocol error: unbalanced quotes in request"),
        (&long, "ERR Protocol error: too big inline request"),
        (&[b"*", &long[..]].concat(), "ERR Protocol error: too big mbulk count string"),
    ];
    for (bytes, expected) in cases {
        let mut wire = Wire::connect(&path);
        wire.send_bytes(bytes);
        let Reply::Error(text) = wire.read().expect("the server replies").reply else {
            panic!("expected an error")
        };
        assert_eq!(
            String::from_utf8_lossy(&text),
            expected,
            "{}",
            bytes[..bytes.len().min(20)].escape_ascii()
        );
        let closed = wire.read().expect_err("the connection is closed");
        assert_eq!(closed.kind(), io::ErrorKind::UnexpectedEof);
    }
    assert_eq!(Wire::connect(&path).call(&["PING"]), Reply::Status("PONG".into()));
}

#[test]
fn empty_requests_have_no_reply() {
    let (redis, path) = (Redis::new(), socket());
    let _listener = redis.listen_on_socket(&path).expect("the path is free");
    let mut wire = Wire::connect(&path);
    wire.send_bytes(b"\r\n\n*0\r\n*-5\r\nPING\r\n");
    assert_eq!(wire.read().expect("the server replies").reply, Reply::Status("PONG".into()));
}

#[test]
fn an_announced_length_allocates_nothing() {
    let mut requests = Requests::default();
    requests.feed(b"*2147483647\r\n$536870912\r\n");
    assert_eq!(requests.next(), Ok(None));
    assert!(requests.unread() < 100);
}

/// Each argument uses memory, including an empty one. The total is updated as arguments arrive:
/// summing it for each piece took quadratic time.
#[test]
fn empty_arguments_are_counted() {
    const ARGUMENTS: usize = 1_000_000;
    let mut requests = Requests::default();
    requests.feed(b"*100000000\r\n");
    let piece = b"$0\r\n\r\n".repeat(1000);
    for _ in 0..ARGUMENTS / 1000 {
        requests.feed(&piece);
        assert_eq!(requests.next(), Ok(None));
    }
    assert!(requests.unread() >= ARGUMENTS * size_of::<bytes::Bytes>(), "{}", requests.unread());
    // A complete request is no longer stored.
    let mut requests = Requests::default();
    requests.feed(b"*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n");
    assert!(requests.next().expect("a request").is_some());
    assert_eq!(requests.unread(), 0);
}

#[test]
fn a_thousand_connections_with_incomplete_requests() {
    let (redis, path) = (Redis::new(), socket());
    let _listener = redis.listen_on_socket(&path).expect("the path is free");
    let connect = |path: &Path| UnixStream::connect(path).or_else(|_| UnixStream::connect(path));
    let half_open: Vec<_> = (0..1000)
        .map_while(|number| {
            let mut stream = connect(&path).ok()?;
            let half = if number % 2 == 0 { &b"*2\r\n$3\r\nGE"[..] } else { &b""[..] };
            io::Write::write_all(&mut stream, half).ok()?;
            Some(stream)
        })
        .collect();
    assert_eq!(half_open.len(), 1000, "too few file descriptors: raise `ulimit -n`");
    let mut wire = Wire::connect(&path);
    assert_eq!(wire.call(&["SET", "k", "v"]), Reply::OK);
    drop(half_open);
    assert_eq!(wire.call(&["GET", "k"]), Reply::bulk("v"));
}

#[test]
fn keys_and_command_names_are_binary_safe() {
    let (redis, path) = (Redis::new(), socket());
    let _listener = redis.listen_on_socket(&path).expect("the path is free");
    let mut wire = Wire::connect(&path);
    let key = [0, 255, b'\r', b'\n', 0xc3];
    assert_eq!(wire.call(&[&b"SET"[..], &key, &key]), Reply::OK);
    assert_eq!(wire.call(&[&b"GET"[..], &key]), Reply::bulk(key.to_vec()));
    let Reply::Error(text) = wire.call(&[&key[1..]]) else { panic!("expected an error") };
    assert!(text.starts_with(b"ERR unknown command '\xff  \xc3'"), "{}", text.escape_ascii());
}

/// Fragments of valid and invalid requests.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"*2\r\n".to_vec()),
        Just(b"$3\r\n".to_vec()),
        Just(b"GET\r\n".to_vec()),
        Just(b"*1\r\n$4\r\nPING\r\n".to_vec()),
        Just(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n".to_vec()),
        Just(b"*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$0\r\n\r\n".to_vec()),
        Just(b"SUBSCRIBE a 'b c'\r\n".to_vec()),
        Just(b"MULTI\r\nGET k\r\n".to_vec()),
        Just(b"HELLO 3\r\n".to_vec()),
        Just(b"CLIENT TRACKING ON BCAST PREFIX \r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
        "[*$:+0-9\r\n -]{0,10}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Every split of the bytes into pieces gives the same output.
    #[test]
    fn the_output_does_not_depend_on_the_pieces(bytes in bytes(), cut in any::<prop::sample::Index>()) {
        let [mut server, mut other] = [Server::new(), Server::new()];
        let whole = output_for(&mut server, &[&bytes]);
        let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
        prop_assert_eq!(whole, output_for(&mut other, &[first, second]));
    }
}

/// The server's output for a connection that sends these pieces.
fn output_for(server: &mut Server, pieces: &[&[u8]]) -> Vec<u8> {
    let connection = server.connect();
    let mut requests = Requests::default();
    let mut bytes = Vec::new();
    for piece in pieces {
        requests.feed(piece);
        loop {
            match requests.next() {
                Ok(Some(words)) => {
                    let output = server.execute(connection, &Command::from(words), Time::START);
                    output.deliveries.iter().for_each(|delivery| delivery.encode(&mut bytes));
                    if !server.is_connected(connection) {
                        return bytes;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    Reply::from(&error).encode(server.protocol(connection), &mut bytes);
                    return bytes;
                }
            }
        }
    }
    bytes
}
