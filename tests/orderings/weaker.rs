//! loom's primitives, with one ordering that can be weaker than the cache requests.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
use selvedge::sync::{AtomicU64, Entry, Key, Primitives};
use selvedge_sim::backends::Loom;

type Word = <Loom as Primitives>::AtomicU64;

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
}

thread_local! {
    /// The relaxed ordering. loom runs all threads of a model on the thread that started it.
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
pub(crate) struct Weaker;

impl Primitives for Weaker {
    type AtomicU64 = WeakerWord;
    type Mutex<T: Send + 'static> = <Loom as Primitives>::Mutex<T>;
    type Map<K: Key, V: Entry> = <Loom as Primitives>::Map<K, V>;
    type Queue<T: Send + 'static> = <Loom as Primitives>::Queue<T>;
    type Clock = <Loom as Primitives>::Clock;

    fn block_on<F: Future>(future: F) -> F::Output {
        Loom::block_on(future)
    }
}

#[derive(Debug)]
pub(crate) struct WeakerWord {
    name: &'static str,
    word: Word,
}

impl WeakerWord {
    /// loom treats sequentially consistent accesses as weaker ones, but supports such fences, which
    /// replace them.
    fn access<T>(&self, access: Access, ordering: Ordering, make: impl FnOnce(Ordering) -> T) -> T {
        if RELAXED.get() == Some(Site { word: self.name, access, ordering }) {
            return make(Ordering::Relaxed);
        }
        if ordering != Ordering::SeqCst {
            return make(ordering);
        }
        fence(Ordering::SeqCst);
        let made = make(ordering);
        fence(Ordering::SeqCst);
        made
    }
}

impl AtomicU64 for WeakerWord {
    fn new(name: &'static str, value: u64) -> Self {
        WeakerWord { name, word: Word::new(name, value) }
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
        self.word.replace(current, new, success)
    }
}
