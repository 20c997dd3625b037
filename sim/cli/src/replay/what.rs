//! What is to be run again: a case, and its schedule.

use clap::CommandFactory;
use clap::error::ErrorKind;
use selvedge_sim::explore::Schedule;
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::{Case, load_all};
use selvedge_sim::trace::{Trace, read};

use super::ReplayError;
use crate::args::{Arguments, Replayed};
use crate::error::Failure;
use crate::trace::is_trace;

/// A case, and where its schedule is from.
pub(super) struct What {
    pub(super) case: Case,
    pub(super) from: From,
}

/// Where the schedule is from.
pub(super) enum From {
    /// A recorded trace: the file, and what it holds.
    Trace(String, Box<Trace>),
    /// The command line.
    Words(Schedule),
}

/// What the words name.
pub(super) fn what<C: Caches>(words: &Replayed) -> Result<What, Failure> {
    let (traces, scenarios): (Vec<_>, Vec<_>) = words.words.iter().partition(|word| is_trace(word));
    match (&traces[..], &words.schedule) {
        (&[file], None) if words.cases.is_empty() => {
            let trace = read(file.as_ref())?;
            let case = case_of::<C>(file, &trace, &scenarios)?;
            Ok(What { case, from: From::Trace(file.clone(), Box::new(trace)) })
        }
        ([], Some(schedule)) => {
            let case = only_case::<C>(&scenarios, &words.cases)?;
            Ok(What { case, from: From::Words(schedule.clone()) })
        }
        ([], None) => Err(usage("give a recorded trace, FILE.json; or a scenario, and its --schedule")),
        (_, None) => Err(usage("a trace says by itself which case it is of: give one, and no --case")),
        (_, Some(_)) => Err(usage("a trace has its schedule in it: give it, or a scenario with --schedule")),
    }
}

fn usage(what: &str) -> Failure {
    Failure::Arguments(Arguments::command().error(ErrorKind::ArgumentConflict, format!("{what}\n")))
}

/// The case that a trace is of.
fn case_of<C: Caches>(file: &str, trace: &Trace, scenarios: &[&String]) -> Result<Case, Failure> {
    let searched = match scenarios {
        [] => "does not ship with selvedge",
        _ => "is not among those that are named",
    };
    let loaded = load_all(scenarios, &C::known())?;
    let scenario = loaded.into_iter().find(|scenario| scenario.name == trace.scenario);
    let scenario = scenario.ok_or_else(|| ReplayError::NoScenario {
        file: file.to_owned(),
        scenario: trace.scenario.clone(),
        searched,
    })?;
    let case = scenario.cases.into_iter().find(|case| case.name == trace.case);
    Ok(case.ok_or_else(|| ReplayError::NoCase {
        file: file.to_owned(),
        scenario: trace.scenario.clone(),
        case: trace.case.clone(),
    })?)
}

/// The one case that is chosen.
fn only_case<C: Caches>(scenarios: &[&String], parts: &[String]) -> Result<Case, Failure> {
    let cases = load_all(scenarios, &C::known())?.into_iter().flat_map(|scenario| scenario.cases);
    let mut chosen: Vec<_> = cases.filter(|case| parts.iter().all(|part| case.name.contains(part))).collect();
    match chosen.len() {
        1 => Ok(chosen.remove(0)),
        more => Err(ReplayError::NotOneCase { chosen: counted(more as u64, "case") }.into()),
    }
}
