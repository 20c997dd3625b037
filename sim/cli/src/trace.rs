//! `selvedge trace`: the simplest schedule that breaks a rule, and why.

use std::io::Write;

use selvedge_sim::report::trace_line;
use selvedge_sim::trace::{Trace, lanes, reason};

use crate::error::Failure;
use crate::session::Session;

pub(crate) fn run(mut session: Session, out: &mut dyn Write) -> Result<u8, Failure> {
    for scenario in std::mem::take(&mut session.scenarios) {
        for case in &scenario.cases {
            // The case's own line is the trace: what `explore` would write goes nowhere.
            let judged = session.explore(case, &mut std::io::sink())?;
            let Some(trace) = judged.report.trace else { continue };
            let text =
                if session.is_text() { trace_text(&trace) } else { format!("{}\n", trace_line(&trace)) };
            session.write(out, &text)?;
            return Ok(session.end());
        }
    }
    let code = session.end();
    eprint!("no trace to show: no case broke a rule\n{}", session.summary);
    Ok(code)
}

/// The lanes, and the reason in words.
pub(crate) fn trace_text(trace: &Trace) -> String {
    format!("{}\n{}", lanes(trace), reason(trace))
}
