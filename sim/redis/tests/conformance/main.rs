//! Sends the same commands to the simulated server and to a real redis-server, and compares the
//! replies byte for byte.
//!
//! proptest generates sequences of commands on few keys, so that commands interact, and shrinks a
//! sequence with a difference. After each sequence the whole keyspace is compared too.
//! `exceptions.rs` defines the intended differences, as listed in the crate's documentation.
//!
//! The sequences are the same in each run. `SELVEDGE_CONFORMANCE=10` generates ten times as many,
//! and `SELVEDGE_SEED=7` generates others. `SELVEDGE_SUITE=bits` runs only the suites whose names
//! contain this text.

#[path = "../support/wire.rs"]
mod wire;

mod bytes;
mod collections;
mod coverage;
mod described;
mod dumps;
mod exceptions;
mod families;
mod lua;
mod run;
mod scored;
mod scripts;
mod step;
mod streamed;
mod suites;
mod texts;
mod users;
mod waiting;

use coverage::Coverage;
use std::env;
use std::io::ErrorKind;

use selvedge_redis::Reply;
use selvedge_redis_server::RedisServer;
use wire::Wire;

fn main() {
    // cargo-nextest lists the tests of a binary before it runs them.
    if env::args().any(|argument| argument == "--list") {
        if env::args().all(|argument| argument != "--ignored") {
            println!("conformance: test");
        }
        return;
    }
    let server = match RedisServer::start(&["--enable-debug-command", "yes"]) {
        Err(error)
            if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none_or(|ci| ci != "true") =>
        {
            println!("conformance: skipped: redis-server is not installed (apt-get install redis-server)");
            return;
        }
        started => started.expect("redis-server starts: apt-get install redis-server"),
    };
    check_documentation(&server);
    let mut coverage = Coverage::default();
    let mut sequences = 0;
    for suite in suites::all() {
        sequences += suite.run(&server, &mut coverage);
    }
    if suites::is_selected("dumps") {
        sequences += suites::dumps(&server, &mut coverage);
    }
    if suites::is_selected("bytes") {
        sequences += suites::bytes(&server);
    }
    print!("{coverage}");
    println!("conformance: {sequences} sequences, {} commands: identical to redis-server", coverage.total());
    if env::var_os("SELVEDGE_SUITE").is_none() {
        coverage.check();
    }
}

/// Panics if `COMMANDS.md` omits a command of the real server.
fn check_documentation(server: &RedisServer) {
    let page = include_str!("../../COMMANDS.md");
    let Reply::Array(names) = Wire::connect(&server.socket()).call(&["COMMAND", "LIST"]) else {
        panic!("expected a list")
    };
    for name in names {
        let Reply::Bulk(name) = name else { panic!("expected a name, got {name:?}") };
        // The subcommands of an unavailable command are not listed.
        let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
        let parts = name.split_once('|').filter(|(container, _)| {
            ["ACL", "CLIENT", "COMMAND", "CONFIG", "MEMORY", "OBJECT", "PUBSUB", "SCRIPT"].contains(container)
        });
        let is_documented = |name: &str| page.contains(&format!("`{name}`"));
        let (first, last) = parts.unwrap_or((name.split('|').next().unwrap_or_default(), ""));
        assert!(
            parts.map_or(is_documented(first), |_| is_documented(last)
                || is_documented(&format!("{first} {last}"))),
            "{name} is not in COMMANDS.md"
        );
    }
}
