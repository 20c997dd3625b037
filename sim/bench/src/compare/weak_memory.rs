//! Compares the search of execution graphs with loom.

use std::time::Duration;

use super::contender::Contender;
use super::program::PROGRAMS;
use super::row;
use super::run::{Comparison, Settings};
use crate::number::{grouped, span};
use crate::output::print_line;

/// The results on the programs that loom completes.
#[derive(Default)]
struct Total {
    programs: u64,
    /// Of these, the programs that our engine does not complete.
    left: u64,
    /// Of these, the programs of which our engine runs more executions.
    more: u64,
    ours: Duration,
    loom: Duration,
}

/// Prints a row for each program and engine, and the sum. Returns false if a measurement failed.
pub(crate) fn run(settings: Settings) -> bool {
    let mut comparison = Comparison::new(settings);
    if !settings.json {
        print_line(row::head());
    }
    let mut total = Total::default();
    for &program in PROGRAMS.iter().filter(|program| program.is_common()) {
        let ours = comparison.cell(program, Contender::Rc11, None);
        let loom = comparison.cell(program, Contender::Loom, ours.as_ref());
        let (Some(ours), Some(loom)) = (ours, loom.filter(|loom| loom.complete)) else { continue };
        total.programs += 1;
        total.left += u64::from(!ours.complete);
        total.more += u64::from(ours.complete && ours.executions > loom.executions);
        total.ours += Duration::from_nanos(ours.nanoseconds);
        total.loom += Duration::from_nanos(loom.nanoseconds);
    }
    if !settings.json {
        print_line(format_args!(
            "\nThe {} programs that loom completes: rc11 {}, loom {}: {:.0}× as long. rc11 does not complete {} of \
             them, and needs more executions in {}.",
            grouped(total.programs),
            span(total.ours),
            span(total.loom),
            total.loom.as_secs_f64() / total.ours.as_secs_f64(),
            grouped(total.left),
            grouped(total.more),
        ));
    }
    comparison.succeeded
}
