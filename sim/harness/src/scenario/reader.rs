//! Reads a TOML tree, and collects its errors instead of stopping at the first.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Mistake, Mistakes, Scripts, SourceLine, alphabet};
use crate::Excerpt;
use crate::nearest::nearest;
use crate::script::Script;

/// Further errors are not reported.
const MOST_MISTAKES: usize = 100;

/// A value with its span in the file.
pub(super) type Value<'d> = Spanned<DeValue<'d>>;

/// The file, and its errors so far.
pub(super) struct Reader {
    source: Excerpt,
    /// The offset of each line.
    lines: Vec<usize>,
    mistakes: Vec<Mistake>,
    /// The recorded errors.
    noted: BTreeSet<(usize, String)>,
    /// The scripts that have been read, by their names in the scenario. `None`: has errors.
    scripts: BTreeMap<String, Option<Arc<Script>>>,
    /// The source of the scripts.
    source_of_scripts: Scripts,
}

impl Reader {
    /// A reader for this file.
    pub(super) fn new(path: &str, text: &str) -> Self {
        let starts = text.match_indices('\n').map(|(end, _)| end + 1);
        Reader {
            source: Excerpt::new(path, Arc::new(text.to_owned())),
            lines: std::iter::once(0).chain(starts).collect(),
            mistakes: Vec::new(),
            noted: BTreeSet::new(),
            scripts: BTreeMap::new(),
            source_of_scripts: Scripts::Files,
        }
    }

    /// Reads the scripts from this source; by default from files.
    pub(super) fn scripts(self, source_of_scripts: Scripts) -> Self {
        Reader { source_of_scripts, ..self }
    }

    /// Reads the script of this name, once.
    pub(super) fn script(&mut self, span: Range<usize>, name: &str) -> Option<Arc<Script>> {
        if let Some(known) = self.scripts.get(name) {
            return known.clone();
        }
        let relative = name.strip_prefix("./").unwrap_or(name);
        let folder = Path::new(self.source.name()).parent().unwrap_or(Path::new(""));
        let path = folder.join(relative);
        let script = match self.source_of_scripts.text(relative, &path) {
            Err(error) => {
                let what = format!("the script {name} cannot be read: {error}");
                let help = format!(
                    "a script is named relative to the scenario's file, such as \"./orders.star\"; this name is {}",
                    path.display()
                );
                self.mistake(span, what, "named here", Some(help));
                None
            }
            Ok(text) => match Script::parse(&path.to_string_lossy(), &text) {
                Ok(script) => match script.missing_build() {
                    None => Some(script),
                    Some(help) => {
                        let what = format!("{name} sends commands that this build does not have");
                        self.mistake(span, what, "named here", Some(help));
                        None
                    }
                },
                Err(errors) => {
                    self.mistakes.extend(errors.into_iter().map(Mistake::from));
                    None
                }
            },
        };
        self.scripts.insert(name.to_owned(), script.clone());
        script
    }

    /// Records an error, once: a file is read again for each case.
    pub(super) fn mistake(
        &mut self,
        span: Range<usize>,
        what: impl Into<String>,
        expected: impl Into<String>,
        help: Option<String>,
    ) {
        let what = what.into();
        if self.mistakes.len() < MOST_MISTAKES && self.noted.insert((span.start, what.clone())) {
            self.mistakes.push(Mistake::at(&self.source, span, what, expected.into(), help));
        }
    }

    /// The line of the start of a span.
    pub(super) fn line_of(&self, place: &Range<usize>) -> SourceLine {
        let line = self.lines.partition_point(|&start| start <= place.start) as u32;
        SourceLine { file: self.source.name().to_owned(), line }
    }

    /// Whether there is no error so far.
    pub(super) fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Returns `result`, or the errors in the order of the file.
    pub(super) fn finish<T>(mut self, result: Option<T>) -> Result<T, Mistakes> {
        self.mistakes.sort_by(|a, b| a.identity().cmp(&b.identity()));
        match result {
            Some(result) if self.mistakes.is_empty() => Ok(result),
            _ => Err(Mistakes(self.mistakes)),
        }
    }

    /// Records an error for every field of a table that is not in `known`.
    pub(super) fn only_fields(&mut self, table: &DeTable<'_>, of: &str, known: &[&str]) {
        for field in table.keys() {
            if !known.contains(&field.get_ref().as_ref()) {
                self.unknown(field.span(), &format!("field of {of}"), field.get_ref(), known);
            }
        }
    }

    /// Returns a required field. `place` is the span of the error if it is missing.
    pub(super) fn field<'d>(
        &mut self,
        table: &'d DeTable<'d>,
        place: Range<usize>,
        of: &str,
        name: &str,
        expected: &str,
    ) -> Option<&'d Value<'d>> {
        let value = table.get(name);
        if value.is_none() {
            self.mistake(
                place,
                format!("{of} has no `{name}`"),
                format!("expected `{name}`: {expected}"),
                None,
            );
        }
        value
    }

    /// Returns a string.
    pub(super) fn string<'d>(&mut self, value: &'d Value<'d>, expected: &str) -> Option<&'d str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text),
            other => self.wrong_type(value, other, expected),
        }
    }

    /// Returns a string that is a valid name.
    pub(super) fn name<'d>(&mut self, value: &'d Value<'d>, expected: &str) -> Option<&'d str> {
        let name = self.string(value, expected)?;
        self.check_name(value.span(), name).then_some(name)
    }

    /// Whether a name is valid; records an error if not.
    pub(super) fn check_name(&mut self, place: Range<usize>, name: &str) -> bool {
        let Some(what) = alphabet::name_error(name) else { return true };
        self.mistake(place, what, format!("expected {}", alphabet::NAME), None);
        false
    }

    /// Returns a boolean.
    pub(super) fn boolean(&mut self, value: &Value<'_>, expected: &str) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(it) => Some(*it),
            other => self.wrong_type(value, other, expected),
        }
    }

    /// Returns a list.
    pub(super) fn list<'d>(&mut self, value: &'d Value<'d>, expected: &str) -> Option<&'d [Value<'d>]> {
        match value.get_ref() {
            DeValue::Array(items) => Some(items),
            other => self.wrong_type(value, other, expected),
        }
    }

    /// Returns a table.
    pub(super) fn table<'d>(&mut self, value: &'d Value<'d>, expected: &str) -> Option<&'d DeTable<'d>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => self.wrong_type(value, other, expected),
        }
    }

    /// Returns one of the known names.
    pub(super) fn one_of<'d>(&mut self, value: &'d Value<'d>, kind: &str, known: &[&str]) -> Option<&'d str> {
        let name = self.string(value, &format!("a {kind}: {}", known.join(", ")))?;
        if known.contains(&name) {
            return Some(name);
        }
        self.unknown(value.span(), kind, name, known);
        None
    }

    /// Records that a name is unknown.
    pub(super) fn unknown(&mut self, span: Range<usize>, kind: &str, name: &str, known: &[&str]) {
        let help = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let expected = match known {
            [] => format!("no {kind} is defined here"),
            known => format!("expected one of: {}", known.join(", ")),
        };
        self.mistake(span, format!("unknown {kind}: `{name}`"), expected, help);
    }

    fn wrong_type<T>(&mut self, value: &Value<'_>, found: &DeValue<'_>, expected: &str) -> Option<T> {
        let found = match found {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.mistake(
            value.span(),
            format!("found {found} instead of {expected}"),
            format!("expected {expected}"),
            None,
        );
        None
    }
}
