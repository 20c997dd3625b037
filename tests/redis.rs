//! `selvedge redis`: the simulated Redis as a process that serves any client.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

/// A server that is stopped at the end of the test.
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
        let address =
            line.strip_prefix("listening on ").expect("the line names the address").trim_end().to_owned();
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

    // A second server cannot listen on the same socket.
    let other = Command::new(env!("CARGO_BIN_EXE_selvedge")).args(["redis", "--socket", text]).output();
    let other = other.expect("the binary was built");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).starts_with("cannot listen on redis+unix:///"));
    drop(served);
    fs::remove_file(path).expect("a process that is killed leaves its socket");
}

/// The output of a Debian tool; `None` if it is not installed, which CI does not allow.
fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(name).args(arguments).output() {
        Ok(output) => {
            let [out, errors] =
                [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            assert!(output.status.success() && errors.is_empty(), "{name}: {out}\n{errors}");
            Some(out)
        }
        Err(error)
            if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none_or(|ci| ci != "true") =>
        {
            // Directly to stderr: the test harness captures other output.
            let line = format!(
                "skipped: {name} against `selvedge redis`: there is no {name} (apt-get install redis-tools)\n"
            );
            io::stderr().write_all(line.as_bytes()).expect("stderr can be written to");
            None
        }
        Err(error) => panic!("{name} does not start: {error}. Install it: apt-get install redis-tools"),
    }
}

#[test]
fn redis_cli_and_redis_benchmark_talk_to_it() {
    let served = Served::start(&["--port", "0"]);
    let (_, port) = served.address.rsplit_once(':').expect("a port");
    for (words, expected) in [
        (&["SET", "k", "v"][..], "OK\n"),
        (&["-3", "GET", "k"], "v\n"),
        (&["EVAL", "return {1, KEYS[1]}", "1", "k"], "1\nk\n"),
    ] {
        let Some(printed) = tool("redis-cli", &[&["-p", port], words].concat()) else { return };
        assert_eq!(printed, expected, "{words:?}");
    }
    let benchmark =
        ["-p", port, "-n", "1000", "-c", "10", "-P", "4", "-r", "100", "--csv", "-t", "set,get,incr,mset"];
    let Some(printed) = tool("redis-benchmark", &benchmark) else { return };
    for test in ["SET", "GET", "INCR", "MSET (10 keys)"] {
        assert!(printed.contains(&format!("\"{test}\",")), "{test} is not in\n{printed}");
    }
}
