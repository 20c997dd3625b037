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

mod coverage;
mod exceptions;
mod families;
mod run;
mod scripts;
mod step;
mod suites;

use coverage::Coverage;
use std::env;
use std::io::ErrorKind;

use selvedge_redis_server::RedisServer;

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
    let mut coverage = Coverage::default();
    let mut sequences = 0;
    for suite in suites::all() {
        sequences += suite.run(&server, &mut coverage);
    }
    print!("{coverage}");
    println!("conformance: {sequences} sequences, {} commands: as redis-server has it", coverage.total());
    coverage.check();
}
