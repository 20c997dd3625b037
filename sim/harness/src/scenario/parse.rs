//! Parses a scenario.

use std::ops::Range;

use selvedge_engine::MAX_TASKS;
use toml::de::DeTable;

use super::axes::Axes;
use super::cases::CaseReader;
use super::expect;
use super::reader::Reader;
use super::{Axis, Case, Known, Mistakes, Scenario, Scripts, alphabet};

/// The limit of a file, in bytes.
pub(super) const LARGEST: usize = 1 << 20;

/// The limit of operations in all threads of a case.
const MOST_OPERATIONS: usize = 1_000;

/// The longest `about`, in bytes.
const LONGEST_ABOUT: usize = 500;

const FIELDS: [&str; 14] = [
    "name", "about", "cache", "local", "remote", "source", "derived", "nodes", "faults", "drops", "specials",
    "thread", "axes", "expect",
];

/// Parses a scenario. `path` is for messages. `known` are the caches that it can name:
/// [`Caches::known`](crate::protocols::Caches::known), or names alone.
///
/// # Errors
///
/// All errors that can be found at once, in the order of the text.
pub fn parse<'k, K>(path: &str, text: &str, known: &'k [K]) -> Result<Scenario, Mistakes>
where
    K: Copy + Into<Known<'k>>,
{
    parse_with(path, text, known, Scripts::Files)
}

/// Same as [`parse`], with the scripts from this source.
///
/// # Errors
///
/// Same as [`parse`].
pub fn parse_with<'k, K>(
    path: &str,
    text: &str,
    known: &'k [K],
    scripts: Scripts,
) -> Result<Scenario, Mistakes>
where
    K: Copy + Into<Known<'k>>,
{
    let known: Vec<Known<'k>> = known.iter().map(|&cache| cache.into()).collect();
    parse_among(Reader::new(path, text).scripts(scripts), text, &known)
}

fn parse_among(mut reader: Reader, text: &str, known: &[Known<'_>]) -> Result<Scenario, Mistakes> {
    if text.len() > LARGEST {
        let what = format!("a scenario of {} bytes", text.len());
        reader.mistake(
            LARGEST..LARGEST,
            what,
            "1 MiB ends here",
            Some("split the scenario into several".to_owned()),
        );
        return reader.finish(None);
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.mistake(error.span().unwrap_or(0..0), "invalid TOML", error.message(), None);
    }
    // Invalid TOML is read in part: further errors may only be due to the missing rest.
    let scenario = if reader.is_clean() { read(&mut reader, root.get_ref(), known) } else { None };
    reader.finish(scenario)
}

fn read<'d>(reader: &mut Reader, root: &'d DeTable<'d>, known: &[Known<'_>]) -> Option<Scenario> {
    reader.only_fields(root, "a scenario", &FIELDS);
    let mut line = |field, expected| {
        let value = reader.field(root, 0..0, "the scenario", field, expected)?;
        reader.string(value, expected)
    };
    let name = line("name", "a string");
    let about = line("about", "a string, one line that describes the scenario");
    if let (Some(name), Some(value)) = (name, root.get("name")) {
        reader.check_name(value.span(), name);
    }
    if let (Some(about), Some(value)) = (about, root.get("about"))
        && !(alphabet::is_line(about) && about.len() <= LONGEST_ABOUT)
    {
        let what = "`about` is not one line of text";
        let expected = format!("expected at most {LONGEST_ABOUT} bytes without control characters");
        reader.mistake(value.span(), what, expected, None);
    }
    let mut axes = Axes::read(reader, root.get("axes"));
    let mut clauses = expect::read(reader, &axes, root);

    let (mut cases, mut unexpected) = (Vec::new(), Vec::new());
    for combination in axes.combinations() {
        let mut case = CaseReader {
            reader: &mut *reader,
            axes: &mut axes,
            combination: &combination,
            known,
            threads_at: 0..0,
        };
        let parts = case.parts(root);
        let labels = labels_of(&axes, &combination);
        let case_name = case_name(&axes, &labels);
        let expectation = expect::of_case(&mut clauses, &combination);
        let (Some(parts), Some((place, expectation))) = (parts, expectation.as_ref()) else {
            if expectation.is_none() {
                unexpected.push(case_name);
            }
            continue;
        };
        let case = Case {
            scenario: name.unwrap_or_default().to_owned(),
            name: case_name,
            labels,
            cache: parts.cache,
            script: parts.script,
            local: parts.local,
            remote: parts.remote,
            source: parts.source,
            derived: parts.derived,
            nodes: parts.nodes,
            faults: parts.faults,
            drops: parts.drops,
            specials: parts.specials,
            threads: parts.threads,
            expectation: expectation.clone(),
            expected_at: reader.line_of(place),
        };
        check_size(reader, &case, parts.threads_at);
        cases.push(case);
    }
    // These errors may follow from others, so they are only reported if there is no other.
    if reader.is_clean() {
        axes.note_unused(reader);
        expect::note_unused(reader, &clauses);
        if let Some(first) = unexpected.first() {
            expect::note_unexpected(reader, &clauses, first, unexpected.len());
        }
    }
    let of = |axis: &super::axes::Declared<'_>| Axis {
        name: axis.name.to_owned(),
        labels: axis.values.iter().map(|(label, _)| label.clone()).collect(),
    };
    let axes = axes.declared.iter().map(of).collect();
    let every_case = cases.iter().map(|case| case.name.clone()).collect();
    Some(Scenario { name: name?.to_owned(), about: about?.to_owned(), file: None, axes, cases, every_case })
}

/// Records an error if the case is larger than the engine can run.
fn check_size(reader: &mut Reader, case: &Case, place: Range<usize>) {
    let spawned = case.script.as_ref().map_or(0, |script| script.most_tasks()) * case.nodes;
    let tasks = case.tasks() + spawned;
    if tasks > MAX_TASKS {
        let (threads, most) = (case.threads.len(), MAX_TASKS);
        let what = format!("a case of {threads} threads needs {tasks} tasks, but a run has at most {most}");
        let help = "the tasks are the threads, the observer, the clock of `expiring`, each command that `faults` or \
                    `drops` can delay, and each notification of a node: remove threads, operations or faults, or spare threads";
        reader.mistake(place, what, "the first one over the limit", Some(help.to_owned()));
        return;
    }
    let operations: usize = case.threads.iter().map(|thread| thread.ops.len()).sum();
    if operations > MOST_OPERATIONS {
        let what = format!("a case of {operations} operations");
        reader.mistake(place, what, format!("expected at most {MOST_OPERATIONS} in all threads"), None);
    }
}

fn labels_of(axes: &Axes<'_>, combination: &[usize]) -> Vec<String> {
    axes.declared.iter().zip(combination).map(|(axis, &value)| axis.values[value].0.clone()).collect()
}

fn case_name(axes: &Axes<'_>, labels: &[String]) -> String {
    if labels.is_empty() {
        return "only".to_owned();
    }
    let parts: Vec<_> =
        axes.declared.iter().zip(labels).map(|(axis, label)| format!("{}={label}", axis.name)).collect();
    parts.join(",")
}
