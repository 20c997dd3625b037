//! redis-cli and redis-benchmark, from Debian's package redis-tools.

use std::io::Write as _;
use std::process::{Command, Output};
use std::{env, io};

use selvedge_redis::Redis;

use crate::listening::socket;

/// Runs a tool. Returns `None` if it is not installed, and panics instead in CI.
fn run(tool: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            assert!(
                env::var("CI").as_deref() != Ok("true"),
                "{tool} is not installed: apt-get install redis-tools"
            );
            // Written directly to stderr, because the test harness captures prints.
            let line = format!(
                "skipped: {tool} against the simulated Redis: {tool} is not installed \
                 (apt-get install redis-tools)\n"
            );
            io::stderr().write_all(line.as_bytes()).expect("stderr is writable");
            None
        }
        Err(error) => panic!("cannot start {tool}: {error}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn redis_cli() {
    let (redis, path) = (Redis::new(), socket());
    let _listener = redis.listen_on_socket(&path).expect("the path is free");
    let socket = path.to_str().expect("the temporary path is UTF-8");
    for (arguments, expected) in [
        (&["SET", "k", "v"][..], "OK\n"),
        (&["GET", "k"], "v\n"),
        (&["-3", "HSET", "h", "f", "1"], "1\n"),
        (&["-3", "HGETALL", "h"], "f 1\n"),
        (&["LPUSH", "h", "x"], "WRONGTYPE Operation against a key holding the wrong kind of value\n\n"),
        (&["EVAL", "return {KEYS[1], 2}", "1", "a"], "a\n2\n"),
        (&["--scan", "--pattern", "k*"], "k\n"),
        (&["NOPE"], "ERR unknown command 'NOPE', with args beginning with: \n\n"),
    ] {
        let Some(output) = run("redis-cli", &[&["-s", socket], arguments].concat()) else { return };
        assert_eq!(text(&output.stdout), expected, "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn redis_benchmark() {
    let redis = Redis::new();
    redis.retain_commands(0);
    let listener = redis.listen_on_free_port().expect("a port is free");
    let address = listener.address().to_string();
    let (_, port) = address.rsplit_once(':').expect("an address has a port");
    let tests = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,lrange_100,mset";
    let arguments = ["-p", port, "-n", "2000", "-c", "20", "-P", "4", "-r", "100", "--csv", "-t", tests];
    let Some(output) = run("redis-benchmark", &arguments) else { return };
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && errors.is_empty(), "{out}\n{errors}");
    for test in ["PING_MBULK", "SET", "GET", "INCR", "LPUSH", "SADD", "HSET", "MSET (10 keys)"] {
        assert!(out.contains(&format!("\"{test}\",")), "{test} is missing from\n{out}");
    }
}
