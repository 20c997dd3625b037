//! The methods of strings, lists and dictionaries.

use super::machine::{Machine, Ran};
use super::operators::LONGEST;
use super::value::{Object, V};
use crate::number::counted;

impl Machine {
    /// Calls a method of a value that is not shared.
    pub(crate) fn call_method(
        &mut self,
        receiver: &V,
        name: &str,
        arguments: &[V],
        names: &[String],
    ) -> Ran<V> {
        let first = arguments.first().unwrap_or(&V::Missing);
        let second = arguments.get(1).unwrap_or(&V::Missing);
        let needs = |count: usize| {
            if arguments.len() < count || arguments.len() > count + 1 && name != "format" {
                let arguments = counted(count as u64, "argument");
                return Err(self.wrong(format!("`{name}` needs {arguments}"), "called here"));
            }
            Ok(())
        };
        if let (V::Stored(_), "encode" | "decode" | "copy") = (receiver, name) {
            return Ok(receiver.clone());
        }
        if let V::Text(text) = receiver {
            let text = text.clone();
            let text = text.as_str();
            let part =
                |value: &V| match value {
                    V::Text(part) => Ok(part.clone()),
                    _ => Err(self
                        .wrong(format!("expected a string, not a {}", self.type_of(value)), "called here")),
                };
            self.spend(text.len() / 16)?;
            if !matches!(name, "encode" | "decode" | "format" | "join") {
                for text in [receiver, first] {
                    if let V::Text(text) = text {
                        self.look(text);
                    }
                }
            }
            return match name {
                "encode" | "decode" => Ok(receiver.clone()),
                "upper" => self.long(&text.to_uppercase(), 1),
                "lower" => self.long(&text.to_lowercase(), 1),
                "strip" => self.long(text.trim(), 1),
                "isdigit" => Ok(V::Bool(!text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()))),
                "startswith" => needs(1).and_then(|()| Ok(V::Bool(text.starts_with(part(first)?.as_str())))),
                "endswith" => needs(1).and_then(|()| Ok(V::Bool(text.ends_with(part(first)?.as_str())))),
                "replace" => {
                    needs(2)?;
                    let (from, to) = (part(first)?, part(second)?);
                    let most = (text.len() + 1).saturating_mul(to.as_str().len() + 1);
                    if most > LONGEST {
                        return Err(self.limit(format!("a string of {} KiB", LONGEST >> 10)));
                    }
                    self.charge(most)?;
                    self.long(&text.replace(from.as_str(), to.as_str()), 1)
                }
                "split" => {
                    let separator = if arguments.is_empty() { " ".into() } else { part(first)? };
                    if separator.as_str().is_empty() {
                        return Err(self.wrong("an empty separator", "called here"));
                    }
                    self.charge(text.len() * 64)?;
                    let parts = text.split(separator.as_str()).map(|part| V::Text(part.into())).collect();
                    self.object(Object::List(parts))
                }
                "join" => {
                    needs(1)?;
                    let mut joined = String::new();
                    for (at, item) in self.items(first)?.iter().enumerate() {
                        joined += if at == 0 { "" } else { text };
                        joined += part(item)?.as_str();
                        self.charge(text.len() + 16)?;
                    }
                    self.long(&joined, 1)
                }
                "format" => self.format_call(text, arguments, names),
                _ => Err(self.unknown_method(
                    "string",
                    name,
                    &[
                        "encode",
                        "endswith",
                        "format",
                        "isdigit",
                        "join",
                        "lower",
                        "replace",
                        "split",
                        "startswith",
                        "strip",
                        "upper",
                    ],
                )),
            };
        }
        let is_dict = matches!(self.heap_of(receiver), Some(Object::Dict(_)));
        let is_list = matches!(self.heap_of(receiver), Some(Object::List(_)));
        if is_dict {
            return self.call_of_dict(receiver, name, first, second);
        }
        if is_list {
            return self.call_of_list(receiver, name, first, second);
        }
        let help = match receiver {
            V::Stored(_) => {
                "the scenario writes values without parts: store, return and compare them as they are"
            }
            V::None | V::Missing => "it is None: check it first",
            _ => "",
        };
        Err(self.wrong_with(
            format!("a {} has no method `{name}`", self.type_of(receiver)),
            "called here",
            help,
        ))
    }

    pub(crate) fn call_of_dict(&mut self, receiver: &V, name: &str, first: &V, second: &V) -> Ran<V> {
        let Some(Object::Dict(entries)) = self.heap_of(receiver) else { unreachable!("it is a dictionary") };
        let default = |second: &V| if matches!(second, V::Missing) { V::None } else { second.clone() };
        match name {
            "get" => {
                Ok(self.find(entries, first)?.map_or_else(|| default(second), |at| entries[at].1.clone()))
            }
            "keys" => {
                let keys = entries.iter().map(|(key, _)| key.clone()).collect();
                self.object(Object::List(keys))
            }
            "values" => {
                let values = entries.iter().map(|(_, value)| value.clone()).collect();
                self.object(Object::List(values))
            }
            "items" => {
                let mut pairs = Vec::new();
                for (key, value) in entries.clone() {
                    pairs.push(self.object(Object::Tuple(vec![key, value]))?);
                }
                self.object(Object::List(pairs))
            }
            "copy" => {
                let copy = Object::Dict(entries.clone());
                self.object(copy)
            }
            "pop" => {
                let found = self.find(entries, first)?;
                match (found, second) {
                    (Some(at), _) => match self.changed(receiver)? {
                        Some(Object::Dict(entries)) => Ok(entries.remove(at).1),
                        _ => unreachable!("it is a dictionary"),
                    },
                    (None, V::Missing) => Err(self.wrong("the key does not exist", "called here")),
                    (None, default) => Ok(default.clone()),
                }
            }
            "setdefault" => {
                if let Some(at) = self.find(entries, first)? {
                    return Ok(entries[at].1.clone());
                }
                let value = default(second);
                self.set_entry(receiver, first.clone(), value.clone())?;
                Ok(value)
            }
            "update" => {
                let Some(Object::Dict(more)) = self.heap_of(first) else {
                    return Err(self.wrong("expected a dict", "called here"));
                };
                for (key, value) in more.clone() {
                    self.set_entry(receiver, key, value)?;
                }
                Ok(V::None)
            }
            "clear" => {
                if let Some(Object::Dict(entries)) = self.changed(receiver)? {
                    entries.clear();
                }
                Ok(V::None)
            }
            _ => {
                let known =
                    ["clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values"];
                Err(self.unknown_method("dict", name, &known))
            }
        }
    }

    pub(crate) fn call_of_list(&mut self, receiver: &V, name: &str, first: &V, second: &V) -> Ran<V> {
        let Some(Object::List(items)) = self.heap_of(receiver) else { unreachable!("it is a list") };
        let length = items.len();
        let found = match name {
            "index" | "remove" => {
                let mut found = None;
                for (at, its) in items.iter().enumerate() {
                    if self.equal(its, first, 0)? {
                        found = Some(at);
                        break;
                    }
                }
                match found {
                    Some(found) => found,
                    None => return Err(self.wrong("the item does not exist", "called here")),
                }
            }
            "pop" if matches!(first, V::Missing) => length.wrapping_sub(1),
            "pop" => self.position(first, length)?.unwrap_or(length),
            _ => 0,
        };
        let more = match name {
            "extend" => self.items(first)?,
            "append" => vec![first.clone()],
            _ => Vec::new(),
        };
        self.charge((more.len() + 1) * size_of::<V>())?;
        let insertion = match (name, first) {
            ("insert", V::Int(at)) => usize::try_from(*at).unwrap_or(0).min(length),
            _ => 0,
        };
        if ["index"].contains(&name) {
            return Ok(V::Int(found as i64));
        }
        if name == "pop" && found >= length {
            return Err(self.wrong("the index is out of range", "called here"));
        }
        let known = ["append", "clear", "extend", "index", "insert", "pop", "remove"];
        if !known.contains(&name) {
            return Err(self.unknown_method("list", name, &known));
        }
        let Some(Object::List(items)) = self.changed(receiver)? else { unreachable!("it is a list") };
        match name {
            "append" | "extend" => items.extend(more),
            "clear" => items.clear(),
            "insert" => items.insert(insertion, second.clone()),
            "remove" => _ = items.remove(found),
            _ => return Ok(items.remove(found)),
        }
        Ok(V::None)
    }
}
