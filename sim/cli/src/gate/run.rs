//! Runs the gate, case by case.

use selvedge_sim::scenario::Outcome;

use super::baseline::Baselines;
use super::outputs::Outputs;
use crate::args::GateOptions;
use crate::error::Failure;
use crate::session::Session;
use crate::surroundings::Surroundings;
use crate::terminal::Results;

pub(crate) fn run(
    mut session: Session,
    options: &GateOptions,
    surroundings: &Surroundings,
    out: &mut Results<'_>,
) -> Result<u8, Failure> {
    let scenarios = std::mem::take(&mut session.scenarios);
    // Reports an unusable file before the search.
    let mut baselines = Baselines::open(&scenarios, session.engine(), options)?;
    let outputs = Outputs::open(options, surroundings)?;
    let mut cases = Vec::new();
    for scenario in &scenarios {
        for case in &scenario.cases {
            let mut judged = session.search(case)?;
            baselines.compare(scenario, &mut judged)?;
            session.add(&judged, out)?;
            // A JSON object contains all but a difference from the baseline.
            let shown = session.is_text() || judged.diff.is_some();
            if shown && !judged.judgement.passed() && !judged.is_unexplored() {
                let mut text = format!("FAIL {} {}: {}\n", case.scenario, case.name, judged.judgement);
                if let Some(by) = judged.searched_by() {
                    text += &format!("  {by}\n");
                }
                let evidence = judged.evidence_in(session.look);
                if !evidence.is_empty() {
                    text += &format!("\n{evidence}\n");
                }
                session.remark(out, &text)?;
            }
            cases.push(judged);
        }
        for (case, why) in baselines.finish(scenario)? {
            session.summary.fail(&scenario.name, &case, Outcome::Changed, why);
        }
    }
    let code = session.finish(out)?;
    if let Some(summary) = baselines.summary() {
        session.remark(out, &summary)?;
    }
    if let Some(annotations) = outputs.write(&cases, &session.summary)? {
        session.command(out, &annotations)?;
    }
    Ok(code)
}
