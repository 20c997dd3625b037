//! The words of the program's memory that its atomic operations have accessed in this run.
//!
//! Code without instrumentation (precompiled std, assembly) may change such a word. The change is
//! visible at the task's next call of this library.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

/// The meaning of a word as the state of its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The state is the word.
    Word,
    /// A reference count.
    Count,
    /// std's `Mutex`: 0 if it is free.
    Mutex,
    /// std's `RwLock`: the low 30 bits are the number of readers, or all set if it is held
    /// exclusively.
    RwLock,
    /// DashMap's lock of a shard: bits 0 and 1 mean that threads are parked; the rest is the number
    /// of readers, or all set if it is held exclusively.
    DashMap,
    /// parking_lot's `Mutex`: bit 0 means that it is held, bit 1 that threads are parked.
    ParkingLot,
    /// Wider than a state.
    Wide,
}

/// A word of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) location: u32,
    pub(crate) size: usize,
    pub(crate) encoding: Encoding,
    /// Its value when it was last seen.
    pub(crate) value: u64,
}

/// The known words, sorted by address. Every step of a task looks at all of them.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<(usize, Word)>);

impl Known {
    fn find(&self, address: usize) -> Result<usize, usize> {
        self.0.binary_search_by_key(&address, |&(its, _)| its)
    }

    pub(crate) fn get(&self, address: usize) -> Option<&Word> {
        self.find(address).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn get_mut(&mut self, address: usize) -> Option<&mut Word> {
        self.find(address).ok().map(|at| &mut self.0[at].1)
    }

    /// Adds a word that is not known. Returns whether it overlaps another.
    pub(crate) fn insert(&mut self, address: usize, word: Word) -> bool {
        let Err(at) = self.find(address) else { return true };
        let before = at.checked_sub(1).map(|before| self.0[before]);
        let overlaps = before.is_some_and(|(start, its)| start + its.size > address)
            || self.0.get(at).is_some_and(|&(start, _)| start < address + word.size);
        self.0.insert(at, (address, word));
        overlaps
    }

    /// Forgets the words that start in this range.
    pub(crate) fn remove(&mut self, start: usize, size: usize) {
        let from = self.0.partition_point(|&(address, _)| address < start);
        let to = self.0.partition_point(|&(address, _)| address < start + size);
        self.0.drain(from..to);
    }

    /// Forgets the words for which `keep` does not hold.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize, &mut Word) -> bool) {
        self.0.retain_mut(|(address, word)| keep(*address, word));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// The bits of `RwLock`'s word that count readers.
const RW_MASK: u64 = (1 << 30) - 1;

impl Encoding {
    /// The state for a value of the word.
    pub(crate) fn state(self, value: u64) -> u64 {
        match self {
            Encoding::Word | Encoding::Count | Encoding::Wide => value,
            Encoding::Mutex if value == 0 => 0,
            Encoding::Mutex => selvedge_engine::native::EXCLUSIVE,
            Encoding::RwLock if value & RW_MASK == RW_MASK => selvedge_engine::native::EXCLUSIVE,
            Encoding::RwLock => value & RW_MASK,
            Encoding::DashMap if value | 3 == u64::MAX => selvedge_engine::native::EXCLUSIVE,
            Encoding::DashMap => value >> 2,
            Encoding::ParkingLot if value & 1 != 0 => selvedge_engine::native::EXCLUSIVE,
            Encoding::ParkingLot => 0,
        }
    }

    /// Whether the word is a lock's.
    pub(crate) fn is_lock(self) -> bool {
        !matches!(self, Encoding::Word | Encoding::Count | Encoding::Wide)
    }

    /// Whether the word is the lock of another crate than std, all of whose code is instrumented.
    pub(crate) fn is_foreign_lock(self) -> bool {
        matches!(self, Encoding::DashMap | Encoding::ParkingLot)
    }

    /// Whether this word of another crate's lock says that threads are parked.
    pub(crate) fn has_parked(self, value: u64) -> bool {
        match self {
            Encoding::DashMap => value & 3 != 0,
            Encoding::ParkingLot => value & 2 != 0,
            _ => false,
        }
    }

    /// The size of a lock's word in bytes.
    pub(crate) fn lock_size(self) -> usize {
        match self {
            Encoding::DashMap => 8,
            Encoding::ParkingLot => 1,
            _ => 4,
        }
    }
}

/// Reads a word of the program's memory.
///
/// # Safety
///
/// The address must be that of a live, aligned atomic of this size.
pub(crate) unsafe fn read(address: usize, size: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => (*(address as *const AtomicU8)).load(SeqCst).into(),
            2 => (*(address as *const AtomicU16)).load(SeqCst).into(),
            4 => (*(address as *const AtomicU32)).load(SeqCst).into(),
            _ => (*(address as *const AtomicU64)).load(SeqCst),
        }
    }
}

/// Writes a word of the program's memory.
///
/// # Safety
///
/// As for [`read`].
pub(crate) unsafe fn write(address: usize, size: usize, value: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => (*(address as *const AtomicU8)).store(value as u8, SeqCst),
            2 => (*(address as *const AtomicU16)).store(value as u16, SeqCst),
            4 => (*(address as *const AtomicU32)).store(value as u32, SeqCst),
            _ => (*(address as *const AtomicU64)).store(value, SeqCst),
        }
    }
}
