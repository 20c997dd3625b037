//! A scenario from its text.

use toml::de::DeTable;

use super::axes::Axes;
use super::cases::CaseReader;
use super::expect;
use super::reader::Reader;
use super::{Axis, Case, Mistakes, Scenario};

const FIELDS: [&str; 13] = [
    "name", "about", "cache", "local", "remote", "source", "derived", "faults", "drops", "specials",
    "thread", "axes", "expect",
];

/// Reads a scenario. `path` is for messages; `known` are the names of the caches that there are.
///
/// # Errors
///
/// Every mistake that can be told at once, in the order of the text.
pub fn parse(path: &str, text: &str, known: &[&str]) -> Result<Scenario, Mistakes> {
    let mut reader = Reader::new(path, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.mistake(error.span().unwrap_or(0..0), "this is not TOML", error.message(), None);
    }
    // A text that is not TOML is read as far as it goes: what else is wrong with it may only be what is missing.
    let scenario = if reader.is_clean() { read(&mut reader, root.get_ref(), known) } else { None };
    reader.finish(scenario)
}

fn read<'d>(reader: &mut Reader, root: &'d DeTable<'d>, known: &[&str]) -> Option<Scenario> {
    reader.only_fields(root, "a scenario", &FIELDS);
    let mut line = |field, expected| {
        let value = reader.field(root, 0..0, "the scenario", field, expected)?;
        reader.string(value, expected)
    };
    let name = line("name", "a string");
    let about = line("about", "a string, one line of what the scenario shows");
    let mut axes = Axes::read(reader, root.get("axes"));
    let mut clauses = expect::read(reader, &axes, root);

    let (mut cases, mut unexpected) = (Vec::new(), Vec::new());
    for combination in axes.combinations() {
        let mut case = CaseReader { reader: &mut *reader, axes: &mut axes, combination: &combination, known };
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
        cases.push(Case {
            scenario: name.unwrap_or_default().to_owned(),
            name: case_name,
            labels,
            cache: parts.cache,
            local: parts.local,
            remote: parts.remote,
            source: parts.source,
            derived: parts.derived,
            faults: parts.faults,
            drops: parts.drops,
            specials: parts.specials,
            threads: parts.threads,
            expectation: expectation.clone(),
            expected_at: reader.line_of(place),
        });
    }
    // These follow from what was not read, so they are only told of a file that was read whole.
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
