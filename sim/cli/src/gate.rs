//! `selvedge gate`: what did not come out as expected, with its trace, and a summary.

use std::io::Write;

use crate::error::Failure;
use crate::session::Session;
use crate::trace::trace_text;

pub(crate) fn run(mut session: Session, out: &mut dyn Write) -> Result<u8, Failure> {
    for scenario in std::mem::take(&mut session.scenarios) {
        for case in &scenario.cases {
            let judged = session.explore(case, out)?;
            if judged.judgement.passed() || !session.is_text() {
                continue;
            }
            let mut text = format!("FAIL {} {}: {}\n", case.scenario, case.name, judged.judgement);
            if let Some(trace) = &judged.report.trace {
                text.push_str(&format!("\n{}\n", trace_text(trace)));
            }
            session.write(out, &text)?;
        }
    }
    session.finish(out)
}
