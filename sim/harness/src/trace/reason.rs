//! The reason in words: what the violation is, and why it was possible.

use super::model::{Effect, Ending, Step, Trace};
use super::story::{Carried, Origin, Story, carried, is_shown, left, place, short, shown, who};
use super::text::wrap;
use crate::history::{OperationId, Value};
use crate::look::{Look, Tint};
use crate::oracle::{Finding, Rule};

/// Explains the run's violation, at most 100 columns wide and without colour: [`reason_in`] with
/// [`Look::PLAIN`].
pub fn reason(trace: &Trace) -> String {
    reason_in(trace, Look::PLAIN)
}

/// Explains the run's violation: the gravest finding, step by step, then its other findings, and
/// its ending if it is not a normal one.
pub fn reason_in(trace: &Trace, look: Look) -> String {
    let filled = |text: &str| filled(text, look);
    let shown = shown(trace);
    let mut paragraphs = Vec::new();
    if let Some((&main, others)) = shown.split_first() {
        paragraphs.push(filled(&format!("{}: {}", title(main.rule), what(trace, main))));
        paragraphs.push(filled(&why(trace, main)));
        paragraphs.extend(others.iter().map(|other| filled(&also(trace, main, other))));
    }
    for finding in trace.findings.iter().filter(|finding| !is_shown(trace, finding)) {
        let read = who(trace, finding.read);
        paragraphs
            .push(filled(&format!("In another schedule of the same class, {read} is {}.", finding.rule)));
    }
    match &trace.ending {
        Ending::Complete => {}
        Ending::Deadlock(waiting) => paragraphs.extend(deadlock(trace, waiting, look)),
        Ending::Panic(message) => paragraphs.extend(panic(trace, message, look)),
    }
    if paragraphs.is_empty() {
        paragraphs.push("Nothing is wrong with this run.".to_owned());
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n") + "\n"
}

/// The run's verdict in one word: the gravest broken rule, or the ending; otherwise `clean`.
pub fn verdict(trace: &Trace) -> &'static str {
    match (&trace.ending, trace.findings.iter().map(|finding| finding.rule).min()) {
        (Ending::Deadlock(_), _) => "deadlock",
        (Ending::Panic(_), _) => "panic",
        (Ending::Complete, Some(rule)) => rule.name(),
        (Ending::Complete, None) => "clean",
    }
}

/// Wraps the paragraph, and emphasizes its first word, the violation.
fn filled(text: &str, look: Look) -> String {
    let text = wrap(text, look.width).join("\n");
    match text.split_once(": ").filter(|(title, _)| TITLES.contains(title)) {
        Some((title, rest)) => format!("{} {rest}", look.paint(Tint::Alarm, &format!("{title}:"))),
        None => text,
    }
}

/// The titles of the paragraphs that state a violation.
const TITLES: [&str; 11] = [
    "Crossed",
    "Phantom",
    "Lost update",
    "Stale",
    "Older than delivered",
    "Beyond the bound",
    "Inverted",
    "Backwards",
    "Lasting",
    "Deadlock",
    "Panic",
];

fn title(rule: Rule) -> &'static str {
    match rule {
        Rule::Crossed => "Crossed",
        Rule::Phantom => "Phantom",
        Rule::LostUpdate => "Lost update",
        Rule::Stale => "Stale",
        Rule::OlderThanDelivered => "Older than delivered",
        Rule::BeyondBound => "Beyond the bound",
        Rule::Inverted => "Inverted",
        Rule::Backwards => "Backwards",
        Rule::Lasting => "Lasting",
    }
}

/// The wrong result of the read, or the version that the update has overwritten.
fn what(trace: &Trace, finding: &Finding) -> String {
    let read = who(trace, finding.read);
    let returned = content(finding, finding.returned);
    let key = finding.key;
    let reply = trace.operations[finding.read].reply.as_deref();
    if matches!(finding.rule, Rule::Crossed | Rule::Phantom) && reply == Some("done") {
        return match finding.rule {
            Rule::Crossed => format!("{read} was computed from {returned}, which was never {key}'s."),
            _ if finding.returned.is_none() => {
                format!("{read} was computed from absent, but {key} was never absent.")
            }
            _ => format!("{read} was computed from {returned}, which no operation wrote."),
        };
    }
    match (finding.rule, finding.newer) {
        (Rule::Crossed, _) => format!("{read} returned {returned}, which was never {key}'s."),
        (Rule::Phantom, _) if finding.returned.is_none() => {
            format!("{read} returned absent, but {key} was never absent.")
        }
        (Rule::Phantom, _) => format!("{read} returned {returned}, which no operation wrote."),
        (Rule::LostUpdate, _) => {
            let lost = finding.before.map_or_else(|| "a write".to_owned(), |write| who(trace, write));
            format!("{lost} was overwritten by {read}, which had computed its value from {returned}.")
        }
        (Rule::Stale, _) => {
            format!("{read} returned {returned} after {} had been acknowledged.", newer(finding))
        }
        (Rule::OlderThanDelivered, _) => {
            format!("{read} returned {returned} after its node had been notified of {}.", newer(finding))
        }
        (Rule::BeyondBound, _) => {
            format!(
                "{read} returned {returned}, although {} was acknowledged longer ago than the bound.",
                newer(finding)
            )
        }
        (Rule::Inverted, seen) => {
            let seen = content(finding, seen.flatten());
            format!("{read} returned {returned} after an earlier read had returned {seen}.")
        }
        (Rule::Backwards, seen) => {
            let seen = content(finding, seen.flatten());
            format!("{read} returned {returned} after an earlier read of its node had returned {seen}.")
        }
        (Rule::Lasting, last) => {
            let last = content(finding, last.flatten());
            format!("{read} returned {returned} after all threads had ended. The last version is {last}.")
        }
    }
}

/// How the violation occurred.
fn why(trace: &Trace, finding: &Finding) -> String {
    let story = Story::of(trace, finding);
    let began = trace.operations[finding.read].first;
    let mut text = Vec::new();
    match (finding.rule, finding.before) {
        (Rule::LostUpdate, Some(write)) => text.push(overwritten(trace, finding, &story, write)),
        (Rule::Stale, Some(write)) => {
            let (by, ended) = (short(trace, write), trace.operations[write].last);
            let newer = capital(&newer(finding));
            text.push(format!(
                "{newer} was acknowledged to {by} at step {ended}, before this read began at step {began}."
            ));
        }
        (Rule::OlderThanDelivered, Some(notice)) => {
            let (by, ended) = (short(trace, notice), trace.operations[notice].last);
            text.push(format!(
                "{by} had applied the notification at step {ended}, before this read began at step {began}."
            ));
        }
        (Rule::BeyondBound, Some(write)) => {
            let (by, ended) = (short(trace, write), trace.operations[write].last);
            text.push(format!(
                "The bound on staleness had passed when {by} ended at step {ended}, before this read began at step {began}."
            ));
        }
        (Rule::Inverted | Rule::Backwards, Some(earlier)) => {
            let (by, ended) = (short(trace, earlier), trace.operations[earlier].last);
            let seen = content(finding, finding.newer.flatten());
            text.push(format!(
                "{by} had returned {seen} at step {ended}, before this read began at step {began}."
            ));
            text.extend(in_progress(trace, &story));
        }
        (Rule::Lasting, Some(write)) => text.extend(story.written.map(|written| {
            let made = capital(&made(finding));
            format!("{made} at step {}, by {}, and not written again.", written.number, short(trace, write))
        })),
        _ => {}
    }
    match story.origin {
        // Found at the source of truth: the order of the steps explains it.
        Some(Origin { put: None, .. }) if finding.rule == Rule::LostUpdate => {}
        Some(origin) => {
            text.push(came_from(trace, &story, origin));
            if finding.rule != Rule::LostUpdate {
                text.extend(not_removed(trace, &story, origin));
            }
        }
        None => text.extend(through(trace, &story).or_else(|| in_hand(trace, &story))),
    }
    if finding.rule == Rule::Lasting {
        text.push(unrepaired(trace));
    }
    text.join(" ")
}

/// How the update overwrote a version that it had not read.
fn overwritten(trace: &Trace, finding: &Finding, story: &Story<'_>, lost: OperationId) -> String {
    let (by, update) = (short(trace, lost), short(trace, finding.read));
    let mut text = match story.written {
        Some(written) => format!("{} by {by} at step {}", capital(&made(finding)), written.number),
        None => format!("{} by {by}", capital(&made(finding))),
    };
    if let Some(found) = story.origin.map(|origin| origin.found) {
        let returned = content(finding, finding.returned);
        let is_before = story.written.is_some_and(|written| found.number < written.number);
        text += &match is_before {
            true => format!(", after {update} had read {returned} at step {}", found.number),
            false => format!(", and {update} still read {returned} at step {}", found.number),
        };
    }
    text += &match story.overwrites {
        Some(step) => format!(
            ". {} then overwrote it at step {} without having read it.",
            capital(&update),
            step.number
        ),
        None => format!(". {} then overwrote it without having read it.", capital(&update)),
    };
    text + " A compare-and-set at the source of truth would have been refused."
}

/// The engine object through which the old version may have reached the read, if no step shows the
/// object's content.
fn through(trace: &Trace, story: &Story<'_>) -> Option<String> {
    let Carried { found, put, taken } = carried(trace, story.finding)?;
    let object = taken.object.as_deref()?;
    let returned = content(story.finding, story.finding.returned);
    let who = |step: &Step| match step.operation {
        Some(by) => short(trace, by),
        None => format!("the task {}", trace.lanes[step.lane]),
    };
    let by = who(put);
    let mut text = format!(
        "The read took {returned} from {object} at step {} ({}), which {by} had accessed at step {} ({}). {} had ",
        taken.number,
        taken.location,
        put.number,
        put.location,
        capital(&by)
    );
    text += &match found {
        Some(found) => format!("read {returned} from {} at step {}", place(&found.place), found.number),
        None => format!("been called with {returned}"),
    };
    if let (Some(found), Some(written)) = (found, story.written)
        && found.number < written.number
    {
        text += &format!(", before {} at step {}", made(story.finding), written.number);
    }
    text += &format!(
        ". No step shows the contents of {object}, but no other object that the read accessed can have held {returned}."
    );
    Some(text)
}

/// The operation that had read the old version before the newer was written, if no step shows where
/// the read found it.
fn in_hand(trace: &Trace, story: &Story<'_>) -> Option<String> {
    let written = story.written?;
    let (found, by) = trace.steps[..written.number as usize].iter().rev().find_map(|step| {
        let by = step.operation.filter(|by| *by != story.finding.read)?;
        let is_it =
            matches!(step.effect, Some(Effect::Found { content, .. }) if content == story.finding.returned);
        (is_it && trace.operations[by].last > written.number).then_some((step, by))
    })?;
    Some(format!(
        "No step shows where the read found {}: it was in memory that only the cache's own code accesses. {} had read \
         it from {} at step {}, before {} at step {}; its last step was step {}.",
        content(story.finding, story.finding.returned),
        capital(&short(trace, by)),
        place(&found.place),
        found.number,
        made(story.finding),
        written.number,
        trace.operations[by].last,
    ))
}

/// Why the violation is lasting.
fn unrepaired(trace: &Trace) -> String {
    match trace.blocked.as_slice() {
        [] => "No task is left that could repair it.".to_owned(),
        [one] => format!("No runnable task is left that could repair it: {one}, and no task wakes it."),
        more => {
            let blocked = more.join("; ");
            format!("No runnable task is left that could repair it: {blocked}, and no task wakes them.")
        }
    }
}

/// Why an inverted read is not also stale: the write that the earlier read saw had not completed.
fn in_progress(trace: &Trace, story: &Story<'_>) -> Option<String> {
    let written = story.written?;
    let write = &trace.operations[written.operation?];
    let read = &trace.operations[story.finding.read];
    (write.reply.is_none() || write.last > read.first).then(|| {
        format!(
            "The write was still in progress ({} at step {}), so a read may return either version. After one read has \
             returned the newer one, no later read may return the older one.",
            made(story.finding),
            written.number
        )
    })
}

/// Where the read found its result, and which step had stored it there.
fn came_from(trace: &Trace, story: &Story<'_>, origin: Origin<'_>) -> String {
    let finding = story.finding;
    let Origin { found, put, from_start, source } = origin;
    let tier = place(&found.place);
    // In L1, an absence is an entry; in other tiers, it is not.
    let is_kept = finding.returned.is_some() || found.place.is_local();
    let answer = if is_kept { content(finding, finding.returned) } else { "nothing".to_owned() };
    let entry = found.effect.map(Effect::entry).filter(|&entry| entry != finding.key);
    let entry = entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
    let subject = if finding.rule == Rule::LostUpdate { "update" } else { "read" };
    let mut text = format!("The {subject} found {answer} in {tier}{entry} at step {}", found.number);
    let Some(put) = put else {
        return text + if from_start { ", as it had been from the start." } else { "." };
    };
    let done = if is_kept { "put it there" } else { "removed it" };
    let by = put.operation.map(|by| if by == finding.read { "it".to_owned() } else { short(trace, by) });
    text += &match &by {
        Some(by) => format!(", because {by} had {done} at step {}.", put.number),
        None => format!(", because the {} had {done} at step {}.", trace.lanes[put.lane], put.number),
    };
    if let (Some(by), Some(source)) = (by, source) {
        text +=
            &format!(" {} had read it from {} at step {}", capital(&by), place(&source.place), source.number);
        if let Some(written) = story.written.filter(|written| source.number < written.number) {
            text += &format!(", before {} at step {}", made(finding), written.number);
        }
        text += ".";
    }
    text
}

/// Why the operation that wrote the newer version did not remove the old one from L1.
fn not_removed(trace: &Trace, story: &Story<'_>, origin: Origin<'_>) -> Option<String> {
    let Origin { found, put, .. } = origin;
    let by = capital(&short(trace, story.written?.operation?));
    if !found.place.is_local() {
        return None;
    }
    let Some(touched) = story.touched else {
        return Some(format!("{by} never touched that entry of L1."));
    };
    let number = touched.number;
    let removes = left(touched) == Some(None);
    if number > found.number {
        let what = if removes { "removes" } else { "replaces" };
        return Some(format!("{by} {what} that entry of L1 only at step {number}."));
    }
    let put = put.filter(|put| number < put.number)?.number;
    Some(if removes {
        format!(
            "{by} cleared that entry of L1 at step {number}, too early: the old version was stored at step {put}."
        )
    } else {
        format!(
            "{by} replaced that entry of L1 at step {number}, too early: the old version was stored at step {put}."
        )
    })
}

/// Another finding of the same run, in one line.
fn also(trace: &Trace, main: &Finding, other: &Finding) -> String {
    if other.rule == Rule::Lasting && other.read == main.read {
        return format!("Also lasting: every thread had ended when that read began. {}", unrepaired(trace));
    }
    let also = format!("Also {}: {}", other.rule, what(trace, other));
    match other.rule {
        Rule::Lasting if !trace.blocked.is_empty() => format!("{also} {}", unrepaired(trace)),
        _ => also,
    }
}

/// The reason of the deadlock, and one line for each blocked task and each operation without a
/// response.
fn deadlock(trace: &Trace, waiting: &[String], look: Look) -> [String; 2] {
    let stopped = match trace.steps.last() {
        Some(step) => format!("Deadlock: after step {}, no task could continue.", step.number),
        None => "Deadlock: no task could execute a first step.".to_owned(),
    };
    let unanswered = trace.operations.iter().enumerate().filter(|(_, span)| span.reply.is_none());
    let unanswered = unanswered.map(|(id, _)| format!("{} never answered", who(trace, id)));
    let lines = waiting.iter().cloned().chain(unanswered);
    let items: Vec<String> =
        lines.map(|line| format!("- {}", wrap(&line, look.width - 2).join("\n  "))).collect();
    [filled(&stopped, look), items.join("\n")]
}

fn panic(trace: &Trace, message: &str, look: Look) -> [String; 2] {
    let last = trace.steps.last().map(|step| {
        let by =
            step.operation.map_or_else(|| trace.lanes[step.lane].clone(), |operation| who(trace, operation));
        let (number, what, location) = (step.number, &step.what, &step.location);
        format!("The last step before the panic was step {number}, `{what}`, in {by} ({location}).")
    });
    [filled(&format!("Panic: {message}"), look), filled(&last.unwrap_or_default(), look)]
}

/// Formats a content. A value that was written for another key has that key.
fn content(finding: &Finding, content: Option<Value>) -> String {
    match content {
        None => "absent".to_owned(),
        Some(value) if value.key != finding.key => format!("{}'s {value}", value.key),
        Some(value) => value.to_string(),
    }
}

/// The newer version, as the object of an acknowledgement.
fn newer(finding: &Finding) -> String {
    match finding.newer.flatten() {
        Some(value) => content(finding, Some(value)),
        None => format!("the deletion of {}", finding.key),
    }
}

/// A clause that states that the newer version was written.
fn made(finding: &Finding) -> String {
    match finding.newer.flatten() {
        Some(value) => format!("{} was written", content(finding, Some(value))),
        None => format!("{} was deleted", finding.key),
    }
}

/// Capitalizes a sentence's first word, except names of threads and versions.
fn capital(text: &str) -> String {
    match text.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None if text == "it" => "It".to_owned(),
        None => text.to_owned(),
    }
}
