//! Runs the body on real threads if the runtime is not linked.

use std::time::{Duration, Instant};

use crate::report::{Report, Verdict};

/// The maximum number of runs, and the time after which no further run begins.
const RUNS: u64 = 200;
const TIME: Duration = Duration::from_secs(2);

/// Runs the body on real threads. Does not run a body that needs simulated servers.
pub(crate) fn run(servers: &[String], body: impl Fn()) -> Report {
    let start = Instant::now();
    let mut runs = 0;
    while servers.is_empty() && runs < RUNS && start.elapsed() < TIME {
        body();
        runs += 1;
    }
    let text = match servers.first() {
        Some(server) => format!(
            "not run: it needs the simulated Redis at {server}. Run `selvedge test` to explore schedules"
        ),
        None => {
            format!("not explored: {runs} runs on real threads. Run `selvedge test` to explore schedules")
        }
    };
    eprintln!("selvedge-native: {text}");
    Report {
        verdict: Verdict::NotExplored,
        executions: runs,
        spun: 0,
        deadlocks: 0,
        panics: 0,
        too_long: 0,
        events: 0,
        elapsed: start.elapsed(),
        text,
        effects: Vec::new(),
        reasons: Vec::new(),
        schedule: None,
    }
}
