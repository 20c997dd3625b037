//! The colours and the width of text.

use std::env;
use std::io::{IsTerminal, stderr, stdout};

use selvedge_sim::trace::Look;

use crate::args::Colour;

/// The terminal that shows the results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) columns: Option<usize>,
}

impl Terminal {
    /// The terminal of stdout, if stdout is one.
    pub(crate) fn of_stdout() -> Option<Self> {
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        stdout().is_terminal().then_some(Terminal { columns })
    }
}

/// The look of traces on the output.
pub(crate) fn look(colour: Colour, terminal: Option<Terminal>) -> Look {
    let look = Look::PLAIN.in_colour(match colour {
        Colour::Auto => terminal.is_some() && wants_colours(),
        Colour::Always => true,
        Colour::Never => false,
    });
    match terminal.and_then(|terminal| terminal.columns) {
        Some(columns) => look.of_width(columns),
        None => look,
    }
}

/// The look of errors on stderr.
pub(crate) fn of_stderr() -> Look {
    if !stderr().is_terminal() {
        return Look::PLAIN;
    }
    let columns = terminal_size::terminal_size_of(stderr()).map(|(width, _)| usize::from(width.0));
    let look = Look::PLAIN.in_colour(wants_colours());
    columns.map_or(look, |columns| look.of_width(columns))
}

/// Whether the environment allows colours on a terminal.
fn wants_colours() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|value| value != "dumb")
}
