//! `selvedge explore`: a table of all cases, a trace, and the gate's summary.

use std::io::Write;

use selvedge_sim::oracle::Rule;
use selvedge_sim::report::{Judged, table};
use selvedge_sim::trace::Trace;

use crate::error::Failure;
use crate::projection::trace_text;
use crate::session::Session;

pub(crate) fn run(mut session: Session, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut shown: Option<(Interest, Trace)> = None;
    for scenario in std::mem::take(&mut session.scenarios) {
        let mut cases = Vec::new();
        for case in &scenario.cases {
            let mut judged = session.explore(case, out)?;
            let interest = interest(&judged);
            if let Some(trace) = judged.report.trace.take()
                && shown.as_ref().is_none_or(|(best, _)| interest < *best)
            {
                shown = Some((interest, trace));
            }
            cases.push(judged);
        }
        if session.is_text() {
            session.write(out, &format!("{}\n", table(&scenario, &cases)))?;
        }
    }
    if let Some((_, trace)) = shown.filter(|_| session.is_text()) {
        session.write(out, &format!("{}\n", trace_text(&trace, session.look)))?;
    }
    session.finish(out)
}

/// The priority of a trace, highest first. Of two equal ones, the first found is shown. A stale
/// read has priority because it is what Selvedge is for.
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
