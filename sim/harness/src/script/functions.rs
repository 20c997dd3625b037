//! The operators, functions and methods of a script that are no steps of the exploration.

use super::library::Builtin;
use super::machine::{Machine, Step, Stop};
use super::tree::Operator;
use super::value::{DEEPEST, Data, Object, V, text_of};
use crate::number::counted;

/// The limit of a string, in bytes.
const LONGEST: usize = 1 << 18;

impl Machine {
    fn heap_of(&self, value: &V) -> Option<&Object> {
        match value {
            V::Heap(at) => Some(&self.heap[*at as usize]),
            _ => None,
        }
    }

    fn type_of(&self, value: &V) -> &'static str {
        value.type_name(&self.heap)
    }

    /// The object, to be changed.
    fn changed(&mut self, value: &V) -> Step<Option<&mut Object>> {
        let V::Heap(at) = value else { return Ok(None) };
        if self.frozen.iter().any(|range| range.contains(at)) {
            let help = "all threads share it: begin with an empty dict, `{}`, whose accesses are then steps";
            return Err(self.wrong_with("a constant of the script is changed", "changed here", help));
        }
        Ok(Some(&mut self.heap[*at as usize]))
    }

    /// The items of a value that can be iterated over.
    pub(crate) fn items(&self, value: &V) -> Step<Vec<V>> {
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
    fn find(&self, entries: &[(V, V)], key: &V) -> Step<Option<usize>> {
        for (at, (its, _)) in entries.iter().enumerate() {
            if self.equal(its, key, 0)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Sets an entry of a dictionary.
    pub(crate) fn set_entry(&mut self, dict: &V, key: V, value: V) -> Step<()> {
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
    fn position(&self, index: &V, length: usize) -> Step<Option<usize>> {
        let V::Int(index) = index else {
            return Err(self.wrong(format!("a {} is no index", self.type_of(index)), "expected a number"));
        };
        let at = if *index < 0 { index.checked_add(length as i64) } else { Some(*index) };
        Ok(at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length))
    }

    /// The entry of a value; `None` if it does not exist.
    pub(crate) fn index(&mut self, object: &V, index: &V) -> Step<Option<V>> {
        match (self.heap_of(object), object) {
            (Some(Object::List(items) | Object::Tuple(items)), _) => {
                Ok(self.position(index, items.len())?.map(|at| items[at].clone()))
            }
            (Some(Object::Dict(entries)), _) => {
                Ok(self.find(entries, index)?.map(|at| entries[at].1.clone()))
            }
            (_, V::Text(text)) => {
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

    pub(crate) fn store_index(&mut self, object: &V, index: V, value: V) -> Step<()> {
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

    pub(crate) fn delete_index(&mut self, object: &V, index: &V) -> Step<()> {
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

    pub(crate) fn slice(&mut self, object: &V, from: &V, to: &V) -> Step<V> {
        let length = match (self.heap_of(object), object) {
            (Some(Object::List(items) | Object::Tuple(items)), _) => items.len(),
            (_, V::Text(text)) => text.as_str().chars().count(),
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

    fn long(&mut self, text: &str, times: usize) -> Step<V> {
        let length = text.len().saturating_mul(times);
        if length > LONGEST {
            return Err(self.limit(format!("a string of {} KiB", LONGEST >> 10)));
        }
        self.spend(length / 64)?;
        self.charge(length)?;
        let text = text.repeat(times);
        self.text(&text)
    }

    pub(crate) fn binary(&mut self, operator: Operator, left: &V, right: &V) -> Step<V> {
        let result = match operator {
            Operator::Equal => return Ok(V::Bool(self.equal(left, right, 0)?)),
            Operator::Unequal => return Ok(V::Bool(!self.equal(left, right, 0)?)),
            Operator::Is => return Ok(V::Bool(self.is_same(left, right)?)),
            Operator::IsNot => return Ok(V::Bool(!self.is_same(left, right)?)),
            Operator::In => return Ok(V::Bool(self.contains(right, left)?)),
            Operator::NotIn => return Ok(V::Bool(!self.contains(right, left)?)),
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => {
                let Some(order) = self.order(left, right)? else { return Ok(V::Bool(false)) };
                return Ok(V::Bool(match operator {
                    Operator::Less => order.is_lt(),
                    Operator::AtMost => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }));
            }
            Operator::Add => self.add(left, right)?,
            Operator::Multiply => match (left, right) {
                (V::Int(one), V::Int(other)) => one.checked_mul(*other).map(V::Int),
                (V::Text(text), V::Int(times)) | (V::Int(times), V::Text(text)) => {
                    let (text, times) = (text.clone(), usize::try_from(*times).unwrap_or(0));
                    return self.long(text.as_str(), times);
                }
                (V::Heap(_), V::Int(times)) => match self.heap_of(left) {
                    Some(Object::List(items)) => {
                        let times = usize::try_from(*times).unwrap_or(0);
                        let count = items.len().saturating_mul(times);
                        self.spend(count)?;
                        self.charge(count.saturating_mul(size_of::<V>()))?;
                        let items: Vec<V> = std::iter::repeat_n(items, times).flatten().cloned().collect();
                        return self.object(Object::List(items));
                    }
                    _ => None,
                },
                _ => floats(left, right, |one, other| one * other),
            },
            Operator::Subtract => match (left, right) {
                (V::Int(one), V::Int(other)) => one.checked_sub(*other).map(V::Int),
                _ => floats(left, right, |one, other| one - other),
            },
            Operator::FloorDivide | Operator::Modulo | Operator::Divide => {
                if let (Operator::Modulo, V::Text(format)) = (operator, left) {
                    let format = format.clone();
                    return self.formatted(format.as_str(), right);
                }
                if matches!(right, V::Int(0)) || matches!(right, V::Float(number) if *number == 0.0) {
                    return Err(self.wrong("a division by zero", "divided here"));
                }
                match (operator, left, right) {
                    (Operator::FloorDivide, V::Int(one), V::Int(other)) => {
                        let quotient = one.checked_div(*other);
                        let is_below = one.checked_rem(*other).is_some_and(|rest| rest != 0)
                            && ((*one < 0) != (*other < 0));
                        quotient.map(|quotient| V::Int(quotient - i64::from(is_below)))
                    }
                    (Operator::Modulo, V::Int(one), V::Int(other)) => one.checked_rem(*other).map(|rest| {
                        let is_below = rest != 0 && ((rest < 0) != (*other < 0));
                        V::Int(if is_below { rest + other } else { rest })
                    }),
                    (Operator::FloorDivide, ..) => floats(left, right, |one, other| (one / other).floor()),
                    (Operator::Modulo, ..) => {
                        floats(left, right, |one, other| one - (one / other).floor() * other)
                    }
                    (_, V::Int(one), V::Int(other)) => Some(V::Float(*one as f64 / *other as f64)),
                    _ => floats(left, right, |one, other| one / other),
                }
            }
        };
        result.ok_or_else(|| self.not_applicable(operator.sign(), left, right))
    }

    fn not_applicable(&self, sign: &str, left: &V, right: &V) -> Stop {
        if let (V::Int(_), V::Int(_)) = (left, right) {
            return self.wrong("the result has more than 64 bits", "computed here");
        }
        let what =
            format!("`{sign}` cannot be applied to a {} and a {}", self.type_of(left), self.type_of(right));
        let is_stored = matches!(left, V::Stored(_)) || matches!(right, V::Stored(_));
        if !is_stored {
            return self.wrong(what, "computed here");
        }
        let help = "the scenario writes values that can only be stored, returned, compared with `==`, and put into a string";
        self.wrong_with(what, "computed here", help)
    }

    fn add(&mut self, left: &V, right: &V) -> Step<Option<V>> {
        Ok(match (left, right) {
            (V::Int(one), V::Int(other)) => one.checked_add(*other).map(V::Int),
            (V::Text(one), V::Text(other)) => {
                let text = [one.as_str(), other.as_str()].concat();
                Some(self.long(&text, 1)?)
            }
            (V::Heap(_), V::Heap(_)) => {
                let sum = match (self.heap_of(left), self.heap_of(right)) {
                    (Some(Object::List(one)), Some(Object::List(other))) => {
                        Object::List([one.as_slice(), other].concat())
                    }
                    (Some(Object::Tuple(one)), Some(Object::Tuple(other))) => {
                        Object::Tuple([one.as_slice(), other].concat())
                    }
                    _ => return Ok(None),
                };
                Some(self.object(sum)?)
            }
            _ => floats(left, right, |one, other| one + other),
        })
    }

    fn is_same(&self, left: &V, right: &V) -> Step<bool> {
        match (left, right) {
            (V::Heap(one), V::Heap(other)) => Ok(one == other),
            _ => self.equal(left, right, 0),
        }
    }

    fn contains(&self, container: &V, item: &V) -> Step<bool> {
        match (self.heap_of(container), container, item) {
            (Some(Object::List(items) | Object::Tuple(items)), ..) => {
                for its in items {
                    if self.equal(its, item, 0)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Some(Object::Dict(entries)), ..) => Ok(self.find(entries, item)?.is_some()),
            (Some(&Object::Range(..)), ..) => {
                let items = self.items(container)?;
                Ok(items
                    .iter()
                    .any(|its| matches!((its, item), (V::Int(one), V::Int(other)) if one == other)))
            }
            (_, V::Text(text), V::Text(part)) => {
                self.spend(text.as_str().len() / 16)?;
                Ok(text.as_str().contains(part.as_str()))
            }
            _ => Err(self.wrong(
                format!("a {} contains nothing", self.type_of(container)),
                "expected a list or a dict",
            )),
        }
    }

    /// The order of two values. `None` if one is not a number.
    fn order(&self, left: &V, right: &V) -> Step<Option<std::cmp::Ordering>> {
        Ok(match (left, right) {
            (V::Int(one), V::Int(other)) => Some(one.cmp(other)),
            (V::Text(one), V::Text(other)) => Some(one.as_str().cmp(other.as_str())),
            (V::Int(_) | V::Float(_), V::Int(_) | V::Float(_)) => {
                as_float(left).partial_cmp(&as_float(right))
            }
            _ => return Err(self.not_applicable("<", left, right)),
        })
    }

    /// The value as text, as `str` shows it.
    pub(crate) fn shown(&self, value: &V) -> Step<String> {
        match value {
            V::Text(text) => Ok(text.as_str().to_owned()),
            _ => {
                let mut text = String::new();
                self.represent(value, &mut text, 0)?;
                Ok(text)
            }
        }
    }

    fn represent(&self, value: &V, out: &mut String, depth: u32) -> Step<()> {
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

    fn represent_all(&self, items: &[V], marks: (&str, &str), out: &mut String, depth: u32) -> Step<()> {
        out.push_str(marks.0);
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            self.represent(item, out, depth + 1)?;
        }
        out.push_str(marks.1);
        Ok(())
    }

    /// `format % values`
    fn formatted(&mut self, format: &str, values: &V) -> Step<V> {
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

    fn integer(&self, value: &V) -> Step<i64> {
        match value {
            V::Int(number) => Ok(*number),
            V::Bool(value) => Ok(i64::from(*value)),
            V::Float(number) if number.abs() < 9e15 => Ok(*number as i64),
            V::Text(text) => match text.as_str().trim().parse() {
                Ok(number) => Ok(number),
                Err(_) => Err(self.wrong("the string is no number", "converted here")),
            },
            _ => Err(self.wrong(format!("a {} is no number", self.type_of(value)), "expected a number")),
        }
    }

    /// Calls a function of the library that is no step.
    pub(crate) fn evaluate(&mut self, builtin: Builtin, arguments: &[V]) -> Step<V> {
        let first = arguments.first().unwrap_or(&V::Missing);
        let second = arguments.get(1).unwrap_or(&V::Missing);
        match builtin {
            Builtin::Exception => {
                let message =
                    if matches!(first, V::Missing) { "raised".to_owned() } else { self.shown(first)? };
                self.object(Object::Failure { is_command: false, message: message.as_str().into() })
            }
            Builtin::Lock => {
                let name = self.shown(first)?;
                Ok(V::Lock(name.as_str().into()))
            }
            Builtin::NewLock => {
                let help =
                    "assign it to a variable of the script, outside of a function; or use lock(\"name\")";
                Err(self.wrong_with("a lock without a name", "created here", help))
            }
            Builtin::Print => Ok(V::None),
            // A value of the cache stands for itself, serialized.
            Builtin::Dumps | Builtin::Loads => match first {
                V::Heap(_) if builtin == Builtin::Dumps => {
                    let shown = self.shown(first)?;
                    self.text(&shown)
                }
                V::Text(text) if builtin == Builtin::Loads => match super::value::in_text(text.as_str()) {
                    Some(value) => Ok(V::Stored(value)),
                    None => {
                        let help = "store a value of the cache by itself: json.loads(json.dumps(value)) is the value";
                        Err(self.wrong_with("json.loads of a string of the script's own", "read here", help))
                    }
                },
                _ => Ok(first.clone()),
            },
            Builtin::Length => match (self.heap_of(first), first) {
                (_, V::Text(text)) => Ok(V::Int(text.as_str().chars().count() as i64)),
                (Some(Object::Dict(entries)), _) => Ok(V::Int(entries.len() as i64)),
                (_, V::Tier(_)) => Err(self.wrong(
                    "a shared dict has no length: a step of the exploration is on one key",
                    "called here",
                )),
                _ => Ok(V::Int(self.items(first)?.len() as i64)),
            },
            Builtin::Text => {
                let text = self.shown(first)?;
                self.text(&text)
            }
            Builtin::Represent => {
                let mut text = String::new();
                self.represent(first, &mut text, 0)?;
                self.text(&text)
            }
            Builtin::Integer => self.integer(first).map(V::Int),
            Builtin::Float => match first {
                V::Float(_) => Ok(first.clone()),
                V::Text(text) => match text.as_str().trim().parse::<f64>() {
                    Ok(number) if number.is_finite() => Ok(V::Float(number)),
                    _ => Err(self.wrong("the string is no number", "converted here")),
                },
                _ => Ok(V::Float(self.integer(first)? as f64)),
            },
            Builtin::Boolean => Ok(V::Bool(self.is_true(first)?)),
            Builtin::Type => self.text(first.python_type(&self.heap)),
            Builtin::IsInstance => Ok(V::Bool(matches!(
                (first.python_type(&self.heap), second),
                ("str", V::Builtin(Builtin::Text))
                    | ("int", V::Builtin(Builtin::Integer))
                    | ("float", V::Builtin(Builtin::Float))
                    | ("bool", V::Builtin(Builtin::Boolean))
                    | ("list", V::Builtin(Builtin::List))
                    | ("dict", V::Builtin(Builtin::Dict))
                    | ("tuple", V::Builtin(Builtin::Tuple))
                    | ("failure", V::Builtin(Builtin::Exception))
            ))),
            Builtin::Range => {
                let start = self.integer(first)?;
                let (start, stop) = match second {
                    V::Missing => (0, start),
                    stop => (start, self.integer(stop)?),
                };
                let step = match arguments.get(2) {
                    None | Some(V::Missing) => 1,
                    Some(step) => self.integer(step)?,
                };
                if step == 0 {
                    return Err(self.wrong("a range with a step of 0", "called here"));
                }
                self.object(Object::Range(start, stop, step))
            }
            Builtin::Minimum | Builtin::Maximum => {
                let items = if arguments.len() == 1 { self.items(first)? } else { arguments.to_vec() };
                let mut items = items.into_iter();
                let Some(mut best) = items.next() else { return Err(self.wrong("no item", "called here")) };
                for item in items {
                    let order = self.order(&item, &best)?;
                    let wanted = if builtin == Builtin::Minimum {
                        std::cmp::Ordering::Less
                    } else {
                        std::cmp::Ordering::Greater
                    };
                    if order == Some(wanted) {
                        best = item;
                    }
                }
                Ok(best)
            }
            Builtin::Absolute => match first {
                V::Float(number) => Ok(V::Float(number.abs())),
                _ => {
                    let number = self.integer(first)?.checked_abs();
                    number
                        .map(V::Int)
                        .ok_or_else(|| self.wrong("the result has more than 64 bits", "computed here"))
                }
            },
            Builtin::List | Builtin::Tuple => {
                let items = if matches!(first, V::Missing) { Vec::new() } else { self.items(first)? };
                self.object(if builtin == Builtin::List { Object::List(items) } else { Object::Tuple(items) })
            }
            Builtin::Dict => {
                let entries = match self.heap_of(first) {
                    Some(Object::Dict(entries)) => entries.clone(),
                    _ if matches!(first, V::Missing) => Vec::new(),
                    _ => return Err(self.wrong("expected a dict", "converted here")),
                };
                self.object(Object::Dict(entries))
            }
            Builtin::Sorted => {
                let mut items = self.items(first)?;
                // Insertion, so that a comparison that fails is an error.
                for at in 1..items.len() {
                    let mut place = at;
                    while place > 0
                        && self.order(&items[place], &items[place - 1])? == Some(std::cmp::Ordering::Less)
                    {
                        self.spend(1)?;
                        items.swap(place, place - 1);
                        place -= 1;
                    }
                }
                self.object(Object::List(items))
            }
            Builtin::Enumerate | Builtin::Zip => {
                let items = self.items(first)?;
                let others: Vec<V> = match builtin {
                    Builtin::Zip => self.items(second)?,
                    _ => items.clone(),
                };
                let mut pairs = Vec::new();
                for (at, (item, other)) in items.into_iter().zip(others).enumerate() {
                    let pair = match builtin {
                        Builtin::Zip => vec![item, other],
                        _ => vec![V::Int(at as i64), item],
                    };
                    let pair = self.object(Object::Tuple(pair))?;
                    pairs.push(pair);
                }
                self.object(Object::List(pairs))
            }
            Builtin::Any | Builtin::All => {
                let is_any = builtin == Builtin::Any;
                for item in self.items(first)? {
                    if self.is_true(&item)? == is_any {
                        return Ok(V::Bool(is_any));
                    }
                }
                Ok(V::Bool(!is_any))
            }
            Builtin::Sum => {
                let mut sum = V::Int(0);
                for item in self.items(first)? {
                    sum = self.binary(Operator::Add, &sum, &item)?;
                }
                Ok(sum)
            }
            Builtin::Reversed => {
                let mut items = self.items(first)?;
                items.reverse();
                self.object(Object::List(items))
            }
            other => unreachable!("{other:?} is executed elsewhere"),
        }
    }

    /// Calls a method of a value that is not shared.
    pub(crate) fn call_method(
        &mut self,
        receiver: &V,
        name: &str,
        arguments: &[V],
        names: &[String],
    ) -> Step<V> {
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

    fn format_call(&mut self, format: &str, arguments: &[V], names: &[String]) -> Step<V> {
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

    fn call_of_dict(&mut self, receiver: &V, name: &str, first: &V, second: &V) -> Step<V> {
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

    fn call_of_list(&mut self, receiver: &V, name: &str, first: &V, second: &V) -> Step<V> {
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

    /// A copy of the value for a tier, without references to this heap.
    pub(crate) fn freeze(&self, value: &V, depth: u32) -> Step<Data> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("a value with more than {DEEPEST} levels, or a cycle"), "stored here")
            );
        }
        self.spend(1)?;
        self.charge(size_of::<Data>())?;
        Ok(match value {
            V::Missing | V::None => Data::None,
            V::Bool(value) => Data::Bool(*value),
            V::Int(number) => Data::Int(*number),
            V::Float(number) => Data::Float(number.to_bits()),
            V::Text(text) => Data::Text(text.as_str().into()),
            V::Stored(value) => Data::Stored(*value),
            V::Lease(lease) => Data::Lease(*lease),
            V::Heap(at) => match &self.heap[*at as usize] {
                Object::List(items) => Data::List(false, self.freeze_all(items, depth)?.into()),
                Object::Tuple(items) => Data::List(true, self.freeze_all(items, depth)?.into()),
                Object::Dict(entries) => {
                    let mut frozen = Vec::new();
                    for (key, value) in entries {
                        frozen.push((self.freeze(key, depth + 1)?, self.freeze(value, depth + 1)?));
                    }
                    Data::Dict(frozen.into())
                }
                _ => return Err(self.cannot_be_stored(value)),
            },
            _ => return Err(self.cannot_be_stored(value)),
        })
    }

    fn cannot_be_stored(&self, value: &V) -> Stop {
        self.wrong(format!("a {} cannot be shared between threads", self.type_of(value)), "stored here")
    }

    pub(crate) fn freeze_all(&self, items: &[V], depth: u32) -> Step<Vec<Data>> {
        items.iter().map(|item| self.freeze(item, depth + 1)).collect()
    }

    /// The value of a tier, on this heap.
    pub(crate) fn thaw(&mut self, data: &Data) -> Step<V> {
        self.spend(1)?;
        Ok(match data {
            Data::None => V::None,
            Data::Bool(value) => V::Bool(*value),
            Data::Int(number) => V::Int(*number),
            Data::Float(bits) => V::Float(f64::from_bits(*bits)),
            Data::Text(text) => V::Text(super::value::Text::Shared(text.clone())),
            Data::Stored(value) => V::Stored(*value),
            Data::Lease(lease) => V::Lease(*lease),
            Data::List(is_tuple, items) => {
                let items = items.iter().map(|item| self.thaw(item)).collect::<Step<Vec<V>>>()?;
                self.object(if *is_tuple { Object::Tuple(items) } else { Object::List(items) })?
            }
            Data::Dict(entries) => {
                let mut thawed = Vec::new();
                for (key, value) in entries.iter() {
                    thawed.push((self.thaw(key)?, self.thaw(value)?));
                }
                self.object(Object::Dict(thawed))?
            }
        })
    }
}

fn as_float(value: &V) -> f64 {
    match value {
        V::Int(number) => *number as f64,
        V::Float(number) => *number,
        _ => f64::NAN,
    }
}

fn floats(left: &V, right: &V, compute: impl FnOnce(f64, f64) -> f64) -> Option<V> {
    let are_numbers = [left, right].iter().all(|its| matches!(its, V::Int(_) | V::Float(_)));
    let is_any = [left, right].iter().any(|its| matches!(its, V::Float(_)));
    (are_numbers && is_any).then(|| V::Float(compute(as_float(left), as_float(right))))
}
