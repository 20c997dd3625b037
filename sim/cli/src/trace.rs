//! `selvedge trace`: the simplest schedule that breaks a rule, and why; or a recorded trace. In any of its forms.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;
use selvedge_sim::protocols::Caches;
use selvedge_sim::report::trace_page;
use selvedge_sim::trace::{Look, Trace, json, lanes_in, mermaid, perfetto, read, reason_in, shiviz};

use crate::args::{Arguments, Format, Projection, Shown};
use crate::error::Failure;
use crate::interrupt::Interrupt;
use crate::session::Session;
use crate::terminal::say;

pub(crate) fn run<C: Caches>(
    shown: &Shown,
    look: Look,
    interrupt: &Interrupt,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let project = |trace: &Trace| project(trace, shown.format, look);
    if let Some(file) = recorded(&shown.search.scenarios)? {
        write!(out, "{}", project(&read(file)?))?;
        return Ok(0);
    }
    let mut session = Session::of::<C>(&shown.search, Format::Text, look, interrupt)?;
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

/// The recorded trace that the words name, if they name one.
fn recorded(words: &[String]) -> Result<Option<&Path>, Failure> {
    match (words.iter().find(|word| is_trace(word)), words.len()) {
        (None, _) => Ok(None),
        (Some(word), 1) => Ok(Some(Path::new(word))),
        (Some(word), _) => {
            let what = format!(
                "{word} is a recorded trace: it is shown alone, and not with other traces or scenarios\n"
            );
            Err(Failure::Arguments(Arguments::command().error(ErrorKind::ArgumentConflict, what)))
        }
    }
}

/// Whether the word names a recorded trace, and no scenario.
pub(crate) fn is_trace(word: &str) -> bool {
    Path::new(word).extension() == Some(OsStr::new("json"))
}

/// The trace in this form.
pub(crate) fn project(trace: &Trace, form: Projection, look: Look) -> String {
    match form {
        Projection::Text => trace_text(trace, look),
        Projection::Json => json(trace),
        Projection::Mermaid => mermaid(trace),
        Projection::Perfetto => perfetto(trace),
        Projection::Shiviz => shiviz(trace),
        Projection::Html => trace_page(trace),
    }
}

/// The lanes, and the reason in words.
pub(crate) fn trace_text(trace: &Trace, look: Look) -> String {
    format!("{}\n{}", lanes_in(trace, look), reason_in(trace, look))
}
