//! The words of the program's memory that its atomic operations have accessed in this run.
//!
//! Code without instrumentation (precompiled std, assembly) may change such a word. The change is
//! visible at the task's next call of this library.

use std::collections::BTreeMap;
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

/// The known words by address.
pub(crate) type Known = BTreeMap<usize, Word>;

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
