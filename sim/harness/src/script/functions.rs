//! The operators, functions and methods of a script that are no steps of the exploration.

use super::library::Builtin;
use super::machine::{Machine, Ran};
use super::tree::Operator;
use super::value::{Object, V};

impl Machine {
    pub(crate) fn integer(&self, value: &V) -> Ran<i64> {
        match value {
            V::Int(number) => Ok(*number),
            V::Bool(value) => Ok(i64::from(*value)),
            V::Float(number) if number.abs() < 9e15 => Ok(*number as i64),
            V::Text(text) => {
                self.look(text);
                let number = text.as_str().trim().parse();
                number.map_err(|_| self.wrong("the string is no number", "converted here"))
            }
            _ => Err(self.wrong(format!("a {} is no number", self.type_of(value)), "expected a number")),
        }
    }

    /// Calls a function of the library that is no step.
    pub(crate) fn evaluate(&mut self, builtin: Builtin, arguments: &[V]) -> Ran<V> {
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
                (_, V::Text(text)) => {
                    self.look(text);
                    Ok(V::Int(text.as_str().chars().count() as i64))
                }
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
}
