//! The article's cache: a reader reads L1, and on a miss reads L2 and fills L1; a writer writes L2
//! and invalidates L1.

use selvedge_engine::object::{Cell, Map};

use crate::tools::Tool;

/// One entry of a tier.
pub(crate) trait Tier: Send + Sync + 'static {
    fn new(value: Option<u64>) -> Self;
    fn get(&self) -> Option<u64>;
    fn set(&self, value: Option<u64>);
}

/// A tier in the tool's mutex.
pub(crate) struct Locked<T: Tool>(T::Mutex<Option<u64>>);

impl<T: Tool> Tier for Locked<T> {
    fn new(value: Option<u64>) -> Self {
        Locked(T::mutex(value))
    }

    fn get(&self) -> Option<u64> {
        T::with(&self.0, |value| *value)
    }

    fn set(&self, new: Option<u64>) {
        T::with(&self.0, |value| *value = new);
    }
}

/// A tier in a cell of our engine.
pub(crate) struct InCell(Cell<Option<u64>>);

impl Tier for InCell {
    fn new(value: Option<u64>) -> Self {
        InCell(Cell::new(value))
    }

    fn get(&self) -> Option<u64> {
        self.0.get()
    }

    fn set(&self, value: Option<u64>) {
        self.0.set(value);
    }
}

/// A tier in a map of our engine.
pub(crate) struct InMap(Map<(), u64>);

impl Tier for InMap {
    fn new(value: Option<u64>) -> Self {
        let map = Map::new();
        if let Some(value) = value {
            map.insert((), value);
        }
        InMap(map)
    }

    fn get(&self) -> Option<u64> {
        self.0.get(&())
    }

    fn set(&self, value: Option<u64>) {
        match value {
            Some(value) => self.0.insert((), value),
            None => self.0.remove(&()),
        };
    }
}

struct Tiers<L> {
    l1: L,
    l2: L,
}

pub(crate) fn cache_aside<T: Tool, L: Tier>(readers: usize, writers: usize) {
    let tiers = T::share(Tiers { l1: L::new(None), l2: L::new(Some(0)) });
    let mut threads = Vec::new();
    for _ in 0..readers {
        let tiers = tiers.clone();
        threads.push(T::spawn(move || {
            if tiers.l1.get().is_none() {
                tiers.l1.set(tiers.l2.get());
            }
        }));
    }
    for version in 1..=writers as u64 {
        let tiers = tiers.clone();
        threads.push(T::spawn(move || {
            tiers.l2.set(Some(version));
            tiers.l1.set(None);
        }));
    }
    threads.into_iter().for_each(T::join);
}
