//! Ten million executions of our engine, with constant memory.

use std::ops::ControlFlow;
use std::time::Duration;

use selvedge_engine::Explorer;
use serde::{Deserialize, Serialize};

use super::cell::Sample;
use super::program::Program;
use crate::tools::Selvedge;
use crate::{cpu, memory};

/// The name of the row.
pub(super) const PROGRAM: &str = "ten-million";

const EXECUTIONS: u64 = 10_000_000;

/// The program has 25,401,600 classes (7!²).
pub(super) const SOURCE: Program = Program::Inc(7);

/// Time limit: 50 µs per execution would be ten times the expected cost.
pub(super) const LIMIT: Duration = Duration::from_secs(500);

/// The search, and the resident memory during and after it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct LongRun {
    pub(crate) sample: Sample,
    pub(crate) rss_kib_at_1_percent: Option<u64>,
    pub(crate) rss_kib_at_the_end: Option<u64>,
}

/// Runs [`EXECUTIONS`] executions.
pub(crate) fn measure() -> LongRun {
    let mut executions = 0;
    let mut rss_kib_at_1_percent = None;
    let explorer = Explorer::optimal().max_executions(EXECUTIONS);
    let begin = cpu::time();
    let report = explorer.run_each(
        || SOURCE.run::<Selvedge>(),
        |_| {
            executions += 1;
            if executions == EXECUTIONS / 100 {
                rss_kib_at_1_percent = memory::rss_kib();
            }
            ControlFlow::Continue(())
        },
    );
    LongRun {
        sample: Sample {
            executions: report.executions,
            complete: report.is_complete(),
            events: Some(report.events),
            nanoseconds: (cpu::time() - begin).as_nanos() as u64,
            nanoseconds_after_first: None,
            peak_rss_kib: memory::peak_rss_kib(),
        },
        rss_kib_at_1_percent,
        rss_kib_at_the_end: memory::rss_kib(),
    }
}
