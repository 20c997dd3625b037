//! Copies of values: what a tier stores, and what a call receives from it.

use super::machine::{Machine, Ran, Stop};
use super::value::{DEEPEST, Data, Object, V};

impl Machine {
    /// A copy of the value for a tier, without references to this heap.
    pub(crate) fn freeze(&self, value: &V, depth: u32) -> Ran<Data> {
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

    pub(crate) fn cannot_be_stored(&self, value: &V) -> Stop {
        self.wrong(format!("a {} cannot be shared between threads", self.type_of(value)), "stored here")
    }

    pub(crate) fn freeze_all(&self, items: &[V], depth: u32) -> Ran<Vec<Data>> {
        items.iter().map(|item| self.freeze(item, depth + 1)).collect()
    }

    /// The value of a tier, on this heap.
    pub(crate) fn thaw(&mut self, data: &Data) -> Ran<V> {
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
                let items = items.iter().map(|item| self.thaw(item)).collect::<Ran<Vec<V>>>()?;
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
