//! One engine on one program, in this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::contender::Contender;
use super::program::Program;
use crate::{cpu, memory};

/// Shorter searches are repeated during this time, and the median counts.
const REPEATED_FOR: Duration = Duration::from_millis(300);

/// The result of a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) executions: u64,
    pub(crate) complete: bool,
    /// Number of events of all executions, if the engine counts them.
    pub(crate) events: Option<u64>,
    /// CPU time of the search, including the setup of the engine.
    pub(crate) nanoseconds: u64,
    /// CPU time after the first execution, which includes the setup.
    pub(crate) nanoseconds_after_first: Option<u64>,
    /// Peak resident memory after the first search.
    pub(crate) peak_rss_kib: Option<u64>,
}

impl Sample {
    pub(crate) fn nanoseconds_per_execution(&self) -> f64 {
        self.nanoseconds as f64 / self.executions as f64
    }

    /// CPU time per execution without the setup. `None` if there was only one execution.
    pub(crate) fn nanoseconds_per_further_execution(&self) -> Option<f64> {
        self.nanoseconds_after_first.map(|nanoseconds| nanoseconds as f64 / (self.executions - 1) as f64)
    }

    /// CPU time per event without the setup. Assumes that all executions have about the same
    /// length.
    pub(crate) fn nanoseconds_per_further_event(&self) -> Option<f64> {
        let events_per_execution = self.events? as f64 / self.executions as f64;
        Some(self.nanoseconds_per_further_execution()? / events_per_execution)
    }

    pub(crate) fn nanoseconds_per_event(&self) -> Option<f64> {
        self.events.map(|events| self.nanoseconds as f64 / events as f64)
    }

    /// The sample with the median time.
    pub(super) fn middle(mut samples: Vec<Sample>) -> Option<Sample> {
        samples.sort_by_key(|sample| sample.nanoseconds);
        samples.get(samples.len() / 2).copied()
    }
}

/// Explores the program, repeatedly if it is a small one.
pub(crate) fn measure(contender: Contender, program: Program, budget: Duration) -> Sample {
    let start = Instant::now();
    let mut samples = Vec::new();
    let mut peak_rss_kib = None;
    while samples.is_empty() || start.elapsed() < REPEATED_FOR {
        let sample = measure_once(contender, program, budget);
        peak_rss_kib = peak_rss_kib.or_else(memory::peak_rss_kib);
        samples.push(Sample { peak_rss_kib, ..sample });
    }
    Sample::middle(samples).expect("at least one search")
}

fn measure_once(contender: Contender, program: Program, budget: Duration) -> Sample {
    let begun = AtomicU64::new(0);
    let second = Arc::new(OnceLock::new());
    let noted = Arc::clone(&second);
    let start = cpu::time();
    let search = contender.search(program, budget, move || {
        if begun.fetch_add(1, Ordering::Relaxed) == 1 {
            noted.get_or_init(cpu::time);
        }
    });
    let end = cpu::time();
    let nanoseconds = |since: Duration| (end - since).as_nanos() as u64;
    Sample {
        executions: search.executions,
        complete: search.complete,
        events: search.events,
        nanoseconds: nanoseconds(start),
        nanoseconds_after_first: second.get().copied().map(nanoseconds),
        peak_rss_kib: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::program::PROGRAMS;

    #[track_caller]
    fn executions(contender: Contender, program: &str) -> u64 {
        let program = program.parse().expect("the program exists");
        let sample = measure_once(contender, program, Duration::from_secs(60));
        assert!(sample.complete, "{program}: {sample:?}");
        sample.executions
    }

    #[test]
    fn selvedge_runs_one_execution_per_class() {
        let known = [
            ("cache-1R1W-cells", 5),
            ("cache-1R1W-maps", 5),
            ("cache-2R1W-cells", 48),
            ("cache-2R1W-maps", 48),
            ("cache-2R2W-cells", 1_016),
            ("cache-2R2W-maps", 1_016),
            ("readers(3)", 8),
            ("readers(8)", 256),
            ("lastzero(3)", 12),
            ("lastzero(7)", 320),
            ("inc(2)", 4),
            ("inc(3)", 36),
            ("binc(2)", 4),
            ("binc(3)", 36),
            ("lockinc(3)", 6),
            ("lockinc(4)", 24),
            ("fib_bench(1)", 11),
            ("fib_bench(2)", 140),
            ("dekker", 3),
            ("ticketlock(2)", 2),
            ("ticketlock(3)", 6),
            ("pipeline(1)", 2),
            ("pipeline(2)", 6),
        ];
        for (program, count) in known {
            assert_eq!(executions(Contender::Selvedge, program), count, "{program}");
        }
    }

    #[test]
    fn every_engine_runs_every_supported_program() {
        for program in PROGRAMS {
            for contender in Contender::PEERS {
                if contender.takes_part(*program) && contender.can_run(*program) {
                    let sample = measure_once(contender, *program, Duration::from_millis(20));
                    assert!(sample.executions > 0, "{program} on {contender:?}");
                }
            }
        }
    }

    #[test]
    fn the_peers_complete_a_small_program() {
        assert_eq!(executions(Contender::Loom, "cache-1R1W"), 162);
        assert_eq!(executions(Contender::Shuttle, "cache-1R1W"), 1_781);
    }

    #[test]
    fn the_first_execution_is_timed_separately() {
        for contender in [Contender::Selvedge, Contender::Loom, Contender::Shuttle] {
            let program = "inc(2)".parse().expect("the program exists");
            let sample = measure_once(contender, program, Duration::from_secs(60));
            let further = sample.nanoseconds_after_first.expect("there are several executions");
            assert!(further > 0 && further < sample.nanoseconds, "{sample:?}");
        }
    }

    #[test]
    fn a_sample_is_never_complete() {
        let program = "inc(2)".parse().expect("the program exists");
        assert!(!measure_once(Contender::ShuttleRandom, program, Duration::ZERO).complete);
    }

    #[test]
    fn a_search_with_aborted_schedules_is_not_complete() {
        let program = "ticketlock(2)".parse().expect("the program exists");
        assert!(!measure_once(Contender::Shuttle, program, Duration::from_secs(1)).complete);
    }
}
