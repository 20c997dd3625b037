//! `selvedge trace`: the simplest schedule that breaks a rule, with the reason, or a recorded
//! trace.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;
use selvedge_sim::protocols::Caches;
use selvedge_sim::trace::{Look, Trace, read};

use crate::args::{Arguments, Format, TraceOptions};
use crate::error::Failure;
use crate::interrupt::Interrupt;
use crate::projection::{is_trace, project};
use crate::session::Session;
use crate::terminal::say;

pub(crate) fn run<C: Caches>(
    options: &TraceOptions,
    look: Look,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let project = |trace: &Trace| project(trace, options.format, look);
    if let Some(file) = recorded(&options.search.scenarios)? {
        write!(out, "{}", project(&read(file)?))?;
        return Ok(0);
    }
    let mut session = Session::of::<C>(&options.search, Format::Text, look, interrupt)?;
    for scenario in std::mem::take(&mut session.scenarios) {
        for case in &scenario.cases {
            let judged = session.explore(case, out)?;
            let Some(trace) = judged.report.trace else { continue };
            session.write(out, &project(&trace))?;
            return Ok(session.end());
        }
    }
    let code = session.end();
    say(&format!("no trace to show: no case broke a rule\n{}", session.summary));
    Ok(code)
}

/// The recorded trace among the arguments, if any.
///
/// # Errors
///
/// If there is a second argument.
fn recorded(arguments: &[String]) -> Result<Option<&Path>, Failure> {
    match (arguments.iter().find(|argument| is_trace(argument)), arguments.len()) {
        (None, _) => Ok(None),
        (Some(file), 1) => Ok(Some(Path::new(file))),
        (Some(file), _) => {
            let message = format!("{file} is a recorded trace: name no other trace or scenario\n");
            Err(Failure::Arguments(Arguments::command().error(ErrorKind::ArgumentConflict, message)))
        }
    }
}
