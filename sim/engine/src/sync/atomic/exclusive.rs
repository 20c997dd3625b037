//! Exclusive access to an atomic's value.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;

use crate::event::{Action, MemoryOrder, Orders};
use crate::runtime::Handle;

/// Exclusive access to an atomic's value. Dropping it stores the value.
pub struct ValueMut<'a, T> {
    handle: Handle,
    value: &'a mut T,
    to_word: fn(&T) -> u64,
    source: &'static Location<'static>,
}

impl<'a, T> ValueMut<'a, T> {
    pub(super) fn new(
        handle: Handle,
        value: &'a mut T,
        to_word: fn(&T) -> u64,
        source: &'static Location<'static>,
    ) -> Self {
        handle.read_contents();
        ValueMut { handle, value, to_word, source }
    }
}

impl<T> Drop for ValueMut<'_, T> {
    fn drop(&mut self) {
        let action = Action::Store((self.to_word)(self.value));
        self.handle.perform_ordered(action, Orders::of(MemoryOrder::NotAtomic), self.source);
    }
}

impl<T> Deref for ValueMut<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for ValueMut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for ValueMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
