//! The colours and the width of text.

use std::env;
use std::io::{IsTerminal, stdout};

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
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    let look = Look::PLAIN.in_colour(match colour {
        Colour::Auto => terminal.is_some() && !is_set("NO_COLOR") && !dumb,
        Colour::Always => true,
        Colour::Never => false,
    });
    match terminal.and_then(|terminal| terminal.columns) {
        Some(columns) => look.of_width(columns),
        None => look,
    }
}
