//! The axes of a scenario.

use std::collections::BTreeSet;

use toml::de::DeValue;

use super::reader::{Reader, Value};

/// The limit of combinations.
const MOST_CASES: usize = 10_000;

/// The limit of axes.
const MOST_AXES: usize = 32;

/// A declared axis.
pub(super) struct Declared<'d> {
    /// Its name.
    pub(super) name: &'d str,
    /// The span of the name.
    pub(super) place: std::ops::Range<usize>,
    /// Its values with their labels, in the order of the file.
    pub(super) values: Vec<(String, &'d Value<'d>)>,
}

/// The axes of a scenario, and which of them the file uses.
#[derive(Default)]
pub(super) struct Axes<'d> {
    pub(super) declared: Vec<Declared<'d>>,
    used: BTreeSet<&'d str>,
}

impl<'d> Axes<'d> {
    /// Reads `[axes]`.
    pub(super) fn read(reader: &mut Reader, axes: Option<&'d Value<'d>>) -> Self {
        let Some(axes) = axes else { return Axes::default() };
        let Some(table) = reader.table(axes, "a table of axes, each a list of values") else {
            return Axes::default();
        };
        let mut declared: Vec<_> = table
            .iter()
            .map(|(name, values)| Declared {
                name: name.get_ref().as_ref(),
                place: name.span(),
                values: read_values(reader, values),
            })
            .collect();
        declared.sort_by_key(|axis| axis.place.start);
        let axes = Axes { declared, used: BTreeSet::new() };
        for axis in &axes.declared {
            reader.check_name(axis.place.clone(), axis.name);
        }
        if axes.declared.len() > MOST_AXES {
            let place = axes.declared[MOST_AXES].place.clone();
            reader.mistake(
                place,
                format!("more than {MOST_AXES} axes"),
                "the first one over the limit",
                None,
            );
        } else if axes.are_too_many() {
            let what = format!("the axes result in more than {MOST_CASES} cases");
            let help = Some("split the scenario into several".to_owned());
            let place = axes.declared.first().map_or(0..0, |axis| axis.place.clone());
            reader.mistake(place, what, "too many combinations", help);
        }
        axes
    }

    fn are_too_many(&self) -> bool {
        let cases = self.declared.iter().try_fold(1usize, |cases, axis| cases.checked_mul(axis.values.len()));
        self.declared.len() > MOST_AXES || cases.is_none_or(|cases| cases > MOST_CASES)
    }

    /// Every combination, as the index of the value on each axis; the last axis varies fastest.
    /// Empty if there are too many.
    pub(super) fn combinations(&self) -> Vec<Vec<usize>> {
        if self.are_too_many() {
            return Vec::new();
        }
        self.declared.iter().fold(vec![Vec::new()], |combinations, axis| {
            let longer = |combination: &Vec<usize>| {
                let combination = combination.clone();
                (0..axis.values.len()).map(move |value| [combination.as_slice(), &[value]].concat())
            };
            combinations.iter().flat_map(longer).collect()
        })
    }

    /// Resolves a value for one case: the axis's value for `$axis`, otherwise the value itself.
    pub(super) fn resolve(
        &mut self,
        reader: &mut Reader,
        combination: &[usize],
        value: &'d Value<'d>,
    ) -> Option<&'d Value<'d>> {
        let Some(name) = value.get_ref().as_str().and_then(|text| text.strip_prefix('$')) else {
            return Some(value);
        };
        let Some(axis) = self.declared.iter().position(|axis| axis.name == name) else {
            let known: Vec<_> = self.declared.iter().map(|axis| axis.name).collect();
            reader.unknown(value.span(), "axis", name, &known);
            return None;
        };
        self.used.insert(self.declared[axis].name);
        Some(self.declared[axis].values[combination[axis]].1)
    }

    /// Records an error for every unused axis.
    pub(super) fn note_unused(&self, reader: &mut Reader) {
        for axis in self.declared.iter().filter(|axis| !self.used.contains(axis.name)) {
            let what = format!("axis `{}` is never used", axis.name);
            let help = Some(format!("write \"${}\" where its values belong, or remove it", axis.name));
            reader.mistake(axis.place.clone(), what, "its cases do not differ", help);
        }
    }
}

fn read_values<'d>(reader: &mut Reader, values: &'d Value<'d>) -> Vec<(String, &'d Value<'d>)> {
    if matches!(values.get_ref(), DeValue::Array(list) if list.is_empty())
        || matches!(values.get_ref(), DeValue::Table(table) if table.is_empty())
    {
        let help = Some("give the axis values, or remove it".to_owned());
        reader.mistake(values.span(), "an axis without a value", "expected at least one", help);
    }
    if let DeValue::Table(table) = values.get_ref() {
        let mut labelled: Vec<_> = table.iter().collect();
        labelled.sort_by_key(|(label, _)| label.span().start);
        let named = |(label, value): (&toml::Spanned<_>, &'d Value<'d>)| {
            let name: &str = AsRef::<str>::as_ref(label.get_ref() as &std::borrow::Cow<'_, str>);
            check_label(reader, label.span(), name);
            (name.to_owned(), value)
        };
        return labelled.into_iter().map(named).collect();
    }
    let expected = "a list of values, or a table of label = value";
    let Some(list) = reader.list(values, expected) else { return Vec::new() };
    let mut read: Vec<(String, &Value<'_>)> = Vec::new();
    for value in list {
        let Some(label) = label_of(value) else {
            let help = Some("declare the axis as a table: label = value".to_owned());
            reader.mistake(
                value.span(),
                "a value of an axis without a label",
                "expected a word or a number",
                help,
            );
            continue;
        };
        check_label(reader, value.span(), &label);
        if read.iter().any(|(known, _)| *known == label) {
            reader.mistake(
                value.span(),
                format!("`{label}` is on this axis twice"),
                "expected another value",
                None,
            );
        }
        read.push((label, value));
    }
    read
}

/// The label of a string, a number or a boolean.
pub(super) fn label_of(value: &Value<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(it) => Some(it.to_string()),
        _ => None,
    }
}

fn check_label(reader: &mut Reader, place: std::ops::Range<usize>, label: &str) {
    if label.is_empty() || label.contains([',', '=', '\n']) {
        let help = Some("declare the axis as a table: label = value".to_owned());
        let what = format!("`{label}` cannot be part of a case's name");
        reader.mistake(place, what, "expected a label without `,` and `=`", help);
    } else {
        reader.check_name(place, label);
    }
}
