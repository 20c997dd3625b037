//! Running it again, and telling what came of it.

use std::io::Write;

use selvedge_sim::explore::{Command, Fault, Schedule, Server, Told, Trouble, follow, replay};
use selvedge_sim::history::Value;
use selvedge_sim::number::counted;
use selvedge_sim::protocols::Caches;
use selvedge_sim::scenario::{Case, Expected};
use selvedge_sim::trace::{Difference, Look, Trace, on_server};

use super::ReplayError;
use super::real::{About, RealRedis};
use super::what::{From, What, what};
use crate::args::{Projection, Replayed};
use crate::error::Failure;
use crate::terminal::say;
use crate::trace::project;

pub(crate) fn run<C: Caches>(words: &Replayed, look: Look, out: &mut dyn Write) -> Result<u8, Failure> {
    let What { mut case, from } = what::<C>(words)?;
    let is_control = matches!(case.expectation.expected, Expected::Violations(_));
    if let Some(name) = &words.cache {
        put_cache::<C>(&mut case, name)?;
    }
    let follows = words.cache.is_some();
    let schedule = schedule::<C>(&case, &from, follows)?;
    let chosen = match &from {
        From::Trace(_, recorded) if !follows => recorded.findings.first(),
        _ => None,
    };
    let (server, about) = words.redis.as_deref().map(RealRedis::connect).transpose()?.unzip();
    let server = server.map(|server| Box::new(server) as Box<dyn Server>);
    let replay = replay::<C>(&case, schedule, chosen, server);
    if let (Some(Told { trouble: Some(trouble), .. }), Some(about)) = (&replay.told, &about) {
        return Err(failed(trouble, about).into());
    }
    fits(&case, &from, follows, &replay.trace, replay.misfit)?;
    let trace = replay.trace;
    write!(out, "{}", project(&trace, words.format, look))?;
    let mut said = format!("{}\n", came_to(&trace, &from, follows));
    if let (Some(told), Some(About { name, place, .. })) = (replay.told, about) {
        said += &format!("\n{}", on_server(&trace, &told, &format!("{name} at {place}"), look));
    }
    match words.format {
        Projection::Text => write!(out, "\n{said}")?,
        _ => say(&said),
    }
    // A control is there to be broken; what was put in its place is not.
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
    Ok(())
}

/// The schedule in which the case is run.
fn schedule<C: Caches>(case: &Case, from: &From, follows: bool) -> Result<Schedule, ReplayError> {
    match from {
        From::Words(schedule) => Ok(schedule.clone()),
        From::Trace(_, recorded) if follows => Ok(follow::<C>(case, recorded)),
        From::Trace(_, recorded) if recorded.cache == case.cache => {
            Ok(recorded.schedule.parse().expect("a trace is read with its schedule"))
        }
        From::Trace(file, recorded) => Err(ReplayError::OtherCache {
            file: file.clone(),
            was: recorded.cache.clone(),
            is: case.cache.clone(),
        }),
    }
}

/// Whether the run is the one that was meant.
fn fits(
    case: &Case,
    from: &From,
    follows: bool,
    trace: &Trace,
    misfit: Option<String>,
) -> Result<(), ReplayError> {
    match from {
        From::Trace(file, recorded) if !follows => {
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
            Err(ReplayError::Unfit { scenario: case.scenario.clone(), case: case.name.clone(), why })
        }),
    }
}

/// How the run compares with what it is of.
fn came_to(trace: &Trace, from: &From, follows: bool) -> String {
    let steps = counted(trace.steps.len() as u64, "step");
    match from {
        From::Trace(file, _) if follows => {
            format!("{steps}, in the order of the calls and commands of {file}.")
        }
        From::Trace(file, _) => format!("{steps}, each as in {file}."),
        From::Words(_) => format!("{steps}, in the schedule {}.", trace.schedule),
    }
}

/// What went wrong with the server.
fn failed(trouble: &Trouble, about: &About) -> ReplayError {
    let (place, command) = (about.place.clone(), trouble.command.to_string());
    let content = |content: &Option<Value>| content.map_or("nothing".to_owned(), |value| value.to_string());
    match (&trouble.why, trouble.step) {
        (Fault::Failed(error), step) => ReplayError::Failed {
            place,
            at: match (step, trouble.command) {
                (Some(step), _) => format!("at step {step}"),
                (None, Command::Get(_)) => "after the last step".to_owned(),
                (None, Command::Set(..) | Command::Delete(_)) => "before the first step".to_owned(),
            },
            command,
            error: error.to_string(),
            prefix: about.prefix.clone(),
        },
        (Fault::Other { held, expected }, step) => ReplayError::Unlike {
            place,
            step: step.unwrap_or_default(),
            command,
            held: content(held),
            expected: content(expected),
        },
    }
}
