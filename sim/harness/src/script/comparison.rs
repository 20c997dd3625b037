//! Truth and equality of values.

use super::machine::{Machine, Ran};
use super::value::{DEEPEST, Object, V};

impl Machine {
    /// Whether the value is true in a condition.
    pub(crate) fn is_true(&self, value: &V) -> Ran<bool> {
        Ok(match value {
            V::Missing | V::None => false,
            V::Bool(value) => *value,
            V::Int(number) => *number != 0,
            V::Float(number) => *number != 0.0,
            V::Text(text) => !text.as_str().is_empty(),
            V::Lease(lease) => lease.is_some(),
            V::Heap(at) => match &self.heap[*at as usize] {
                Object::List(items) | Object::Tuple(items) => !items.is_empty(),
                Object::Dict(entries) => !entries.is_empty(),
                Object::Range(from, to, by) => {
                    if *by > 0 {
                        from < to
                    } else {
                        from > to
                    }
                }
                _ => true,
            },
            V::Tier(_) => return Err(self.wrong("a shared dict is no condition", "expected `key in …`")),
            _ => true,
        })
    }

    /// Whether two values are equal.
    pub(crate) fn equal(&self, left: &V, right: &V, depth: u32) -> Ran<bool> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("a comparison of more than {DEEPEST} nested values"), "compared here")
            );
        }
        self.spend(1)?;
        Ok(match (left, right) {
            (V::Missing | V::None, V::Missing | V::None) => true,
            (V::Bool(one), V::Bool(other)) => one == other,
            (V::Int(one), V::Int(other)) => one == other,
            (V::Float(one), V::Float(other)) => one == other,
            (V::Int(one), V::Float(other)) | (V::Float(other), V::Int(one)) => *one as f64 == *other,
            (V::Text(one), V::Text(other)) => one == other,
            (V::Stored(one), V::Stored(other)) => one == other,
            (V::Stored(value), V::Text(text)) | (V::Text(text), V::Stored(value)) => {
                super::value::in_text(text.as_str()) == Some(*value)
            }
            (V::Lease(one), V::Lease(other)) => one == other,
            (V::Function(one), V::Function(other)) => one == other,
            (V::Builtin(one), V::Builtin(other)) => one == other,
            (V::Module(one), V::Module(other)) => one == other,
            (V::Tier(one), V::Tier(other)) => one == other,
            (V::Lock(one), V::Lock(other)) => one == other,
            (V::Heap(one), V::Heap(other)) if one == other => true,
            (V::Heap(one), V::Heap(other)) => {
                match (&self.heap[*one as usize], &self.heap[*other as usize]) {
                    (Object::List(one), Object::List(other)) | (Object::Tuple(one), Object::Tuple(other)) => {
                        one.len() == other.len() && self.all_equal(one, other, depth + 1)?
                    }
                    (Object::Dict(one), Object::Dict(other)) => {
                        if one.len() != other.len() {
                            return Ok(false);
                        }
                        for (key, value) in one {
                            let mut is_in = false;
                            for (its, other) in other {
                                if self.equal(key, its, depth + 1)? {
                                    is_in = self.equal(value, other, depth + 1)?;
                                    break;
                                }
                            }
                            if !is_in {
                                return Ok(false);
                            }
                        }
                        true
                    }
                    _ => false,
                }
            }
            _ => false,
        })
    }

    pub(crate) fn all_equal(&self, one: &[V], other: &[V], depth: u32) -> Ran<bool> {
        for (one, other) in one.iter().zip(other) {
            if !self.equal(one, other, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
