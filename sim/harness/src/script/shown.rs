//! Values as text, and formats.

use super::machine::{Machine, Ran};
use super::value::{DEEPEST, Object, V, text_of};

impl Machine {
    /// The value as text, as `str` shows it.
    pub(crate) fn shown(&self, value: &V) -> Ran<String> {
        match value {
            V::Text(text) => Ok(text.as_str().to_owned()),
            _ => {
                let mut text = String::new();
                self.represent(value, &mut text, 0)?;
                Ok(text)
            }
        }
    }

    pub(crate) fn represent(&self, value: &V, out: &mut String, depth: u32) -> Ran<()> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("a value with more than {DEEPEST} levels, or a cycle"), "shown here")
            );
        }
        self.spend(1)?;
        self.charge(8)?;
        match value {
            V::Missing | V::None => out.push_str("None"),
            V::Bool(true) => out.push_str("True"),
            V::Bool(false) => out.push_str("False"),
            V::Int(number) => *out += &number.to_string(),
            V::Float(number) => *out += &format!("{number:?}"),
            V::Text(text) => {
                self.charge(text.as_str().len())?;
                *out += &format!("{:?}", text.as_str());
            }
            V::Stored(value) => *out += &text_of(*value),
            V::Heap(at) => match &self.heap[*at as usize] {
                Object::List(items) => self.represent_all(items, ("[", "]"), out, depth)?,
                Object::Tuple(items) => self.represent_all(items, ("(", ")"), out, depth)?,
                Object::Dict(entries) => {
                    out.push('{');
                    for (at, (key, value)) in entries.iter().enumerate() {
                        out.push_str(if at == 0 { "" } else { ", " });
                        self.represent(key, out, depth + 1)?;
                        out.push_str(": ");
                        self.represent(value, out, depth + 1)?;
                    }
                    out.push('}');
                }
                Object::Failure { message, .. } => out.push_str(message.as_str()),
                _ => *out += &format!("<{}>", self.type_of(value)),
            },
            other => *out += &format!("<{}>", self.type_of(other)),
        }
        Ok(())
    }

    pub(crate) fn represent_all(
        &self,
        items: &[V],
        marks: (&str, &str),
        out: &mut String,
        depth: u32,
    ) -> Ran<()> {
        out.push_str(marks.0);
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            self.represent(item, out, depth + 1)?;
        }
        out.push_str(marks.1);
        Ok(())
    }

    /// `format % values`
    pub(crate) fn formatted(&mut self, format: &str, values: &V) -> Ran<V> {
        let values = match self.heap_of(values) {
            Some(Object::Tuple(items)) => items.clone(),
            _ => vec![values.clone()],
        };
        let (mut out, mut values) = (String::new(), values.into_iter());
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            out += before;
            let mut after_sign = after.chars();
            match after_sign.next() {
                Some('%') => out.push('%'),
                Some(kind @ ('s' | 'd' | 'r' | 'i')) => {
                    let Some(value) = values.next() else {
                        return Err(self.wrong("the format needs more values", "formatted here"));
                    };
                    match kind {
                        'r' => self.represent(&value, &mut out, 0)?,
                        _ => out += &self.shown(&value)?,
                    }
                }
                _ => return Err(self.wrong("`%` is followed by neither s, d, r nor %", "formatted here")),
            }
            self.charge(out.len())?;
            rest = after_sign.as_str();
        }
        if values.next().is_some() {
            return Err(self.wrong("the format has fewer places than values", "formatted here"));
        }
        out += rest;
        self.long(&out, 1)
    }

    pub(crate) fn format_call(&mut self, format: &str, arguments: &[V], names: &[String]) -> Ran<V> {
        let (mut out, mut rest, mut next) = (String::new(), format, 0);
        while let Some(at) = rest.find(['{', '}']) {
            out += &rest[..at];
            let doubled = rest[at..].chars().take(2).collect::<String>();
            if doubled == "{{" || doubled == "}}" {
                out += &doubled[..1];
                rest = &rest[at + 2..];
                continue;
            }
            let Some((field, after)) = rest[at + 1..].split_once('}').filter(|_| rest[at..].starts_with('{'))
            else {
                return Err(self.wrong("the format has an unmatched brace", "formatted here"));
            };
            let positional = arguments.len() - names.len();
            let value = if field.is_empty() {
                next += 1;
                arguments[..positional].get(next - 1)
            } else if let Ok(at) = field.parse::<usize>() {
                arguments[..positional].get(at)
            } else {
                names.iter().position(|name| name == field).map(|at| &arguments[positional + at])
            };
            let Some(value) = value else {
                return Err(self.wrong(format!("the format has no value for {{{field}}}"), "formatted here"));
            };
            out += &self.shown(value)?;
            self.charge(out.len())?;
            rest = after;
        }
        out += rest;
        self.long(&out, 1)
    }
}
