//! Locks: their fast paths are operations on a lock, so that a task waits in the engine and the
//! slow paths are never entered.
//!
//! The slow paths of std's locks are not instrumented. Those of DashMap's and parking_lot's are,
//! but they spin a limited number of times before they wait on a futex. They are left out only if
//! every access of each such lock, in every execution, is one of the fast paths below and finds no
//! parked threads. Otherwise the exploration begins again, with all their code as it is
//! ([`Learned::locks_as_code`](crate::program::Learned::locks_as_code)).

use selvedge_engine::native::{self, Op};

use crate::atomic::{self, Operation};
use crate::effects;
use crate::known::{self, Encoding};
use crate::program;
use crate::site::{Site, Step};

/// Performs an atomic operation that is a part of a lock operation. Returns the word that it
/// observes, or `None` if its operands are not those of a lock operation.
pub(crate) fn perform(
    (encoding, step): (Encoding, Step),
    address: usize,
    size: usize,
    operation: Operation,
    site: Site,
) -> Option<u64> {
    use Encoding::{ParkingLot, RwLock};
    use Operation::{CompareExchange, Load, Modify};
    if size != encoding.lock_size() || (encoding.is_foreign_lock() && program::takes_locks_as_code()) {
        return None;
    }
    let reads_first = matches!(encoding, RwLock | ParkingLot);
    let op = match (step, operation) {
        (Step::Lock, CompareExchange { expected: 0, .. }) => Op::Lock,
        (Step::TryLock, CompareExchange { expected: 0, .. }) if !reads_first => Op::TryLock,
        (Step::TryLock, Load) if reads_first => Op::TryLock,
        (Step::Unlock, Modify(..)) if !encoding.is_foreign_lock() => Op::Unlock,
        (Step::Unlock, CompareExchange { new: 0, .. }) if encoding.is_foreign_lock() => Op::Unlock,
        // The lock is acquired where its word is read; the compare-exchange that follows succeeds.
        (Step::LockShared, Load) => Op::LockShared,
        (Step::TryLockShared, Load) => Op::TryLockShared,
        (Step::UnlockShared, Modify(..)) => Op::UnlockShared,
        // It fails for the same reason as the operation on the lock before it. If the lock is
        // released in between, that operation could have happened later.
        // SAFETY: the program reads this word.
        (Step::ReadAgain, Load) => return Some(unsafe { known::read(address, size) }),
        (Step::LockShared | Step::TryLockShared | Step::TryLock, CompareExchange { expected, new }) => {
            // SAFETY: the program performs an atomic operation on this word.
            let value = unsafe { known::read(address, size) };
            if value == expected {
                // SAFETY: as above.
                unsafe { known::write(address, size, new) };
                program::store(address, new);
            }
            return Some(value);
        }
        _ => return None,
    };
    if encoding == RwLock {
        note_shared(step, address, site);
    }
    // SAFETY: as above.
    let value = unsafe { known::read(address, size) };
    let waits = match op {
        Op::Lock => encoding.state(value) != 0,
        Op::LockShared => encoding.state(value) == native::EXCLUSIVE,
        _ => false,
    };
    if !waits && !encoding.has_parked(value) && program::is_alone() {
        return Some(atomic::alone(address, size, encoding, operation));
    }
    let location = program::locate(address, size, encoding);
    program::perform(location, op, true, site);
    // SAFETY: as above.
    let value = unsafe { known::read(address, size) };
    if encoding.has_parked(value) {
        program::take_locks_as_code();
    }
    match operation {
        CompareExchange { expected, new } if value == expected => program::store(address, new),
        Modify(apply, operand) => program::store(address, apply(value, operand)),
        _ => {}
    }
    Some(value)
}

/// Records the shared locks of the current task. std's `RwLock` prefers waiting writers: a task
/// that already holds the lock and acquires it again blocks for ever if another waits to write in
/// between. As an operation on a lock that is not visible, so it is reported.
fn note_shared(step: Step, address: usize, site: Site) {
    let is_again = program::with_task(|task| match step {
        Step::LockShared | Step::TryLockShared => {
            let is_again = step == Step::LockShared && task.shared.contains(&address);
            task.shared.push(address);
            is_again
        }
        Step::UnlockShared => {
            if let Some(at) = task.shared.iter().rposition(|&its| its == address) {
                task.shared.swap_remove(at);
            }
            false
        }
        _ => false,
    });
    if is_again {
        effects::incomplete(format!(
            "a task locks a RwLock for reading again at {}:{}: it waits for ever if another waits to write",
            site.source.file(),
            site.source.line()
        ));
    }
}

/// Performs another operation on the word of a lock, such as `RwLockWriteGuard::downgrade`. It
/// conflicts with every other operation on the lock.
pub(crate) fn access(
    encoding: Encoding,
    address: usize,
    size: usize,
    operation: Operation,
    site: Site,
) -> u64 {
    if encoding.is_foreign_lock() {
        program::take_locks_as_code();
    }
    let location = program::locate(address, size, encoding);
    program::perform(location, Op::Write, true, site);
    let before = atomic::unordered(address, size, operation);
    // SAFETY: the program performs an atomic operation on this word.
    let after = unsafe { known::read(address, size) };
    program::store(address, after);
    if encoding.state(before) != encoding.state(after) {
        let memory = program::with(|program| program.memory);
        memory.store_with_previous(location, encoding.state(after), site.source);
    }
    before
}

/// The end of a `thread::scope`: waits for its threads. The word is their number, which they
/// decrement in precompiled code; so this is a join, which is not an event. Returns the word.
pub(crate) fn end_scope(address: usize, size: usize) -> u64 {
    let own = program::current();
    let join = |task: usize| {
        native::join(task as u8);
        program::joined(task);
    };
    for task in program::of_scope(address) {
        join(task);
    }
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
            Some(task) if running > 0 => join(task),
            _ => return running,
        }
    }
}
