//! Atomics, as in [`std::sync::atomic`].
//!
//! [`Explorer::rc11`](crate::Explorer::rc11) explores the behaviours that the orderings allow. All
//! other modes accept and ignore them: they explore sequential consistency, the strongest ordering.

mod exclusive;
mod pointer;

use std::fmt;
use std::panic::Location;
use std::rc::Rc;
pub use std::sync::atomic::Ordering;

use crate::event::{Action, MemoryOrder, Orders};
use crate::runtime::{self, Handle};
pub use exclusive::ValueMut;
pub use pointer::AtomicPtr;

/// A fence. No event, and no effect, except in [`Explorer::rc11`](crate::Explorer::rc11).
///
/// # Panics
///
/// If the ordering is `Relaxed`, as std's does.
#[track_caller]
pub fn fence(ordering: Ordering) {
    std::sync::atomic::fence(ordering);
    if runtime::has_memory_orders() {
        runtime::perform_fence(Orders::of(ordering), Location::caller());
    }
}

/// A compiler fence. No event, and no effect: it orders a thread with its own signal handlers only.
///
/// # Panics
///
/// If the ordering is `Relaxed`, as std's does.
pub fn compiler_fence(ordering: Ordering) {
    std::sync::atomic::compiler_fence(ordering);
}

/// A value that the engine represents as a 64-bit word.
trait Word: Copy {
    fn to_word(self) -> u64;
    fn from_word(word: u64) -> Self;
}

macro_rules! atomic {
    ($($name:ident, $type:ty, $what:literal, { $($own:tt)* };)*) => {$(
        #[doc = concat!("As [`std::sync::atomic::", stringify!($name), "`]. Reads commute, and a compare-exchange that fails is a read.")]
        pub struct $name {
            handle: Handle,
            value: std::sync::atomic::$name,
        }

        impl $name {
            #[doc = concat!("A new ", $what, ".")]
            #[track_caller]
            pub fn new(value: $type) -> Self {
                $name::named(concat!("an ", stringify!($name)), value)
            }

            #[doc = concat!("A new ", $what, " of this name, for messages and traces.")]
            #[track_caller]
            pub fn named(name: &'static str, value: $type) -> Self {
                let show = |word| <$type>::from_word(word).to_string();
                let handle = Handle::of_value(name, value.to_word(), show);
                $name { handle, value: std::sync::atomic::$name::new(value) }
            }

            /// Returns the value.
            #[track_caller]
            pub fn load(&self, ordering: Ordering) -> $type {
                match self.handle.perform_ordered(Action::Load, Orders::of(ordering), Location::caller()) {
                    Some(granted) => <$type>::from_word(granted.before),
                    None => self.value.load(ordering),
                }
            }

            /// Stores a value.
            #[track_caller]
            pub fn store(&self, value: $type, ordering: Ordering) {
                let orders = Orders::of(ordering);
                self.handle.perform_ordered(Action::Store(value.to_word()), orders, Location::caller());
                self.value.store(value, ordering);
            }

            /// Stores a value and returns the old one.
            #[track_caller]
            pub fn swap(&self, value: $type, ordering: Ordering) -> $type {
                let action = Action::Modify(|_, new| new, value.to_word());
                match self.handle.perform_ordered(action, Orders::of(ordering), Location::caller()) {
                    Some(granted) => self.settle(granted),
                    None => self.value.swap(value, ordering),
                }
            }

            /// Stores `new` if the value is `current`.
            ///
            /// # Errors
            ///
            /// The current value, if it is not `current`. The operation then counts as a read.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                let action = Action::CompareExchange { expected: current.to_word(), new: new.to_word() };
                match self.handle.perform_ordered(action, Orders::exchange(success, failure), Location::caller()) {
                    Some(granted) => {
                        let seen = self.settle(granted);
                        if seen == current { Ok(seen) } else { Err(seen) }
                    }
                    None => self.value.compare_exchange(current, new, success, failure),
                }
            }

            /// Like [`compare_exchange`](Self::compare_exchange). It fails spuriously where
            /// [`Explorer::spurious_failures`](crate::Explorer::spurious_failures) allows it.
            ///
            /// # Errors
            ///
            /// The value, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $type,
                new: $type,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$type, $type> {
                if runtime::fails_spuriously() {
                    return Err(self.load(failure));
                }
                self.compare_exchange(current, new, success, failure)
            }

            /// Waits until `condition` holds for the value, and returns the value. The task is
            /// disabled until then. Use it instead of a loop that spins on the value: the
            /// iterations are not explored.
            ///
            /// # Panics
            ///
            /// Outside an exploration, if the condition does not hold.
            /// Outside an exploration, if the condition does not hold.
            #[track_caller]
            pub fn wait_until(&self, condition: impl Fn($type) -> bool + 'static) -> $type {
                let condition = Rc::new(condition);
                let holds = Rc::clone(&condition);
                let waited = self.handle.wait_until(move |word| holds(<$type>::from_word(word)), Location::caller());
                let value = waited.map_or_else(|| self.value.load(Ordering::SeqCst), |granted| <$type>::from_word(granted.before));
                assert!(condition(value), "wait_until works only inside an exploration");
                value
            }

            /// Replaces the value with the result of `update`: a load, then compare-exchanges until
            /// one succeeds, as in std. Returns the old value.
            ///
            /// # Errors
            ///
            /// The current value, if `update` returns `None`.
            #[track_caller]
            pub fn try_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut update: impl FnMut($type) -> Option<$type>,
            ) -> Result<$type, $type> {
                let mut seen = self.load(fetch_order);
                while let Some(new) = update(seen) {
                    match self.compare_exchange(seen, new, set_order, fetch_order) {
                        Ok(old) => return Ok(old),
                        Err(value) => seen = value,
                    }
                }
                Err(seen)
            }

            /// Like [`try_update`](Self::try_update), under std's older name.
            ///
            /// # Errors
            ///
            /// The current value, if `update` returns `None`.
            #[track_caller]
            pub fn fetch_update<F: FnMut($type) -> Option<$type>>(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                update: F,
            ) -> Result<$type, $type> {
                self.try_update(set_order, fetch_order, update)
            }

            /// Like [`try_update`](Self::try_update), with an `update` that always succeeds.
            #[track_caller]
            pub fn update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut update: impl FnMut($type) -> $type,
            ) -> $type {
                let (Ok(old) | Err(old)) =
                    self.try_update(set_order, fetch_order, |value| Some(update(value)));
                old
            }

            /// Returns exclusive access to the value. The end of the access stores the value, in
            /// one event.
            #[track_caller]
            pub fn get_mut(&mut self) -> ValueMut<'_, $type> {
                self.settle_exclusively(Location::caller());
                ValueMut::new(self.handle, self.value.get_mut(), |value| value.to_word(), Location::caller())
            }

            /// Returns the value. No event, because the access is exclusive.
            #[track_caller]
            pub fn into_inner(self) -> $type {
                self.settle_exclusively(Location::caller());
                self.handle.read_contents();
                self.value.into_inner()
            }

            /// Applies a read-modify-write operation. `otherwise` replaces it outside an
            /// exploration.
            #[track_caller]
            fn modify(
                &self,
                apply: fn(u64, u64) -> u64,
                operand: $type,
                ordering: Ordering,
                otherwise: impl FnOnce(&std::sync::atomic::$name) -> $type,
            ) -> $type {
                let action = Action::Modify(apply, operand.to_word());
                match self.handle.perform_ordered(action, Orders::of(ordering), Location::caller()) {
                    Some(granted) => self.settle(granted),
                    None => otherwise(&self.value),
                }
            }

            fn settle(&self, granted: runtime::Granted) -> $type {
                self.value.store(<$type>::from_word(granted.after), Ordering::Relaxed);
                <$type>::from_word(granted.before)
            }

            /// Stores the last value in coherence order, before exclusive access. Under weak memory
            /// the last executed write may be another one.
            fn settle_exclusively(&self, source: &'static Location<'static>) {
                if runtime::has_memory_orders()
                    && let Some(granted) =
                        self.handle.perform_ordered(Action::Load, Orders::of(MemoryOrder::NotAtomic), source)
                {
                    self.value.store(<$type>::from_word(granted.before), Ordering::Relaxed);
                }
            }

            $($own)*
        }

        impl Default for $name {
            #[track_caller]
            fn default() -> Self {
                $name::new(<$type>::default())
            }
        }

        impl From<$type> for $name {
            #[track_caller]
            fn from(value: $type) -> Self {
                $name::new(value)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.value.fmt(f)
            }
        }
    )*};
}

macro_rules! fetch {
    ($type:ty: $($name:ident, $doc:literal, $apply:expr;)*) => {$(
        #[doc = $doc]
        #[track_caller]
        pub fn $name(&self, operand: $type, ordering: Ordering) -> $type {
            let apply: fn(u64, u64) -> u64 = |old, operand| {
                let apply: fn($type, $type) -> $type = $apply;
                apply(<$type>::from_word(old), <$type>::from_word(operand)).to_word()
            };
            self.modify(apply, operand, ordering, |value| value.$name(operand, ordering))
        }
    )*};
}

macro_rules! integers {
    ($($name:ident, $type:ty;)*) => {
        $(impl Word for $type {
            #[inline]
            fn to_word(self) -> u64 {
                self as u64
            }

            #[inline]
            fn from_word(word: u64) -> Self {
                word as $type
            }
        })*

        atomic! {$($name, $type, "integer", {
            fetch! { $type:
                fetch_add, "Adds, wrapping around, and returns the old value.", |a, b| a.wrapping_add(b);
                fetch_sub, "Subtracts, wrapping around, and returns the old value.", |a, b| a.wrapping_sub(b);
                fetch_and, "Bitwise and; returns the old value.", |a, b| a & b;
                fetch_nand, "Bitwise nand; returns the old value.", |a, b| !(a & b);
                fetch_or, "Bitwise or; returns the old value.", |a, b| a | b;
                fetch_xor, "Bitwise exclusive or; returns the old value.", |a, b| a ^ b;
                fetch_max, "The larger of the two; returns the old value.", |a, b| a.max(b);
                fetch_min, "The smaller of the two; returns the old value.", |a, b| a.min(b);
            }
        };)*}
    };
}

impl Word for bool {
    #[inline]
    fn to_word(self) -> u64 {
        u64::from(self)
    }

    #[inline]
    fn from_word(word: u64) -> Self {
        word != 0
    }
}

integers! {
    AtomicU8, u8;
    AtomicU16, u16;
    AtomicU32, u32;
    AtomicU64, u64;
    AtomicUsize, usize;
    AtomicI8, i8;
    AtomicI16, i16;
    AtomicI32, i32;
    AtomicI64, i64;
    AtomicIsize, isize;
}

atomic! {AtomicBool, bool, "flag", {
    fetch! { bool:
        fetch_and, "Logical and; returns the old value.", |a, b| a & b;
        fetch_nand, "Logical nand; returns the old value.", |a, b| !(a & b);
        fetch_or, "Logical or; returns the old value.", |a, b| a | b;
        fetch_xor, "Logical exclusive or; returns the old value.", |a, b| a ^ b;
    }

    /// Logical not; returns the old value.
    #[track_caller]
    pub fn fetch_not(&self, ordering: Ordering) -> bool {
        self.fetch_xor(true, ordering)
    }
};}
