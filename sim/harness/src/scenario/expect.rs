//! Reads the expectations of a scenario, and finds that of each case.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeTable;

use super::axes::{Axes, label_of};
use super::reader::{Reader, Value};
use super::{Expectation, Expected, Level};
use crate::oracle::Rule;

/// An `[[expect]]` clause.
pub(super) struct Clause {
    place: Range<usize>,
    /// The matching values of each axis in `where`.
    fits: BTreeMap<usize, BTreeSet<usize>>,
    expectation: Expectation,
    used: bool,
}

/// Reads all clauses.
pub(super) fn read<'d>(reader: &mut Reader, axes: &Axes<'d>, root: &'d DeTable<'d>) -> Vec<Clause> {
    let help = "an [[expect]] with consistency or violations";
    let Some(value) = reader.field(root, 0..0, "the scenario", "expect", help) else { return Vec::new() };
    let Some(list) = reader.list(value, "a list of expectations, each an [[expect]]") else {
        return Vec::new();
    };
    list.iter().filter_map(|value| clause(reader, axes, value)).collect()
}

/// The first expectation that matches a case, with its span.
pub(super) fn of_case(clauses: &mut [Clause], combination: &[usize]) -> Option<(Range<usize>, Expectation)> {
    let fits =
        |clause: &&mut Clause| clause.fits.iter().all(|(&axis, values)| values.contains(&combination[axis]));
    let clause = clauses.iter_mut().find(fits)?;
    clause.used = true;
    Some((clause.place.clone(), clause.expectation.clone()))
}

/// Records an error for the cases without an expectation. `first` names one of them.
pub(super) fn note_unexpected(reader: &mut Reader, clauses: &[Clause], first: &str, number: usize) {
    let place = clauses.last().map_or(0..0, |clause| clause.place.clone());
    let what = format!("no expectation matches {number} of the cases; the first is `{first}`");
    let help = Some("add a last [[expect]] without `where` for the remaining cases".to_owned());
    reader.mistake(place, what, "expected another [[expect]] after this one", help);
}

/// Records an error for every expectation that no case uses.
pub(super) fn note_unused(reader: &mut Reader, clauses: &[Clause]) {
    for clause in clauses.iter().filter(|clause| !clause.used) {
        let help = Some("the first match applies: put the narrower ones first".to_owned());
        reader.mistake(
            clause.place.clone(),
            "no case uses this expectation",
            "expected a matching case",
            help,
        );
    }
}

fn clause<'d>(reader: &mut Reader, axes: &Axes<'d>, value: &'d Value<'d>) -> Option<Clause> {
    let table = reader.table(value, "a table with consistency or violations")?;
    reader.only_fields(table, "an expectation", &["where", "consistency", "violations", "bounded"]);
    let fits = table.get("where").map(|fits| read_fits(reader, axes, fits)).unwrap_or_default();
    let bounded = table.get("bounded").map(|it| (it.span(), reader.boolean(it, "true or false")));
    let expected = match (table.get("consistency"), table.get("violations")) {
        (Some(level), None) => read_level(reader, level),
        (None, Some(rules)) => {
            if let Some((place, Some(true))) = &bounded {
                let help = Some(
                    "a control passes once its violations are found, even if the search is bounded"
                        .to_owned(),
                );
                reader.mistake(
                    place.clone(),
                    "a control cannot be bounded",
                    "expected no `bounded` here",
                    help,
                );
            }
            read_rules(reader, rules)
        }
        (Some(_), Some(_)) | (None, None) => {
            let what = "an expectation needs either consistency or violations";
            reader.mistake(
                value.span(),
                what,
                "expected exactly one of `consistency` and `violations`",
                None,
            );
            None
        }
    };
    let bounded = matches!(bounded, Some((_, Some(true))));
    Some(Clause {
        place: value.span(),
        fits,
        expectation: Expectation { expected: expected?, bounded },
        used: false,
    })
}

fn read_level(reader: &mut Reader, value: &Value<'_>) -> Option<Expected> {
    let name = reader.one_of(value, "consistency level", &Level::ALL.map(Level::name))?;
    Level::ALL.into_iter().find(|level| level.name() == name).map(Expected::Consistency)
}

fn read_rules(reader: &mut Reader, value: &Value<'_>) -> Option<Expected> {
    let list = reader.list(value, "a list of rules that must be broken")?;
    if list.is_empty() {
        let help = Some("to allow no violation, use consistency = \"linearizable\"".to_owned());
        reader.mistake(
            value.span(),
            "a control without violations",
            "expected a rule that must be broken",
            help,
        );
        return None;
    }
    let rules: Vec<_> = list
        .iter()
        .map(|rule| reader.one_of(rule, "rule", &Rule::ALL.map(Rule::name)).and_then(Rule::from_name))
        .collect();
    rules.into_iter().collect::<Option<_>>().map(Expected::Violations)
}

fn read_fits<'d>(
    reader: &mut Reader,
    axes: &Axes<'d>,
    value: &'d Value<'d>,
) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut fits = BTreeMap::new();
    let Some(table) = reader.table(value, "a table of axis = label") else { return fits };
    for (name, labels) in table {
        let Some(axis) = axes.declared.iter().position(|axis| axis.name == name.get_ref().as_ref()) else {
            let known: Vec<_> = axes.declared.iter().map(|axis| axis.name).collect();
            reader.unknown(name.span(), "axis", name.get_ref(), &known);
            continue;
        };
        let known: Vec<_> = axes.declared[axis].values.iter().map(|(label, _)| label.as_str()).collect();
        let labels = labels.get_ref().as_array().map_or(std::slice::from_ref(labels), |list| &**list);
        let mut values = BTreeSet::new();
        for label in labels {
            let Some(text) = label_of(label) else {
                let expected = format!("expected one of: {}", known.join(", "));
                reader.mistake(label.span(), "this is not a label of an axis", expected, None);
                continue;
            };
            match known.iter().position(|known| *known == text) {
                Some(value) => _ = values.insert(value),
                None => reader.unknown(
                    label.span(),
                    &format!("label of axis `{}`", name.get_ref()),
                    &text,
                    &known,
                ),
            }
        }
        fits.insert(axis, values);
    }
    fits
}
