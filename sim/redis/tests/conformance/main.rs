//! Ours and a real redis-server are sent the same commands, and have to reply the same, byte for byte.
//!
//! proptest makes up sequences of commands over few keys, so that they meet; a sequence that tells the two apart is
//! shrunk. After each sequence all that is stored is compared too. `exceptions.rs` has what may differ, and why: it is the
//! same list as that in the crate's docs.
//!
//! The sequences are the same in each run. `SELVEDGE_CONFORMANCE=10` makes ten times as many, and `SELVEDGE_SEED=7` makes
//! up others.

#[path = "../support/wire.rs"]
mod wire;

mod bytes;
mod coverage;
mod exceptions;
mod families;
mod lua;
mod run;
mod scripts;
mod step;
mod suites;

use coverage::Coverage;
use std::env;
use std::io::ErrorKind;

use selvedge_redis::Reply;
use selvedge_redis_server::RedisServer;
use wire::Wire;

fn main() {
    let server = match RedisServer::start(&["--enable-debug-command", "yes"]) {
        Err(error)
            if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none_or(|ci| ci != "true") =>
        {
            println!("conformance: skipped, because there is no redis-server here (CI has one)");
            return;
        }
        started => started.expect("redis-server starts: apt-get install redis-server"),
    };
    each_of_its_commands_is_documented(&server);
    let mut coverage = Coverage::default();
    let mut sequences = 0;
    for suite in suites::all() {
        sequences += suite.run(&server, &mut coverage);
    }
    sequences += suites::bytes(&server);
    print!("{coverage}");
    println!("conformance: {sequences} sequences, {} commands: as redis-server has it", coverage.total());
    coverage.check();
}

/// What a real one can do, and ours not, is told too.
fn each_of_its_commands_is_documented(server: &RedisServer) {
    let page = include_str!("../../COMMANDS.md");
    let Reply::Array(names) = Wire::connect(&server.socket()).call(&["COMMAND", "LIST"]) else {
        panic!("a list")
    };
    for name in names {
        let Reply::Bulk(name) = name else { panic!("a name, and not {name:?}") };
        // The sub-commands of what is not there at all go without saying.
        let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
        let parts =
            name.split_once('|').filter(|(container, _)| ["CLIENT", "CONFIG", "SCRIPT"].contains(container));
        let is_documented = |name: &str| page.contains(&format!("`{name}`"));
        let (first, last) = parts.unwrap_or((name.split('|').next().unwrap_or_default(), ""));
        assert!(
            parts.map_or(is_documented(first), |_| is_documented(last)
                || is_documented(&format!("{first} {last}"))),
            "{name} is not in COMMANDS.md"
        );
    }
}
