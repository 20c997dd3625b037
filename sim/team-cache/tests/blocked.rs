//! A local tier that blocks the OS thread: in moka's `get_with`, one caller loads a key and blocks
//! the others. All tasks of an exploration run on one OS thread, so the exploration blocks too. The
//! watchdog reports the position.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use moka::sync::Cache as Moka;
use redis::AsyncCommands;
use selvedge_sim::check;
use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::{Cache, Setup, Value, closures, scenario};

/// Set in the process that explores.
const CHILD: &str = "SELVEDGE_BLOCKED_CHILD";

/// Loads each key once for concurrent readers.
fn loaded_once(setup: Setup) -> impl Cache {
    closures(
        (Moka::<String, Option<String>>::new(100), setup.connection()),
        |(local, redis), key| {
            let load = || block_on(redis.clone().get(key.name())).unwrap();
            Value::in_text(key, &local.get_with(key.name().to_owned(), load)?)
        },
        |(local, redis), key, value| {
            let _: () = block_on(redis.clone().set(key.name(), value.text())).unwrap();
            local.invalidate(key.name());
        },
        |(local, redis), key| {
            let _: () = block_on(redis.clone().del(key.name())).unwrap();
            local.invalidate(key.name());
        },
    )
}

/// Ends the process however the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_watchdog_names_the_task_that_blocks_the_exploration() {
    if env::var_os(CHILD).is_some() {
        let two_readers = scenario("orders", loaded_once).threads("reader", 2, ["get order:7"]);
        check(two_readers.thread("writer", ["set order:7"]));
        return;
    }
    let test = "the_watchdog_names_the_task_that_blocks_the_exploration";
    let child = Command::new(env::current_exe().expect("the test's path"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test can run itself");
    let mut child = Killed(child);
    let stderr = child.0.stderr.take().expect("a pipe");
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    // The watchdog reports after 10 s; a loaded machine may take longer.
    let mut report = String::new();
    while let Ok(line) = lines.recv_timeout(Duration::from_secs(60)) {
        report += &line;
        report.push('\n');
        if report.contains("Likely causes") {
            break;
        }
    }
    assert!(report.contains("no step for") && report.contains("reader"), "{report}");
    assert!(report.contains("All tasks run on one OS thread"), "{report}");
}
