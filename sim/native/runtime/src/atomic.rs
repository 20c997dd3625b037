//! The atomic operations of a task.

use selvedge_engine::native::Op;

use crate::known::{self, Encoding};
use crate::locks;
use crate::program;
use crate::site::{self, CallFrame, Part, Site};

/// An atomic operation on a word of up to 64 bits.
#[derive(Clone, Copy)]
pub(crate) enum Operation {
    Load,
    Store(u64),
    /// Applies the function to the word and the operand.
    Modify(fn(u64, u64) -> u64, u64),
    CompareExchange {
        expected: u64,
        new: u64,
    },
}

/// The number of identical reads after which the next one waits until the word changes.
const SPINS: u32 = 2;

/// Performs the operation of the current task, and returns the word before it. Runs outside of the
/// task.
pub(crate) fn perform(address: usize, size: usize, operation: Operation, frame: *const CallFrame) -> u64 {
    program::end_step(frame as usize);
    let site = site::of(frame);
    match site.part {
        Some(Part::Ordered) => unordered(address, size, operation),
        Some(Part::ScopeEnd) if matches!(operation, Operation::Load) => locks::end_scope(address, size),
        Some(Part::ArcClone) if matches!(operation, Operation::Modify(..)) => {
            count(address, size, operation, site)
        }
        Some(Part::ArcDrop) if matches!(operation, Operation::Modify(..)) => {
            count(address, size, operation, site)
        }
        Some(part) => locks::perform(part, address, size, operation, site)
            .unwrap_or_else(|| plain(address, size, operation, site)),
        None => plain(address, size, operation, site),
    }
}

/// Performs an operation whose order has no visible effect: it is no event.
fn unordered(address: usize, size: usize, operation: Operation) -> u64 {
    // SAFETY: the program performs an atomic operation on this word, and all other tasks wait.
    let before = unsafe { known::read(address, size) };
    let after = match operation {
        Operation::Load => return before,
        Operation::Store(value) => value,
        Operation::Modify(apply, operand) => apply(before, operand),
        Operation::CompareExchange { expected, new } => {
            if before == expected {
                new
            } else {
                before
            }
        }
    };
    // SAFETY: as above.
    unsafe { known::write(address, size, after) };
    before
}

/// Changes a reference count.
fn count(address: usize, size: usize, operation: Operation, site: Site) -> u64 {
    let Operation::Modify(apply, operand) = operation else { unreachable!("the caller has checked it") };
    let location = program::locate(address, size, Encoding::Count);
    let op = match site.part {
        Some(Part::ArcDrop) => Op::Release,
        _ => Op::Update(operand),
    };
    let done = program::perform(location, op, false, site);
    program::store(address, apply(done.before, operand));
    done.before
}

/// An operation that is not a part of a known one.
pub(crate) fn plain(address: usize, size: usize, operation: Operation, site: Site) -> u64 {
    let location = program::locate(address, size, Encoding::Word);
    if let Some(value) = spin(address, operation, site) {
        let condition: Box<dyn Fn(u64) -> bool> = match operation {
            Operation::CompareExchange { expected, .. } => Box::new(move |state| state == expected),
            _ => Box::new(move |state| state != value),
        };
        program::with_task(|task| task.spins_at = Some(site.id));
        let done = program::perform(location, Op::Await(condition), false, site);
        program::with_task(|task| (task.spins_at, task.last_read) = (None, None));
        if matches!(operation, Operation::Load) {
            return done.before;
        }
    }
    let (op, writes) = match operation {
        Operation::Load => (Op::Load, false),
        Operation::Store(value) => (Op::Store(value), true),
        Operation::Modify(apply, operand) => (Op::Modify(apply, operand), true),
        Operation::CompareExchange { expected, new } => (Op::CompareExchange { expected, new }, false),
    };
    let done = program::perform(location, op, writes, site);
    let is_read = match operation {
        Operation::Load => true,
        Operation::CompareExchange { expected, .. } => done.before != expected,
        _ => false,
    };
    if is_read {
        let repeats = program::with_task(|task| {
            let repeats = match task.last_read {
                Some((id, its, value, repeats)) if (id, its) == (site.id, address) => {
                    Some(if value == done.before { repeats + 1 } else { 0 })
                }
                _ => None,
            };
            task.last_read = Some((site.id, address, done.before, repeats.unwrap_or(0)));
            repeats
        });
        if repeats.is_some() {
            program::with(|program| program.has_spun = true);
        }
    } else {
        program::with_task(|task| task.last_read = None);
        program::store(address, done.after);
    }
    done.before
}

/// Whether the operation repeats the task's last read once more: then the value that it had.
fn spin(address: usize, operation: Operation, site: Site) -> Option<u64> {
    if !matches!(operation, Operation::Load | Operation::CompareExchange { .. }) {
        return None;
    }
    let task = program::current();
    program::with(|program| {
        let (id, its, value, repeats) = program.tasks[task].last_read?;
        let is_spin = (id, its) == (site.id, address)
            && repeats + 1 >= SPINS
            && !program.learned.no_spins.contains(&site.id);
        is_spin.then_some(value)
    })
}

/// An operation on 128 bits, which `action` performs on memory. Its value is not a state.
pub(crate) fn wide<R>(
    address: usize,
    writes: bool,
    frame: *const CallFrame,
    action: impl FnOnce() -> R,
) -> R {
    program::end_step(frame as usize);
    let site = site::of(frame);
    let location = program::locate(address, 16, Encoding::Wide);
    let op = if writes { Op::Write } else { Op::Read };
    program::perform(location, op, writes, site);
    action()
}

/// A fence: no operation under sequential consistency, which is all that is explored.
pub(crate) fn fence(frame: *const CallFrame) {
    program::end_step(frame as usize);
}
