//! Converts a document to its trace. Recomputes the derived parts (the reason, the marks, the
//! contents of the tiers).

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use selvedge_engine::Schedule;
use serde::Deserialize;
use serde_json::error::Category;

use super::error::Unreadable;
use super::shape::{self, Document};
use super::write::entries;
use super::{FORMAT, VERSION};
use crate::Excerpt;
use crate::history::{Key, Value};
use crate::oracle::{Finding, Rule};
use crate::plain::is_unsafe;
use crate::trace::model::{Effect, Ending, Entry, Place, Span, Step, Tier, Trace};
use crate::trace::state::states;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// Reads a trace that was written with [`json`](super::json).
///
/// # Errors
///
/// If the file cannot be read, is not JSON, is cut off, is not a trace, has another version, or
/// contradicts itself.
pub fn read(path: &Path) -> Result<Trace, Unreadable> {
    let name = path.display().to_string();
    match bytes(path) {
        Ok(bytes) => parse(&name, &String::from_utf8_lossy(&bytes)),
        Err(error) => Err(Unreadable::File { name, error }),
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        more if more > LARGEST => {
            Err(io::Error::other("it is larger than 64 MiB, the maximum size of a trace"))
        }
        _ => Ok(bytes),
    }
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

fn parse(name: &str, text: &str) -> Result<Trace, Unreadable> {
    let head = serde_json::from_str(text);
    let Head { format, version } = head.map_err(|error| misread(name, text, &error, true))?;
    let name = || name.to_owned();
    match format {
        Some(format) if format == FORMAT => {}
        Some(other) => {
            let what = format!("its `format` is {other}, and not \"{FORMAT}\"");
            return Err(Unreadable::NotATrace { name: name(), what });
        }
        None => {
            let what = format!("it has no `format`, which should be \"{FORMAT}\"");
            return Err(Unreadable::NotATrace { name: name(), what });
        }
    }
    match version {
        Some(version) if version == VERSION => {}
        other => {
            let found = other.map_or("(none)".to_owned(), |version| version.to_string());
            return Err(Unreadable::Version { name: name(), found });
        }
    }
    let document: Document = serde_json::from_str(text).map_err(|e| misread(&name(), text, &e, false))?;
    trace(document).map_err(|what| Unreadable::Contradiction { name: name(), what })
}

/// The error for the text. `head` is whether only the header was parsed, so that the file is not a
/// trace at all.
fn misread(name: &str, text: &str, error: &serde_json::Error, head: bool) -> Unreadable {
    let name = name.to_owned();
    // The error's label shows the position, so its message omits it.
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default().to_owned();
    let excerpt = Excerpt::new(&name, Arc::new(text.to_owned()));
    let span = excerpt.span(offset(text, error.line(), error.column()), 0);
    match error.classify() {
        Category::Eof => {
            let span = excerpt.span(text.trim_end().len(), 0);
            Unreadable::CutOff { name, excerpt, span }
        }
        Category::Syntax | Category::Io => Unreadable::NotJson { name, what, excerpt, span },
        Category::Data if head => Unreadable::NotATrace { name, what },
        Category::Data => Unreadable::Field { name, what, excerpt, span },
    }
}

/// The offset in bytes of a line and column. Both count from 1, columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let at = (before + column.saturating_sub(1)).min(text.len());
    text.floor_char_boundary(at)
}

/// The document's trace, or the contradiction.
fn trace(document: Document) -> Result<Trace, String> {
    let schedule: Result<Schedule, _> = document.schedule.parse();
    schedule.map_err(|error| format!("`schedule`: {error}"))?;
    let mut steps: Vec<Step> = Vec::new();
    let mut stated = Vec::new();
    let mut so_far = vec![0; document.tasks.len()];
    for its in document.steps {
        let tiers = its.tiers;
        let clock = &its.clock;
        let at = steps.len();
        let field = |name: &str| format!("steps[{at}].{name}");
        expect(&field("step"), its.step as usize, at + 1)?;
        known(&field("task"), its.task, "tasks", document.tasks.len())?;
        if let Some(operation) = its.operation {
            known(&field("operation"), operation, "operations", document.operations.len())?;
            expect(&format!("operations[{operation}].task"), document.operations[operation].task, its.task)?;
        }
        expect(&field("clock.length"), clock.len(), document.tasks.len())?;
        for (task, &seen) in clock.iter().enumerate() {
            let so_far = so_far[task];
            match task == its.task {
                true => expect(&field(&format!("clock[{task}]")), seen as usize, so_far + 1)?,
                false if seen as usize > so_far => {
                    let field = field(&format!("clock[{task}]"));
                    return Err(format!("`{field}` is {seen}, but that task has made {so_far} steps before"));
                }
                false => {}
            }
        }
        so_far[its.task] += 1;
        steps.push(Step {
            number: its.step,
            lane: its.task,
            place: place(its.place),
            what: plain(its.event),
            object: its.object.map(plain),
            effect: its.effect.map(effect),
            location: plain(its.location),
            time: its.time_ms,
            operation: its.operation,
            clock: its.clock,
        });
        stated.push(tiers);
    }
    let mut operations = Vec::new();
    for (at, its) in document.operations.into_iter().enumerate() {
        let field = |name: &str| format!("operations[{at}].{name}");
        known(&field("task"), its.task, "tasks", document.tasks.len())?;
        let own = || steps.iter().filter(|step| step.operation == Some(at)).map(|step| step.number as usize);
        expect(&field("first"), its.first as usize, own().next().unwrap_or(steps.len() + 1))?;
        expect(&field("last"), its.last as usize, own().next_back().unwrap_or(0))?;
        operations.push(Span {
            lane: its.task,
            key: key(its.key),
            call: plain(its.call),
            reply: its.reply.map(plain),
            first: its.first,
            last: its.last,
        });
    }
    let mut findings = Vec::new();
    for (at, its) in document.violations.into_iter().enumerate() {
        let field = |name: &str| format!("violations[{at}].{name}");
        let rule = Rule::from_name(&its.rule);
        let rule =
            rule.ok_or_else(|| format!("`{}` is `{}`, which is not a rule", field("rule"), its.rule))?;
        known(&field("read"), its.read, "operations", operations.len())?;
        if let Some(before) = its.before {
            known(&field("before"), before, "operations", operations.len())?;
        }
        findings.push(Finding {
            rule,
            read: its.read,
            key: key(its.key),
            returned: its.returned.map(value),
            newer: its.newer.map(|newer| newer.content.map(value)),
            before: its.before,
        });
    }
    let trace = Trace {
        scenario: plain(document.scenario),
        case: plain(document.case),
        cache: plain(document.cache),
        engine: plain(document.engine),
        tiers: document.tiers.into_iter().map(tier).collect(),
        faults: document.faults.into_iter().map(plain).collect(),
        blocked: document.blocked.into_iter().map(plain).collect(),
        lanes: document.tasks.into_iter().map(plain).collect(),
        steps,
        operations,
        findings,
        ending: match document.ending {
            shape::Ending::Complete => Ending::Complete,
            shape::Ending::Deadlock { waiting } => Ending::Deadlock(waiting.into_iter().map(plain).collect()),
            shape::Ending::Panic { message } => Ending::Panic(plain(message)),
        },
        schedule: document.schedule,
        is_simplest: document.simplest.unwrap_or(true),
        code: document.code.into_iter().map(|(location, text)| (plain(location), plain(text))).collect(),
    };
    for (at, (state, stated)) in states(&trace)[1..].iter().zip(stated).enumerate() {
        if state.iter().map(entries).collect::<Vec<_>>() != stated {
            return Err(format!(
                "`steps[{at}].tiers` differs from the contents after the start and the effects up to this step"
            ));
        }
    }
    Ok(trace)
}

fn expect(field: &str, found: usize, expected: usize) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("`{field}` is {found}, but must be {expected}")) }
}

/// Checks that the field is an index into a list of this length.
fn known(field: &str, index: usize, list: &str, length: usize) -> Result<(), String> {
    if index < length {
        Ok(())
    } else {
        Err(format!("`{field}` is {index}, but `{list}` has {length} elements"))
    }
}

/// Removes control characters, which a terminal would interpret.
fn plain(text: String) -> String {
    text.replace(is_unsafe, "\u{fffd}")
}

fn key(name: String) -> Key {
    Key::new(&plain(name))
}

fn value(its: shape::Value) -> Value {
    Value { key: key(its.key), version: its.version }
}

fn tier(its: shape::Tier) -> Tier {
    let entry = |its: shape::StartEntry| Entry {
        entry: key(its.entry),
        value: value(its.value),
        expires: its.expires_ms,
    };
    Tier { place: place(its.place), name: plain(its.name), start: its.start.into_iter().map(entry).collect() }
}

fn place(its: shape::PlaceTag) -> Place {
    match its {
        shape::PlaceTag::L1 => Place::L1,
        shape::PlaceTag::L1OfB => Place::L1Of(1),
        shape::PlaceTag::L1OfC => Place::L1Of(2),
        shape::PlaceTag::Remote => Place::Remote,
        shape::PlaceTag::Database => Place::Database,
        shape::PlaceTag::Fence => Place::Fence,
        shape::PlaceTag::Lock => Place::Lock,
        shape::PlaceTag::Clock => Place::Clock,
        shape::PlaceTag::Other => Place::Other,
    }
}

fn effect(its: shape::Effect) -> Effect {
    match its {
        shape::Effect::Found { entry, content } => {
            Effect::Found { entry: key(entry), content: content.map(value) }
        }
        shape::Effect::Left { entry, content } => {
            Effect::Left { entry: key(entry), content: content.map(value) }
        }
        shape::Effect::Locked { entry } => Effect::Locked { entry: key(entry) },
    }
}
