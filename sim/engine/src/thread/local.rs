//! Task-local values, as [`std::thread_local`].

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::{fmt, ptr, result};

use crate::runtime;

/// A task's value of one key.
struct Slot {
    /// The address of the key. Used only for look-ups.
    key: usize,
    /// `None` once it has been dropped.
    value: Option<Rc<dyn Any>>,
}

#[derive(Default)]
struct Slots {
    /// The slots of each task of the current run, in the order of their creation.
    tasks: Vec<Vec<Slot>>,
    /// The slots of this OS thread outside an exploration.
    outside: Vec<Slot>,
}

impl Slots {
    fn current(&mut self) -> &mut Vec<Slot> {
        let Some((task, _)) = runtime::current() else { return &mut self.outside };
        let task = task as usize;
        if self.tasks.len() <= task {
            self.tasks.resize_with(task + 1, Vec::new);
        }
        &mut self.tasks[task]
    }
}

std::thread_local! {
    static SLOTS: RefCell<Slots> = RefCell::default();
    /// Whether any task has ever had a slot. Most programs have none and skip the search.
    static ANY: Cell<bool> = const { Cell::new(false) };
}

/// Whether any task may have a local value.
#[inline]
pub(super) fn any() -> bool {
    ANY.get()
}

/// Drops the current task's local values, the youngest first.
pub(super) struct Locals;

impl Drop for Locals {
    #[inline]
    fn drop(&mut self) {
        if any() {
            drop_all();
        }
    }
}

fn drop_all() {
    let youngest = || {
        SLOTS.with_borrow_mut(|slots| {
            let (task, _) = runtime::current()?;
            let slots = slots.tasks.get_mut(task as usize)?;
            let value = slots.iter_mut().rev().find_map(|slot| slot.value.take());
            if value.is_none() {
                slots.clear();
            }
            value
        })
    };
    while let Some(value) = youngest() {
        drop(value);
    }
}

/// A value per task, created on the task's first access and dropped at the end of the task. See
/// [`thread_local!`](crate::thread_local).
pub struct LocalKey<T: 'static> {
    init: fn() -> T,
}

/// The value has been dropped, because the task is ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("already destroyed")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    /// Called by [`thread_local!`](crate::thread_local).
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> Self {
        LocalKey { init }
    }

    /// Calls `use_it` with the current task's value.
    ///
    /// # Panics
    ///
    /// If it has been dropped.
    pub fn with<R>(&'static self, use_it: impl FnOnce(&T) -> R) -> R {
        use_it(&self.value_or(self.init))
    }

    /// Calls `use_it` with the current task's value.
    ///
    /// # Errors
    ///
    /// If it has been dropped.
    pub fn try_with<R>(&'static self, use_it: impl FnOnce(&T) -> R) -> result::Result<R, AccessError> {
        Ok(use_it(&*self.value(self.init)?))
    }

    /// Returns the current task's value. `init` creates it if there is none.
    fn value(&'static self, init: impl FnOnce() -> T) -> result::Result<Rc<T>, AccessError> {
        let key = ptr::from_ref(self).addr();
        let found = SLOTS.try_with(|slots| {
            let mut slots = slots.borrow_mut();
            let slot = slots.current().iter().find(|slot| slot.key == key)?;
            Some(slot.value.clone().ok_or(AccessError))
        });
        let value = match found.map_err(|_| AccessError)? {
            Some(value) => value?,
            None => {
                let value: Rc<dyn Any> = Rc::new(init());
                let retained = Some(Rc::clone(&value));
                SLOTS.with_borrow_mut(|slots| slots.current().push(Slot { key, value: retained }));
                ANY.set(true);
                value
            }
        };
        Ok(value.downcast().expect("the value of this key"))
    }

    fn value_or(&'static self, init: impl FnOnce() -> T) -> Rc<T> {
        self.value(init).expect("cannot access a thread-local value during or after its destruction")
    }

    /// Replaces the value in `slot`. If there is none yet, creates it from `value` instead of its
    /// declared initializer.
    fn put<V>(&'static self, value: V, make: fn(V) -> T, replace: fn(&T, V)) {
        let mut value = Some(value);
        let slot = self.value_or(|| make(value.take().expect("taken once")));
        if let Some(value) = value {
            replace(&slot, value);
        }
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the value.
    pub fn set(&'static self, value: T) {
        self.put(value, Cell::new, Cell::set);
    }

    /// Returns a copy of the value.
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Returns the value, and replaces it by the default.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Sets the value and returns the old one.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `use_it` with the value.
    ///
    /// # Panics
    ///
    /// If it is borrowed mutably.
    pub fn with_borrow<R>(&'static self, use_it: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| use_it(&cell.borrow()))
    }

    /// Calls `use_it` with mutable access to the value.
    ///
    /// # Panics
    ///
    /// If it is borrowed.
    pub fn with_borrow_mut<R>(&'static self, use_it: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| use_it(&mut cell.borrow_mut()))
    }

    /// Sets the value.
    ///
    /// # Panics
    ///
    /// If it is borrowed.
    pub fn set(&'static self, value: T) {
        self.put(value, RefCell::new, |cell, value| *cell.borrow_mut() = value);
    }

    /// Returns the value, and replaces it by the default.
    ///
    /// # Panics
    ///
    /// If it is borrowed.
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Sets the value and returns the old one.
    ///
    /// # Panics
    ///
    /// If it is borrowed.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Declares values per task and run, as [`std::thread_local!`] does per thread. A value is created
/// on the task's first access and dropped at the end of the task, before a task that joins it
/// resumes. Its destructor runs as part of the task. Outside an exploration the values belong to
/// the OS thread.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use selvedge_engine::{Explorer, thread, thread_local};
///
/// thread_local! {
///     static CALLS: Cell<u32> = const { Cell::new(0) };
/// }
///
/// let report = Explorer::optimal().run(|| {
///     CALLS.set(CALLS.get() + 1);
///     thread::spawn(|| assert_eq!(CALLS.get(), 0)).join().unwrap();
///     assert_eq!(CALLS.get(), 1); // in every run
/// });
/// assert_eq!(report.panics, 0);
/// ```
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local! { $(#[$attr])* $vis static $name: $type = ($init) $(; $($rest)*)? }
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attr])*
        $vis static $name: $crate::thread::LocalKey<$type> = {
            fn init() -> $type {
                $init
            }
            $crate::thread::LocalKey::new(init)
        };
        $($crate::thread_local! { $($rest)* })?
    };
}
