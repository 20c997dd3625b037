//! Bytes that may be requests, or not: what both say to them, until the connection ends.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use selvedge_redis::resp::Requests;
use selvedge_redis::{Command, Reply, Server, Time};
use selvedge_redis_server::RedisServer;

/// Pieces of requests, and of what is none.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&str; 22] = [
        "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*2\r\n",
        "$3\r\nGET\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$536870913\r\n",
        "*1\r\n:1\r\n",
        "*99999999999\r\n",
        "*01\r\n",
        "*1\r\n$04\r\nPING\r\n",
        "PING\r\n",
        "PING\n",
        "\r\n",
        "SET k \"a b\"\r\n",
        "GET 'k'\r\n",
        "SET k \"a\r\n",
        "ECHO \"\\x41\\n\\\"\"\r\n",
        "NOPE a\r\n",
        "SUBSCRIBE a b\r\n",
    ];
    let piece = prop_oneof![
        6 => prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => "[*$:+0-9\r\n -]{0,10}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What the real one says. It is told that there will be no more, so that it ends.
fn theirs(real: &RedisServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(real.socket()).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out of a socket");
    stream.write_all(b"FLUSHALL\r\n").expect("it listens");
    // It may have said all that it has to, and not read the rest.
    _ = stream.write_all(bytes);
    _ = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    _ = stream.read_to_end(&mut said);
    said
}

fn ours(bytes: &[u8]) -> Vec<u8> {
    let mut server = Server::new();
    let connection = server.connect();
    let mut requests = Requests::default();
    requests.feed(b"FLUSHALL\r\n");
    requests.feed(bytes);
    let mut said = Vec::new();
    loop {
        match requests.next() {
            Ok(Some(words)) => {
                let output = server.execute(connection, &Command::from(words), Time::START);
                output.deliveries.iter().for_each(|delivery| delivery.encode(&mut said));
                if !server.is_connected(connection) {
                    return said;
                }
            }
            Ok(None) => return said,
            Err(error) => {
                Reply::from(&error).encode(server.protocol(connection), &mut said);
                return said;
            }
        }
    }
}

pub(crate) fn compare(real: &RedisServer, bytes: &[u8]) -> Result<(), TestCaseError> {
    let [ours, theirs] = [ours(bytes), theirs(real, bytes)].map(|said| said.escape_ascii().to_string());
    prop_assert_eq!(ours, theirs, "ours and theirs to {}", bytes.escape_ascii());
    Ok(())
}
