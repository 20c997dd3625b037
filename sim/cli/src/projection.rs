//! The forms of a trace.

use std::ffi::OsStr;
use std::path::Path;

use selvedge_sim::report::trace_page;
use selvedge_sim::trace::{Look, Trace, json, lanes_in, mermaid, perfetto, reason_in, shiviz};

use crate::args::Projection;

/// Whether the argument names a recorded trace, not a scenario.
pub(crate) fn is_trace(argument: &str) -> bool {
    Path::new(argument).extension() == Some(OsStr::new("json"))
}

/// Renders the trace in this form.
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

/// The trace as text: a column per task, then the reason.
pub(crate) fn trace_text(trace: &Trace, look: Look) -> String {
    format!("{}\n{}", lanes_in(trace, look), reason_in(trace, look))
}
