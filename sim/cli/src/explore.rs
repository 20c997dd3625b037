//! `selvedge explore`: a trace, a table of the cases of each scenario, and the gate's summary.

use std::io::Write;

use selvedge_sim::oracle::Rule;
use selvedge_sim::report::{Judged, table};
use selvedge_sim::trace::Trace;

use crate::error::Failure;
use crate::projection::trace_text;
use crate::session::Session;

/// The shipped scenario that is explored first, if it is selected: its trace is the shortest stale
/// read, and is on the screen within a second.
const FIRST: &str = "control-article";

/// Writes the trace of the first case before any table, if it shows a stale read or an unexpected
/// result. Writes each scenario's table when its cases are complete. A trace that has priority over
/// the one on the screen follows the tables.
pub(crate) fn run(mut session: Session, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut shown: Option<Interest> = None;
    let mut best: Option<(Interest, Trace)> = None;
    let mut scenarios = std::mem::take(&mut session.scenarios);
    scenarios.sort_by_key(|scenario| scenario.name != FIRST);
    let mut is_first = true;
    for scenario in scenarios {
        let mut cases = Vec::new();
        for case in &scenario.cases {
            let mut judged = session.explore(case, out)?;
            let interest = interest(&judged);
            let has_priority = [shown, best.as_ref().map(|(best, _)| *best)]
                .into_iter()
                .flatten()
                .all(|other| interest < other);
            if let Some(trace) = judged.report.trace.take().filter(|_| has_priority) {
                if is_first && interest < Interest::Other {
                    write_trace(&session, out, &trace)?;
                    shown = Some(interest);
                } else {
                    best = Some((interest, trace));
                }
            }
            is_first = false;
            cases.push(judged);
        }
        if session.is_text() {
            session.write(out, &format!("{}\n", table(&scenario, &cases)))?;
        }
    }
    if let Some((_, trace)) = best {
        write_trace(&session, out, &trace)?;
    }
    session.finish(out)
}

fn write_trace(session: &Session, out: &mut dyn Write, trace: &Trace) -> Result<(), Failure> {
    if session.is_text() {
        session.write(out, &format!("{}\n", trace_text(trace, session.look)))?;
    }
    Ok(())
}

/// The priority of a trace, highest first. Of two equal ones, the first found is shown. A stale
/// read has priority because the detection of stale reads is Selvedge's purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Interest {
    Unexpected,
    Stale,
    Other,
}

fn interest(judged: &Judged<'_>) -> Interest {
    match judged.judgement.passed() {
        false => Interest::Unexpected,
        true if judged.report.violations.contains_key(&Rule::Stale) => Interest::Stale,
        true => Interest::Other,
    }
}
