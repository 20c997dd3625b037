//! The values of a script: those of a running function, and those that tiers store.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::library::{Builtin, Module};
use crate::history::{Key, Value};

/// A string. A key of the scenario is not allocated.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Key(Key),
    Shared(Arc<str>),
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Text::Key(key) => key.name(),
            Text::Shared(text) => text,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Text::Key(one), Text::Key(other)) => one == other,
            _ => self.as_str() == other.as_str(),
        }
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::Shared(text.into())
    }
}

/// A value of a running function. Lists, dictionaries and closures are on the function's heap, so
/// that a cycle is not a leak.
#[derive(Clone, Debug)]
pub(crate) enum V {
    /// A parameter without an argument.
    Missing,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    /// A value of the cache under test, which the script only stores, returns and compares.
    Stored(Value),
    /// An object of the heap.
    Heap(u32),
    Function(u16),
    Builtin(Builtin),
    Module(Module),
    /// A shared dictionary: 0 is `local`.
    Tier(u16),
    /// The lock of this name.
    Lock(Text),
    /// A lease of the remote tier.
    Lease(Option<u64>),
}

/// An object of the heap.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    List(Vec<V>),
    Tuple(Vec<V>),
    Dict(Vec<(V, V)>),
    Closure(u16, Vec<V>),
    /// An exception: whether a command failed, and the message.
    Failure {
        is_command: bool,
        message: Text,
    },
    /// An iterator over a copy, from this index.
    Iterator(Vec<V>, usize),
    /// Integers from, to, by.
    Range(i64, i64, i64),
    Method(V, u32),
}

impl V {
    /// The name of its type, for messages.
    pub(crate) fn type_name(&self, heap: &[Object]) -> &'static str {
        match self {
            V::Missing | V::None => "None",
            V::Bool(_) => "bool",
            V::Int(_) | V::Float(_) => "number",
            V::Text(_) => "string",
            V::Stored(_) => "value of the cache",
            V::Heap(at) => match &heap[*at as usize] {
                Object::List(_) => "list",
                Object::Tuple(_) => "tuple",
                Object::Dict(_) => "dict",
                Object::Closure(..) | Object::Method(..) => "function",
                Object::Failure { .. } => "failure",
                Object::Iterator(..) => "sequence",
                Object::Range(..) => "range",
            },
            V::Function(_) | V::Builtin(_) => "function",
            V::Module(_) => "module",
            V::Tier(_) => "shared dict",
            V::Lock(_) => "lock",
            V::Lease(_) => "lease",
        }
    }
}

impl V {
    /// The name of its type in the language: what `type` returns.
    pub(crate) fn python_type(&self, heap: &[Object]) -> &'static str {
        match self {
            V::Int(_) => "int",
            V::Float(_) => "float",
            V::Text(_) => "str",
            other => other.type_name(heap),
        }
    }
}

/// The deepest nesting of lists and dictionaries that can be stored, compared or printed.
pub(crate) const DEEPEST: u32 = 16;

/// A value that a tier stores: a copy, without references into a heap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Data {
    /// None.
    None,
    /// True or False.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// The bits of a float.
    Float(u64),
    /// A string.
    Text(Arc<str>),
    /// A value of the cache under test.
    Stored(Value),
    /// A list, or a tuple.
    List(bool, Arc<[Data]>),
    /// A dictionary.
    Dict(Arc<[(Data, Data)]>),
    /// A lease.
    Lease(Option<u64>),
}

impl Data {
    /// The value of the cache in it, if there is one.
    pub(crate) fn stored(&self) -> Option<Value> {
        match self {
            Data::Stored(value) => Some(*value),
            Data::List(_, items) => items.iter().find_map(Data::stored),
            Data::Dict(entries) => entries.iter().find_map(|(_, value)| value.stored()),
            Data::Text(text) => in_text(text),
            Data::None | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Lease(_) => None,
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::None => f.write_str("None"),
            Data::Bool(true) => f.write_str("True"),
            Data::Bool(false) => f.write_str("False"),
            Data::Int(number) => write!(f, "{number}"),
            Data::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Data::Text(text) => write!(f, "{text:?}"),
            Data::Stored(value) => write!(f, "{value}"),
            Data::Lease(lease) => write!(f, "lease {}", lease.unwrap_or(0)),
            Data::List(is_tuple, items) => {
                let (open, close) = if *is_tuple { ('(', ')') } else { ('[', ']') };
                f.write_char(open)?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char(close)
            }
            Data::Dict(entries) => {
                f.write_char('{')?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
        }
    }
}

/// The text that stands for a value in strings: `user:1@v2`.
pub(crate) fn text_of(value: Value) -> String {
    format!("{value:?}")
}

/// The value whose text the string is. Its key may contain any character.
pub(crate) fn in_text(text: &str) -> Option<Value> {
    let (key, version) = text.rsplit_once("@v")?;
    let is_number = !version.is_empty() && version.bytes().all(|it| it.is_ascii_digit());
    let version = version.parse().ok().filter(|_| is_number && !key.is_empty())?;
    Some(Value { key: Key::new(key), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_value_that_it_stands_for() {
        let value = Value { key: Key::new("user:1"), version: 12 };
        assert_eq!(in_text(&text_of(value)), Some(value));
        for other in ["", "user:1", "user:1@v", "@v1", "user:1@v1x", "user:1@v+1"] {
            assert_eq!(in_text(other), None, "{other}");
        }
    }
}
