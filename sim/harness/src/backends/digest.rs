//! Hashes the values in maps and under locks, for stateful search.

use std::any::{Any, TypeId};
use std::hash::{Hash, Hasher};

use selvedge::parts::{Cached, Lookup, LostStripes, OpenWrites};

use super::Held;
use crate::history::Value;
use crate::script::Data;

/// Whether [`feed`] supports values of this type.
pub(super) fn is_known<V: 'static>() -> bool {
    let known = [
        TypeId::of::<Value>(),
        TypeId::of::<Option<Value>>(),
        TypeId::of::<Held>(),
        TypeId::of::<Cached<Value>>(),
        TypeId::of::<Cached<Lookup<Value>>>(),
        TypeId::of::<LostStripes>(),
        TypeId::of::<Data>(),
        TypeId::of::<Option<Data>>(),
        TypeId::of::<Cached<Data>>(),
        TypeId::of::<OpenWrites>(),
    ];
    known.contains(&TypeId::of::<V>())
}

/// Hashes all fields of a value of a supported type.
pub(super) fn feed(value: &dyn Any, mut state: &mut dyn Hasher) {
    if let Some(value) = value.downcast_ref::<Value>() {
        value.hash(&mut state);
    } else if let Some(value) = value.downcast_ref::<Option<Value>>() {
        value.hash(&mut state);
    } else if let Some(held) = value.downcast_ref::<Held>() {
        held.hash(&mut state);
    } else if let Some(cached) = value.downcast_ref::<Cached<Value>>() {
        (cached.value(), cached.expires_at()).hash(&mut state);
    } else if let Some(cached) = value.downcast_ref::<Cached<Lookup<Value>>>() {
        let kept = match cached.value() {
            Lookup::Value(value) => (0, Some(value)),
            Lookup::AbsentRemotely => (1, None),
            Lookup::AbsentAtSource => (2, None),
        };
        (kept, cached.expires_at()).hash(&mut state);
    } else if let Some(lost) = value.downcast_ref::<LostStripes>() {
        lost.hash(&mut state);
    } else if let Some(data) = value.downcast_ref::<Data>() {
        data.hash(&mut state);
    } else if let Some(data) = value.downcast_ref::<Option<Data>>() {
        data.hash(&mut state);
    } else if let Some(cached) = value.downcast_ref::<Cached<Data>>() {
        (cached.value(), cached.expires_at()).hash(&mut state);
    } else if let Some(writes) = value.downcast_ref::<OpenWrites>() {
        writes.hash(&mut state);
    } else {
        unreachable!("the type is not supported: call `is_known` first");
    }
}
