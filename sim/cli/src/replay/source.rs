//! The case and the schedule to replay, from the arguments.

use clap::CommandFactory;
use clap::error::ErrorKind;
use selvedge_sim::explore::Schedule;
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::{Case, load_all};
use selvedge_sim::trace::{Trace, read};

use crate::args::{Arguments, ReplayOptions};
use crate::error::{Failure, ReplayError};
use crate::projection::is_trace;

/// A case, and the source of its schedule.
pub(super) struct Input {
    pub(super) case: Case,
    pub(super) source: Source,
}

/// The source of a schedule.
pub(super) enum Source {
    /// A recorded trace: its file and its content.
    Trace(String, Box<Trace>),
    /// The option `--schedule`.
    Argument(Schedule),
}

/// Loads the case and the schedule that the options name.
pub(super) fn load<C: Caches>(options: &ReplayOptions) -> Result<Input, Failure> {
    let (traces, scenarios): (Vec<_>, Vec<_>) = options.inputs.iter().partition(|input| is_trace(input));
    match (&traces[..], &options.schedule) {
        (&[file], None) if options.cases.is_empty() => {
            let trace = read(file.as_ref())?;
            let case = case_of::<C>(file, &trace, &scenarios)?;
            Ok(Input { case, source: Source::Trace(file.clone(), Box::new(trace)) })
        }
        ([], Some(schedule)) => {
            let case = only_case::<C>(&scenarios, &options.cases)?;
            Ok(Input { case, source: Source::Argument(schedule.clone()) })
        }
        ([], None) => Err(usage("give a recorded trace, FILE.json, or a scenario and its --schedule")),
        (_, None) => Err(usage("a trace names its own case: give one trace, without --case")),
        (_, Some(_)) => {
            Err(usage("a trace contains its schedule: give either a trace, or a scenario with --schedule"))
        }
    }
}

fn usage(message: &str) -> Failure {
    Failure::Arguments(Arguments::command().error(ErrorKind::ArgumentConflict, format!("{message}\n")))
}

/// The case of a trace.
fn case_of<C: Caches>(file: &str, trace: &Trace, scenarios: &[&String]) -> Result<Case, Failure> {
    let searched = match scenarios {
        [] => "does not ship with selvedge",
        _ => "is not among the named ones",
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

/// The selected case.
///
/// # Errors
///
/// If not exactly one case is selected.
fn only_case<C: Caches>(scenarios: &[&String], parts: &[String]) -> Result<Case, Failure> {
    let cases = load_all(scenarios, &C::known())?.into_iter().flat_map(|scenario| scenario.cases);
    let mut selected: Vec<_> =
        cases.filter(|case| parts.iter().all(|part| case.name.contains(part))).collect();
    match selected.len() {
        1 => Ok(selected.remove(0)),
        count => Err(ReplayError::NotOneCase { selected: counted(count as u64, "case") }.into()),
    }
}
