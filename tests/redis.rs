//! `selvedge redis`: the simulated Redis, as a process that any client connects to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

/// A server that ends with the test.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_selvedge"))
            .arg("redis")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was built");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line).expect("text");
        let address = line.strip_prefix("listening on ").expect("it tells where").trim_end().to_owned();
        Served { process, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Sets a key and reads it.
fn talk(mut stream: impl Read + Write) -> String {
    stream.write_all(b"SET k v\r\nGET k\r\nQUIT\r\n").expect("it listens");
    let mut replies = String::new();
    stream.read_to_string(&mut replies).expect("text");
    replies
}

const REPLIES: &str = "+OK\r\n$1\r\nv\r\n+OK\r\n";

#[test]
fn on_a_free_port() {
    let served = Served::start(&["--port", "0"]);
    let address = served.address.strip_prefix("redis://").expect("a port");
    assert_eq!(talk(TcpStream::connect(address).expect("it listens")), REPLIES);
}

#[test]
fn on_a_socket() {
    let path = env::temp_dir().join(format!("selvedge-cli-{}.sock", process::id()));
    let text = path.to_str().expect("a path of ours");
    let served = Served::start(&["--socket", text]);
    assert_eq!(served.address, format!("redis+unix://{text}"));
    assert_eq!(talk(UnixStream::connect(&path).expect("it listens")), REPLIES);

    // Where somebody listens, nobody else can.
    let other = Command::new(env!("CARGO_BIN_EXE_selvedge")).args(["redis", "--socket", text]).output();
    let other = other.expect("the binary was built");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).starts_with("cannot listen on redis+unix:///"));
    drop(served);
    fs::remove_file(path).expect("a process that is killed leaves its socket");
}
