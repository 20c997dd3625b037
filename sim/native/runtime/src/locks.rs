//! Locks of std: their fast paths are operations on a lock of the engine. So a task waits in the
//! engine, and never enters the slow paths, which are not instrumented.

use selvedge_engine::native::{self, Op};

use crate::atomic::Operation;
use crate::known::{self, Encoding};
use crate::program;
use crate::site::{Part, Site};

/// Performs an atomic operation that is a part of a lock operation. Returns the word that it
/// observes, or `None` if its operands are not those of a lock operation.
pub(crate) fn perform(
    part: Part,
    address: usize,
    size: usize,
    operation: Operation,
    site: Site,
) -> Option<u64> {
    use Operation::{CompareExchange, Load, Modify};
    let (encoding, op) = match (part, operation) {
        (Part::MutexLock, CompareExchange { expected: 0, new: 1 }) => (Encoding::Mutex, Op::Lock),
        (Part::MutexTryLock, CompareExchange { expected: 0, new: 1 }) => (Encoding::Mutex, Op::TryLock),
        (Part::MutexUnlock, Modify(_, 0)) => (Encoding::Mutex, Op::Unlock),
        // The lock is acquired where its word is read; the compare-exchange that follows succeeds.
        (Part::Read, Load) => (Encoding::RwLock, Op::LockShared),
        (Part::TryRead, Load) => (Encoding::RwLock, Op::TryLockShared),
        (Part::Write, CompareExchange { expected: 0, .. }) => (Encoding::RwLock, Op::Lock),
        (Part::TryWrite, Load) => (Encoding::RwLock, Op::TryLock),
        (Part::ReadUnlock, Modify(..)) => (Encoding::RwLock, Op::UnlockShared),
        (Part::WriteUnlock, Modify(..)) => (Encoding::RwLock, Op::Unlock),
        (Part::Read | Part::TryRead | Part::TryWrite, CompareExchange { expected, new }) => {
            // SAFETY: the program performs an atomic operation on this word.
            let value = unsafe { known::read(address, size) };
            if value == expected {
                program::store(address, new);
            }
            return Some(value);
        }
        _ => return None,
    };
    if size != 4 {
        return None;
    }
    let location = program::locate(address, size, encoding);
    program::perform(location, op, true, site);
    // SAFETY: as above.
    let value = unsafe { known::read(address, size) };
    match operation {
        CompareExchange { expected, new } if value == expected => program::store(address, new),
        Modify(apply, operand) => program::store(address, apply(value, operand)),
        _ => {}
    }
    Some(value)
}

/// The end of a `thread::scope`: joins its threads, which is not an event. The word is the number
/// of running threads; they decrement it in precompiled code. Returns the word.
pub(crate) fn end_scope(address: usize, size: usize) -> u64 {
    let own = program::current();
    loop {
        // SAFETY: the program reads this atomic.
        let running = unsafe { known::read(address, size) };
        let youngest = program::with(|program| {
            let is_running = |task: &usize| {
                program.tasks[*task].block != 0 && !program.tasks[*task].has_ended && *task != own
            };
            let descends = |task: &usize| program.tasks[*task].parent == own;
            let mut running = (0..program.tasks.len()).rev().filter(is_running);
            running.clone().find(descends).or_else(|| running.next())
        });
        match youngest {
            Some(task) if running > 0 => drop(native::join(task as u8)),
            _ => return running,
        }
    }
}
