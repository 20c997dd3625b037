//! The entries of lists, dictionaries and strings.

use super::machine::{Machine, Ran};
use super::value::{Object, V};

impl Machine {
    pub(crate) fn heap_of(&self, value: &V) -> Option<&Object> {
        match value {
            V::Heap(at) => Some(&self.heap[*at as usize]),
            _ => None,
        }
    }

    pub(crate) fn type_of(&self, value: &V) -> &'static str {
        value.type_name(&self.heap)
    }

    /// The object, to be changed.
    pub(crate) fn changed(&mut self, value: &V) -> Ran<Option<&mut Object>> {
        let V::Heap(at) = value else { return Ok(None) };
        if self.frozen.iter().any(|range| range.contains(at)) {
            let help = "all threads share it: begin with an empty dict, `{}`, whose accesses are then steps";
            return Err(self.wrong_with("a constant of the script is changed", "changed here", help));
        }
        Ok(Some(&mut self.heap[*at as usize]))
    }

    /// The items of a value that can be iterated over.
    pub(crate) fn items(&self, value: &V) -> Ran<Vec<V>> {
        let items = match (self.heap_of(value), value) {
            (Some(Object::List(items) | Object::Tuple(items)), _) => items.clone(),
            (Some(Object::Iterator(items, from)), _) => items[(*from).min(items.len())..].to_vec(),
            (Some(Object::Dict(entries)), _) => entries.iter().map(|(key, _)| key.clone()).collect(),
            (Some(&Object::Range(from, to, by)), _) => {
                let mut items = Vec::new();
                let mut next = from;
                while if by > 0 { next < to } else { next > to } {
                    self.spend(1)?;
                    items.push(V::Int(next));
                    next = next.saturating_add(by);
                }
                items
            }
            (_, V::Text(text)) => {
                self.look(text);
                self.charge(text.as_str().len() * 64)?;
                text.as_str().chars().map(|it| V::Text(it.to_string().as_str().into())).collect()
            }
            (_, V::Tier(_)) => {
                let help = "name the keys: a step of the exploration is on one key";
                return Err(self.wrong_with(
                    "a shared dict cannot be iterated over",
                    "expected a list",
                    help,
                ));
            }
            _ => {
                return Err(self
                    .wrong(format!("a {} cannot be iterated over", self.type_of(value)), "expected a list"));
            }
        };
        self.spend(items.len())?;
        self.charge(items.len() * size_of::<V>())?;
        Ok(items)
    }

    /// The position of a key in a dictionary.
    pub(crate) fn find(&self, entries: &[(V, V)], key: &V) -> Ran<Option<usize>> {
        for (at, (its, _)) in entries.iter().enumerate() {
            if self.equal(its, key, 0)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Sets an entry of a dictionary.
    pub(crate) fn set_entry(&mut self, dict: &V, key: V, value: V) -> Ran<()> {
        let Some(Object::Dict(entries)) = self.heap_of(dict) else { unreachable!("it is a dictionary") };
        if let V::Heap(_) = key
            && !matches!(self.heap_of(&key), Some(Object::Tuple(_)))
        {
            return Err(self.wrong(
                format!("a {} cannot be a key", self.type_of(&key)),
                "expected a string or a number",
            ));
        }
        let known = self.find(entries, &key)?;
        self.charge(2 * size_of::<V>())?;
        if let Some(Object::Dict(entries)) = self.changed(dict)? {
            match known {
                Some(at) => entries[at].1 = value,
                None => entries.push((key, value)),
            }
        }
        Ok(())
    }

    /// The position in a sequence that an index means.
    pub(crate) fn position(&self, index: &V, length: usize) -> Ran<Option<usize>> {
        let V::Int(index) = index else {
            return Err(self.wrong(format!("a {} is no index", self.type_of(index)), "expected a number"));
        };
        let at = if *index < 0 { index.checked_add(length as i64) } else { Some(*index) };
        Ok(at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length))
    }

    /// The entry of a value; `None` if it does not exist.
    pub(crate) fn index(&mut self, object: &V, index: &V) -> Ran<Option<V>> {
        match (self.heap_of(object), object) {
            (Some(Object::List(items) | Object::Tuple(items)), _) => {
                Ok(self.position(index, items.len())?.map(|at| items[at].clone()))
            }
            (Some(Object::Dict(entries)), _) => {
                Ok(self.find(entries, index)?.map(|at| entries[at].1.clone()))
            }
            (_, V::Text(text)) => {
                self.look(text);
                let Some(at) = self.position(index, text.as_str().chars().count())? else { return Ok(None) };
                let it = text.as_str().chars().nth(at).map(|it| it.to_string()).unwrap_or_default();
                self.text(&it).map(Some)
            }
            (_, V::Stored(_)) => {
                let help =
                    "the scenario writes values without parts: store, return and compare them as they are";
                Err(self.wrong_with("a value of the cache has no entries", "indexed here", help))
            }
            _ => {
                Err(self
                    .wrong(format!("a {} has no entries", self.type_of(object)), "expected a list or a dict"))
            }
        }
    }

    pub(crate) fn store_index(&mut self, object: &V, index: V, value: V) -> Ran<()> {
        match self.heap_of(object) {
            Some(Object::Dict(_)) => self.set_entry(object, index, value),
            Some(Object::List(items)) => {
                let Some(at) = self.position(&index, items.len())? else {
                    return Err(self.wrong("the index is out of range", "assigned here"));
                };
                if let Some(Object::List(items)) = self.changed(object)? {
                    items[at] = value;
                }
                Ok(())
            }
            _ => {
                let what = format!("an entry of a {} cannot be assigned", self.type_of(object));
                Err(self.wrong(what, "expected a list or a dict"))
            }
        }
    }

    pub(crate) fn delete_index(&mut self, object: &V, index: &V) -> Ran<()> {
        let found = match self.heap_of(object) {
            Some(Object::Dict(entries)) => self.find(entries, index)?,
            Some(Object::List(items)) => self.position(index, items.len())?,
            _ => {
                let what = format!("an entry of a {} cannot be deleted", self.type_of(object));
                return Err(self.wrong(what, "expected a list or a dict"));
            }
        };
        let Some(at) = found else { return Err(self.wrong("the entry does not exist", "deleted here")) };
        match self.changed(object)? {
            Some(Object::Dict(entries)) => _ = entries.remove(at),
            Some(Object::List(items)) => _ = items.remove(at),
            _ => unreachable!("it is one of them"),
        }
        Ok(())
    }

    pub(crate) fn slice(&mut self, object: &V, from: &V, to: &V) -> Ran<V> {
        let length = match (self.heap_of(object), object) {
            (Some(Object::List(items) | Object::Tuple(items)), _) => items.len(),
            (_, V::Text(text)) => {
                self.look(text);
                text.as_str().chars().count()
            }
            _ => {
                return Err(self.wrong(
                    format!("a {} has no parts", self.type_of(object)),
                    "expected a list or a string",
                ));
            }
        };
        let bound = |value: &V, default: usize| match value {
            V::None => Ok(default),
            V::Int(at) => {
                let at = if *at < 0 { at.saturating_add(length as i64) } else { *at };
                Ok(at.clamp(0, length as i64) as usize)
            }
            _ => Err(self.wrong("a bound is no number", "expected a number")),
        };
        let (from, to) = (bound(from, 0)?, bound(to, length)?);
        let to = to.max(from);
        self.spend(length)?;
        match (self.heap_of(object), object) {
            (Some(Object::List(items)), _) => {
                let part = Object::List(items[from..to].to_vec());
                self.object(part)
            }
            (Some(Object::Tuple(items)), _) => {
                let part = Object::Tuple(items[from..to].to_vec());
                self.object(part)
            }
            (_, V::Text(text)) => {
                let part: String = text.as_str().chars().skip(from).take(to - from).collect();
                self.text(&part)
            }
            _ => unreachable!("it has a length"),
        }
    }
}
