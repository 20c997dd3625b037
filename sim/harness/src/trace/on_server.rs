//! A run on a real server: its commands and replies, and whether the violation happened there.

use super::model::Trace;
use super::story::{shown, who};
use super::text::{shorten, width, wrap};
use super::{Answer, Transcript};
use crate::history::Value;
use crate::look::{Look, Tint};

/// Formats the commands that the server received and its replies, and then states whether the run's
/// violation happened there. `name` is the server's name.
pub fn on_server(trace: &Trace, transcript: &Transcript, name: &str, look: Look) -> String {
    let mut lines = vec![format!("On {name}:"), String::new()];
    let commands: Vec<_> = transcript.answers.iter().map(|answer| answer.command.to_string()).collect();
    let most = look.width.saturating_sub(20);
    let room = commands.iter().map(|command| width(command)).max().unwrap_or(0).min(most);
    let row = |step: &str, command: &str, answer: &str| {
        format!("{step:>5}  {:room$}  {answer}", shorten(command, room)).trim_end().to_owned()
    };
    lines.push(look.paint(Tint::Frame, &row("step", "command", "reply")));
    for (answer, command) in transcript.answers.iter().zip(&commands) {
        lines.push(row(&answer.step.to_string(), command, &said(answer)));
    }
    lines.push(String::new());
    lines.extend(wrap(&happened(trace, transcript), look.width));
    lines.join("\n") + "\n"
}

fn said(answer: &Answer) -> String {
    answer.content.map_or("OK".to_owned(), held)
}

fn held(content: Option<Value>) -> String {
    content.map_or("absent".to_owned(), |value| value.to_string())
}

/// States whether the run's violation occurred on the server.
fn happened(trace: &Trace, transcript: &Transcript) -> String {
    let left: Vec<_> =
        transcript.left.iter().map(|(key, content)| format!("{key} = {}", held(*content))).collect();
    let left = format!("At the end the server holds {}.", left.join(", "));
    match (shown(trace).first(), trace.findings.first()) {
        (Some(finding), _) => {
            let returned = held(finding.returned);
            format!(
                "Reproduced on the server: {} returned {returned}, which is {}. {left}",
                who(trace, finding.read),
                finding.rule
            )
        }
        (None, Some(finding)) => format!(
            "Not reproduced: another schedule of this class has the violation {}. {left}",
            finding.rule
        ),
        (None, None) => format!("Not reproduced: no read of this run broke a rule. {left}"),
    }
}
