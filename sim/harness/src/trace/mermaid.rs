//! The run as a [Mermaid](https://mermaid.js.org/syntax/sequenceDiagram.html) sequence diagram,
//! which GitHub and GitLab render in Markdown.

use super::marks::{Moment, marks};
use super::model::{Effect, Span, Step, Trace};
use super::reason::verdict;

/// Formats the run as a sequence diagram: a participant for each task and each tier, a message for
/// each step that accesses a tier.
pub fn mermaid(trace: &Trace) -> String {
    // A JSON string is also a YAML string.
    let title = serde_json::Value::from(format!("{} {}: {}", trace.scenario, trace.case, verdict(trace)));
    let mut out = Diagram { text: format!("---\ntitle: {title}\n---\nsequenceDiagram\n") };
    for (lane, name) in trace.lanes.iter().enumerate() {
        out.line(format!("participant t{lane} as {}", escaped(name)));
    }
    for (tier, its) in trace.tiers.iter().enumerate() {
        out.line(format!("participant p{tier} as {}", escaped(&its.name)));
    }
    for (tier, its) in trace.tiers.iter().enumerate() {
        let held = its.to_string();
        let held = held.strip_prefix(&its.name).unwrap_or(&held).trim();
        out.line(format!("Note over p{tier}: {}", escaped(held)));
    }
    let marks = marks(trace);
    let marked = |out: &mut Diagram, moment: Moment, lane: usize| {
        for mark in marks.iter().filter(|mark| mark.moment == moment) {
            out.line(format!("Note right of t{lane}: ◄ {}", escaped(&mark.note)));
        }
    };
    for (at, step) in trace.steps.iter().enumerate() {
        let spans = || trace.operations.iter().enumerate();
        for (id, span) in spans().filter(|(_, span)| span.first == step.number) {
            out.line(format!("Note over t{}: {}", span.lane, escaped(&span.call)));
            marked(&mut out, Moment::Invocation(id), span.lane);
        }
        step_of(&mut out, trace, step);
        marked(&mut out, Moment::Step(at), step.lane);
        for (id, span) in spans().filter(|(_, span)| span.last == step.number) {
            let Span { lane, reply: Some(reply), .. } = span else { continue };
            out.line(format!("Note over t{lane}: returns {}", escaped(reply)));
            marked(&mut out, Moment::Response(id), *lane);
        }
    }
    out.text
}

/// Adds a message to the tier that the step accesses, and its reply if the step is a read;
/// otherwise a message from the task to itself.
fn step_of(out: &mut Diagram, trace: &Trace, step: &Step) {
    let lane = step.lane;
    let what = format!("{}. {}", step.number, escaped(&step.what));
    let Some(tier) = trace.tiers.iter().position(|tier| tier.place == step.place) else {
        out.line(format!("t{lane}->>t{lane}: {what}"));
        return;
    };
    match step.effect {
        Some(Effect::Found { content, .. }) => {
            let asked = what.split(" → ").next().unwrap_or_default();
            let found = content.map_or("nothing".to_owned(), |value| value.to_string());
            out.line(format!("t{lane}->>p{tier}: {asked}"));
            out.line(format!("p{tier}-->>t{lane}: {found}"));
        }
        _ => out.line(format!("t{lane}->>p{tier}: {what}")),
    }
}

struct Diagram {
    text: String,
}

impl Diagram {
    fn line(&mut self, line: String) {
        self.text.push_str("  ");
        self.text.push_str(&line);
        self.text.push('\n');
    }
}

/// Escapes the syntax of Mermaid and HTML as character codes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' | ';' | '<' | '>' | '&' | '%' | '{' | '}' | '"' | '\\' => {
                out.push_str(&format!("#{};", u32::from(letter)));
            }
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
