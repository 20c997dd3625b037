//! Valid and invalid bytes: compares the output of both servers until the connection ends.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use selvedge_redis::resp::Requests;
use selvedge_redis::{Command, Reply, Server, Time};
use selvedge_redis_server::RedisServer;

/// Fragments of valid and invalid requests.
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

/// The output of the real server. Closes the sending side, so that the server closes the
/// connection.
fn theirs(real: &RedisServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(real.socket()).expect("the server accepts connections");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a valid timeout");
    stream.write_all(b"FLUSHALL\r\n").expect("the server reads");
    // The server may have closed the connection without reading the rest.
    _ = stream.write_all(bytes);
    _ = stream.shutdown(Shutdown::Write);
    let mut output = Vec::new();
    _ = stream.read_to_end(&mut output);
    output
}

fn ours(input: &[u8]) -> Vec<u8> {
    let mut server = Server::new();
    let connection = server.connect();
    let mut requests = Requests::default();
    requests.feed(b"FLUSHALL\r\n");
    requests.feed(input);
    let mut bytes = Vec::new();
    loop {
        match requests.next() {
            Ok(Some(words)) => {
                let result = server.execute(connection, &Command::from(words), Time::START);
                result.deliveries.iter().for_each(|delivery| delivery.encode(&mut bytes));
                if !server.is_connected(connection) {
                    return bytes;
                }
            }
            Ok(None) => return bytes,
            Err(error) => {
                Reply::from(&error).encode(server.protocol(connection), &mut bytes);
                return bytes;
            }
        }
    }
}

pub(crate) fn compare(real: &RedisServer, bytes: &[u8]) -> Result<(), TestCaseError> {
    let [ours, theirs] = [ours(bytes), theirs(real, bytes)].map(|output| output.escape_ascii().to_string());
    prop_assert_eq!(ours, theirs, "simulated and real output for {}", bytes.escape_ascii());
    Ok(())
}
