//! What GitHub Actions shows: annotations at the lines concerned, and a job's summary.

use std::fmt::Write as _;
use std::path::Path;

use super::culprit::{culprit, within};
use super::{Judged, Summary};
use crate::number::{counted, grouped};
use crate::trace::reason;

/// A step may have ten annotations of a kind, and the runner makes one of its own when a command fails.
const MOST_ANNOTATIONS: usize = 9;
/// A summary may have 1 MiB.
const MOST_ROWS: usize = 200;
/// As [`MOST_ROWS`].
const MOST_TRACES: usize = 20;

/// An annotation for each case that did not come out as expected, as workflow commands, a line each; at most nine. If
/// there are more such cases, the ninth says how many. Files are named from `root` on.
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
        text += &format!(
            "::error title=selvedge::{cases} more did not come out as expected: the summary has them\n"
        );
    }
    text
}

/// The job's summary in Markdown: how many cases came out as expected, which did not and why, and their traces.
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
        // A fence that is longer than any in it.
        let fence = "`".repeat(3.max(1 + longest_run(&evidence, '`')));
        text += &format!("\n<details><summary>{title}</summary>\n\n{fence}text\n{evidence}");
        text += &format!("{}{fence}\n\n</details>\n", if evidence.ends_with('\n') { "" } else { "\n" });
    }
    text
}

/// A workflow command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A workflow command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text in a cell of a table, as itself.
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
