//! The output for GitHub Actions: annotations of source lines, and a job summary.

use std::fmt::Write as _;
use std::path::Path;

use super::culprit::{culprit, within};
use super::{Judged, Summary};
use crate::number::{counted, grouped};
use crate::trace::reason;

/// A step may have ten annotations of one level, and the runner adds one when a command fails.
const MOST_ANNOTATIONS: usize = 9;
/// A summary is limited to 1 MiB.
const MOST_ROWS: usize = 200;
/// Same as [`MOST_ROWS`].
const MOST_TRACES: usize = 20;

/// An annotation for each failed case, as workflow commands on one line each; at most nine. If more
/// cases failed, the ninth counts them. File names are relative to `root`.
pub fn annotations(cases: &[Judged<'_>], root: &Path) -> String {
    let failed: Vec<_> = cases.iter().filter(|judged| !judged.judgement.passed()).collect();
    let shown = if failed.len() > MOST_ANNOTATIONS { MOST_ANNOTATIONS - 1 } else { failed.len() };
    let mut text = String::new();
    for judged in &failed[..shown] {
        let at = culprit(judged);
        let title = format!("selvedge: {} {}", judged.case.scenario, judged.case.name);
        let mut message = judged.judgement.why.clone();
        if let Some(by) = judged.searched_by() {
            _ = write!(message, "\n{by}");
        }
        match (&judged.diff, &judged.report.trace) {
            (Some(diff), _) => _ = write!(message, "\n\n{diff}"),
            (None, Some(trace)) => _ = write!(message, "\n\n{}", reason(trace)),
            (None, None) => {}
        }
        text += &format!(
            "::error file={},line={},title={}::{}\n",
            property(&within(root, &at.file)),
            at.line,
            property(&title),
            data(message.trim_end())
        );
    }
    let more = failed.len() - shown;
    if more > 0 {
        let cases = counted(more as u64, "case");
        text += &format!("::error title=selvedge::{cases} more failed: the summary lists them\n");
    }
    text
}

/// The job summary in Markdown: the number of passed cases, the failed cases with their reasons,
/// and their traces.
pub fn job_summary(cases: &[Judged<'_>], summary: &Summary) -> String {
    let (passed, failed) = summary.counts();
    let mut text = match failed {
        0 => format!("## selvedge gate: {} as expected\n", counted(passed, "case")),
        _ => {
            format!("## selvedge gate: {} of {} failed\n", grouped(failed), counted(passed + failed, "case"))
        }
    };
    let failed: Vec<_> = cases.iter().filter(|judged| !judged.judgement.passed()).collect();
    if !failed.is_empty() {
        text += "\n| scenario | case | engine | outcome | why |\n|---|---|---|---|---|\n";
    }
    for judged in failed.iter().take(MOST_ROWS) {
        let (case, judgement) = (judged.case, &judged.judgement);
        let [scenario, name, why] = [&case.scenario, &case.name, &judgement.why].map(|text| cell(text));
        let (engine, outcome) = (judged.report.engine, judgement.outcome.name());
        text += &format!("| {scenario} | {name} | {engine} | {outcome} | {why} |\n");
    }
    if let more @ 1.. = failed.len().saturating_sub(MOST_ROWS) {
        text += &format!("\n…and {}.\n", counted(more as u64, "case"));
    }
    let shown = failed.iter().filter(|judged| !judged.evidence().is_empty());
    for judged in shown.take(MOST_TRACES) {
        let title = cell(&format!("{} {}", judged.case.scenario, judged.case.name));
        let evidence = judged.evidence();
        // The fence must be longer than any in the text.
        let fence = "`".repeat(3.max(1 + longest_run(&evidence, '`')));
        text += &format!("\n<details><summary>{title}</summary>\n\n{fence}text\n{evidence}");
        text += &format!("{}{fence}\n\n</details>\n", if evidence.ends_with('\n') { "" } else { "\n" });
    }
    text
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes the text of a table cell.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '&' => cell += "&amp;",
            '<' => cell += "&lt;",
            '>' => cell += "&gt;",
            '\n' | '\r' => cell.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' => cell.extend(['\\', c]),
            c => cell.push(c),
        }
    }
    cell
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(|run| run.chars().count()).max().unwrap_or(0)
}
