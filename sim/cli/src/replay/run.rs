//! Replays a schedule and reports the result.

use std::io::Write;

use selvedge_sim::explore::{Schedule, follow, replay};
use selvedge_sim::history::Value;
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::{Case, Expected};
use selvedge_sim::trace::{
    Command, Difference, FailureCause, Look, ServerFailure, Trace, Transcript, on_server,
};

use super::server::{self, About};
use super::source::{Input, Source, load};
use crate::args::{Projection, ReplayOptions};
use crate::error::{Failure, ReplayError};
use crate::projection::project;
use crate::terminal::say;

pub(crate) fn run<C: Caches>(
    options: &ReplayOptions,
    look: Look,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let Input { mut case, source } = load::<C>(options)?;
    let is_control = matches!(case.expectation.expected, Expected::Violations(_));
    if let Some(name) = &options.cache {
        put_cache::<C>(&mut case, name)?;
    }
    let follows = options.cache.is_some();
    let schedule = schedule::<C>(&case, &source, follows)?;
    let chosen = match &source {
        Source::Trace(_, recorded) if !follows => recorded.findings.first(),
        _ => None,
    };
    let (server, about) = options.redis.as_deref().map(server::connect).transpose()?.unzip();
    let replay = replay::<C>(&case, schedule, chosen, server);
    if let (Some(Transcript { failure: Some(failure), .. }), Some(about)) = (&replay.transcript, &about) {
        return Err(failed(failure, about).into());
    }
    check_replayed(&case, &source, follows, &replay.trace, replay.misfit)?;
    let trace = replay.trace;
    write!(out, "{}", project(&trace, options.format, look))?;
    let mut said = format!("{}\n", result_text(&trace, &source, follows));
    if let (Some(transcript), Some(About { name, place, .. })) = (replay.transcript, about) {
        said += &format!("\n{}", on_server(&trace, &transcript, &format!("{name} at {place}"), look));
    }
    match options.format {
        Projection::Text => write!(out, "\n{said}")?,
        _ => say(&said),
    }
    // A control must fail; the cache that replaces it must not.
    Ok(u8::from(!trace.findings.is_empty() && (follows || !is_control)))
}

fn put_cache<C: Caches>(case: &mut Case, name: &str) -> Result<(), ReplayError> {
    let Some(cache) = C::from_name(name) else {
        return Err(ReplayError::NoCache { name: name.to_owned(), known: C::names().join(", ") });
    };
    if let Some(ability) = case.unsupported(cache.abilities()) {
        return Err(ReplayError::Unsupported { name: name.to_owned(), ability });
    }
    name.clone_into(&mut case.cache);
    case.script = None;
    Ok(())
}

/// The schedule to execute.
fn schedule<C: Caches>(case: &Case, source: &Source, follows: bool) -> Result<Schedule, ReplayError> {
    match source {
        Source::Argument(schedule) => Ok(schedule.clone()),
        Source::Trace(_, recorded) if follows => Ok(follow::<C>(case, recorded)),
        Source::Trace(_, recorded) if recorded.cache == case.cache => {
            Ok(recorded.schedule.parse().expect("a trace is read with its schedule"))
        }
        Source::Trace(file, recorded) => Err(ReplayError::OtherCache {
            file: file.clone(),
            was: recorded.cache.clone(),
            is: case.cache.clone(),
        }),
    }
}

/// Checks that the run is the recorded one, or that of the given schedule.
fn check_replayed(
    case: &Case,
    source: &Source,
    follows: bool,
    trace: &Trace,
    misfit: Option<String>,
) -> Result<(), ReplayError> {
    match source {
        Source::Trace(file, recorded) if !follows => {
            match Difference::between(recorded, trace, misfit.is_none()) {
                None => Ok(()),
                Some(difference) => Err(ReplayError::Changed {
                    file: file.clone(),
                    difference: Box::new(difference),
                    cache: case.cache.clone(),
                }),
            }
        }
        _ => misfit.map_or(Ok(()), |why| {
            Err(ReplayError::Mismatch { scenario: case.scenario.clone(), case: case.name.clone(), why })
        }),
    }
}

/// The number of steps, and what determined their order.
fn result_text(trace: &Trace, source: &Source, follows: bool) -> String {
    let steps = counted(trace.steps.len() as u64, "step");
    match source {
        Source::Trace(file, _) if follows => {
            format!("{steps}, in the order of the calls and commands of {file}.")
        }
        Source::Trace(file, _) => format!("{steps}, each as in {file}."),
        Source::Argument(_) => format!("{steps}, in the schedule {}.", trace.schedule),
    }
}

/// The error of a run on a server.
fn failed(failure: &ServerFailure, about: &About) -> ReplayError {
    let (place, command) = (about.place.clone(), failure.command.to_string());
    let content = |content: &Option<Value>| content.map_or("nothing".to_owned(), |value| value.to_string());
    match (&failure.why, failure.step) {
        (FailureCause::Failed(error), step) => ReplayError::Failed {
            place,
            at: match (step, failure.command) {
                (Some(step), _) => format!("at step {step}"),
                (None, Command::Get(_)) => "after the last step".to_owned(),
                (None, Command::Set(..) | Command::Delete(_)) => "before the first step".to_owned(),
            },
            command,
            error: error.to_string(),
            prefix: about.prefix.clone(),
        },
        (FailureCause::Other { held, expected }, step) => ReplayError::WrongReply {
            place,
            step: step.unwrap_or_default(),
            command,
            held: content(held),
            expected: content(expected),
        },
    }
}
