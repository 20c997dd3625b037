//! A trace as a list: a line for each step, and a line for each context switch.

use std::fmt;

use super::model::{Trace, TraceStep, Turnover};
use crate::runtime::Ending;
use crate::text::{WIDTH, place, wrapped};

/// The largest widths of a task's name, an object's name and a source location.
const MOST: [usize; 3] = [14, 16, 30];

impl fmt::Display for Turnover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Turnover::Ended { task } => write!(f, "{task} has ended"),
            Turnover::Waits { task, what } => write!(f, "{task} waits {what}"),
            Turnover::Chosen { task } => write!(f, "the schedule preempts {task} here"),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_steps(f)?;
        match &self.ending {
            Ending::Complete => Ok(()),
            Ending::Deadlock(waiting) => {
                writeln!(f, "deadlock: no task is enabled")?;
                waiting.iter().try_for_each(|line| writeln!(f, "{}", wrapped(line, "  ")))
            }
            Ending::Panic { task, report } => {
                writeln!(f, "{task} panicked at {}: {}", report.location, report.message)
            }
            Ending::TooLong => writeln!(f, "aborted at the bound on steps"),
            Ending::Nondeterministic(difference) => writeln!(f, "{}", wrapped(difference, "")),
        }
    }
}

impl Trace {
    /// Writes the steps, without the ending.
    pub(crate) fn write_steps(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let widest = |head: &str, most: usize, text: &dyn Fn(&TraceStep) -> String| {
            let widths = self.steps.iter().map(|step| text(step).chars().count());
            widths.max().unwrap_or(0).clamp(head.len(), most)
        };
        let task = widest("task", MOST[0], &|step| step.task.clone());
        let object = widest("object", MOST[1], &|step| step.object.clone().unwrap_or_default());
        let at = widest("at", MOST[2], &|step| place(step.source));
        let step = self.steps.len().to_string().len().max(4);
        let rest = WIDTH - (step + task + object + at + 4 * 2);
        let what = widest("what", rest, &what);
        let line = |[first, second, third, fourth, fifth]: [&str; 5]| {
            let line = format!("{first:>step$}  {second:task$}  {third:object$}  {fourth:what$}  {fifth}");
            line.trim_end().to_owned()
        };
        writeln!(f, "{}", line(["step", "task", "object", "what", "at"]))?;
        for (nth, its) in self.steps.iter().enumerate() {
            if let Some(turnover) = &its.turnover {
                let margin = " ".repeat(step);
                writeln!(f, "{}", end(&format!("{margin}  ── {turnover}"), WIDTH))?;
            }
            let number = (nth + 1).to_string();
            let name = its.object.as_deref().unwrap_or_default();
            let texts = [end(&its.task, task), end(name, object), end(&self::what(its), what)];
            let [task, object, what] = texts.each_ref().map(String::as_str);
            writeln!(f, "{}", line([&number, task, object, what, &start(&place(its.source), at)]))?;
            if let Some(overlooked) = &its.overlooked {
                writeln!(f, "{}", end(&format!("{}  ── {overlooked}", " ".repeat(step)), WIDTH))?;
            }
        }
        Ok(())
    }
}

/// The operation, its values, and its outcome.
fn what(step: &TraceStep) -> String {
    let mut text = step.operation.to_owned();
    match (&step.before, &step.after) {
        (Some(before), Some(after)) => text += &format!(" {before} → {after}"),
        (Some(before), None) => text += &format!(" → {before}"),
        (None, _) => {}
    }
    if let Some(outcome) = &step.outcome {
        text += &format!(": {outcome}");
    }
    text
}

/// The text in at most `most` characters. A longer text loses its end.
fn end(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The text in at most `most` characters. A longer text loses its start.
fn start(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    ['…'].into_iter().chain(text.chars().skip(length + 1 - most)).collect()
}
