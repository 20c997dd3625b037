//! The entry point of tests.

use std::time::Duration;

use crate::report::{Report, Verdict};
use crate::{plain, runtime};

/// Explores the schedules of `body`. Panics with the trace if one of them fails or if some schedule
/// was not covered. Equivalent to `Explorer::default().check(body)`.
///
/// # Panics
///
/// If a schedule fails, if the search ends at a bound, or if the program has an effect that the
/// runtime does not model.
pub fn explore(body: impl Fn() + Send + Sync + 'static) -> Report {
    Explorer::default().check(body)
}

/// The settings of an exploration. The default covers every class of schedules once.
///
/// The environment overrides them: `selvedge test` sets `SELVEDGE_SCHEDULE` to replay a schedule.
#[derive(Clone, Debug, Default)]
pub struct Explorer {
    pub(crate) strategy: u32,
    pub(crate) seed: u64,
    pub(crate) depth: u64,
    pub(crate) max_executions: u64,
    pub(crate) max_time: Duration,
    pub(crate) max_steps: u64,
    pub(crate) schedule: String,
    pub(crate) servers: Vec<String>,
    pub(crate) stops: bool,
}

impl Explorer {
    /// A search that runs one execution for each class of schedules.
    pub fn optimal() -> Self {
        Explorer::default()
    }

    /// A search that runs every interleaving.
    pub fn naive() -> Self {
        Explorer { strategy: 1, ..Explorer::default() }
    }

    /// Random schedules.
    pub fn random(seed: u64, executions: u64) -> Self {
        Explorer { strategy: 2, seed, max_executions: executions, ..Explorer::default() }
    }

    /// Random schedules with priorities (PCT), with `depth` - 1 changes of priority.
    pub fn pct(seed: u64, depth: u64, executions: u64) -> Self {
        Explorer { strategy: 3, seed, depth, max_executions: executions, ..Explorer::default() }
    }

    /// One schedule that an earlier report printed.
    pub fn replay(schedule: impl Into<String>) -> Self {
        Explorer { strategy: 4, schedule: schedule.into(), ..Explorer::default() }
    }

    /// Declares a simulated Redis at `address`, a host and a port: `"127.0.0.1:6379"`. The program's
    /// connections to it reach a server in this process, which is empty when a run begins. Each of
    /// its commands is an operation on the keys that the command accesses.
    ///
    /// Without the runtime, under plain `cargo test`, there is no such server, and the closure is
    /// not run: nothing connects to a server that happens to listen at the address.
    ///
    /// # Panics
    ///
    /// If the address is not a host and a port.
    pub fn redis(mut self, address: &str) -> Self {
        let parts =
            address.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains(['/', '\n']));
        let is_valid = parts.is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        assert!(is_valid, "{address:?} is not a host and a port, such as \"127.0.0.1:6379\"");
        self.servers.push(address.to_owned());
        self
    }

    /// Ends the search with the first schedule that fails. By default a search continues, counts
    /// the failures, and reports the simplest.
    pub fn first_failure(mut self) -> Self {
        self.stops = true;
        self
    }

    /// Ends the search after this number of executions: the verdict is then bounded.
    pub fn max_executions(mut self, executions: u64) -> Self {
        self.max_executions = executions;
        self
    }

    /// Ends the search after this time: the verdict is then bounded.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = time;
        self
    }

    /// Aborts each execution after this number of operations: the verdict is then bounded.
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = steps;
        self
    }

    /// Explores the schedules of `body`. It must behave the same in each run of the same schedule,
    /// and create its shared objects itself or as statics.
    pub fn run(&self, body: impl Fn() + Send + Sync + 'static) -> Report {
        let settings = match std::env::var("SELVEDGE_SCHEDULE") {
            Ok(schedule) => Explorer { strategy: 4, schedule, ..self.clone() },
            Err(_) => self.clone(),
        };
        let report =
            runtime::explore(&settings, &body).unwrap_or_else(|| plain::run(&settings.servers, body));
        if let Some(file) = std::env::var_os("SELVEDGE_REPORT") {
            report.append_to(file.as_ref());
        }
        report
    }

    /// Like [`run`](Explorer::run).
    ///
    /// # Panics
    ///
    /// Unless the verdict is complete. Random schedules and a replay are never complete: they pass
    /// if nothing fails.
    pub fn check(&self, body: impl Fn() + Send + Sync + 'static) -> Report {
        let report = self.run(body);
        let accepts_bounded = self.strategy >= 2 || std::env::var_os("SELVEDGE_SCHEDULE").is_some();
        let passes = match report.verdict {
            Verdict::Complete | Verdict::NotExplored => true,
            Verdict::Bounded => accepts_bounded && report.too_long == 0,
            _ => false,
        };
        assert!(passes, "{report}");
        report
    }
}
