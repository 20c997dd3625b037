//! A checker's primitives, with one ordering that can be weaker than the cache requests.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use selvedge::sync::{AtomicU64, Entry, Key, Primitives};

use crate::checker::Checker;

/// An ordering that the cache requests, of an atomic by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) word: &'static str,
    pub(crate) access: Access,
    pub(crate) ordering: Ordering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Load,
    Add,
    Replace,
}

thread_local! {
    /// The relaxed ordering. Each checker runs all threads of a program on the thread that started
    /// it.
    static RELAXED: Cell<Option<Site>> = const { Cell::new(None) };
}

/// Calls `explore` with this ordering relaxed.
pub(crate) fn with_relaxed<T>(site: Option<Site>, explore: impl FnOnce() -> T) -> T {
    RELAXED.set(site);
    let explored = explore();
    RELAXED.set(None);
    explored
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Weaker<C>(PhantomData<C>);

impl<C: Checker> Primitives for Weaker<C> {
    type AtomicU64 = WeakerWord<C>;
    type Mutex<T: Send + 'static> = C::Mutex<T>;
    type Map<K: Key, V: Entry> = C::Map<K, V>;
    type Queue<T: Send + 'static> = C::Queue<T>;
    type Clock = C::Clock;

    fn block_on<F: Future>(future: F) -> F::Output {
        C::block_on(future)
    }
}

#[derive(Debug)]
pub(crate) struct WeakerWord<C: Checker> {
    name: &'static str,
    word: C::AtomicU64,
}

impl<C: Checker> WeakerWord<C> {
    fn access<T>(&self, access: Access, ordering: Ordering, make: impl FnOnce(Ordering) -> T) -> T {
        if RELAXED.get() == Some(Site { word: self.name, access, ordering }) {
            return make(Ordering::Relaxed);
        }
        if ordering != Ordering::SeqCst {
            return make(ordering);
        }
        C::fence_for_seq_cst();
        let made = make(ordering);
        C::fence_for_seq_cst();
        made
    }
}

impl<C: Checker> AtomicU64 for WeakerWord<C> {
    fn new(name: &'static str, value: u64) -> Self {
        WeakerWord { name, word: C::AtomicU64::new(name, value) }
    }

    fn load(&self, ordering: Ordering) -> u64 {
        self.access(Access::Load, ordering, |ordering| self.word.load(ordering))
    }

    fn store(&self, value: u64, ordering: Ordering) {
        self.word.store(value, ordering);
    }

    fn fetch_add(&self, value: u64, ordering: Ordering) -> u64 {
        self.access(Access::Add, ordering, |ordering| self.word.fetch_add(value, ordering))
    }

    fn replace(&self, current: u64, new: u64, success: Ordering) -> bool {
        self.access(Access::Replace, success, |success| self.word.replace(current, new, success))
    }
}
