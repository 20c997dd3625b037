//! The atomic operations of a task.

use selvedge_engine::native::Op;

use crate::known::{self, Encoding};
use crate::locks;
use crate::program::{self, Reads};
use crate::rules::{self, Rule};
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

impl Operation {
    /// Whether the operation leaves a word with this value as it is. A store does not observe it.
    fn only_reads(self, value: u64) -> bool {
        match self {
            Operation::Load => true,
            Operation::CompareExchange { expected, .. } => expected != value,
            Operation::Store(_) => false,
            Operation::Modify(apply, operand) => apply(value, operand) == value,
        }
    }
}

/// The number of identical reads in a row that are operations like others: a loop that ends before
/// is explored as it is.
const FEW: u32 = 3;

/// The number of identical reads after which a loop is taken for one that has no other end than a
/// change of the word.
const ENDLESS: u32 = 500;

/// Performs the operation of the current task, and returns the word before it. Runs outside of the
/// task.
pub(crate) fn perform(address: usize, size: usize, operation: Operation, frame: *const CallFrame) -> u64 {
    program::end_step(frame as usize);
    let site = site::of(frame);
    match site.part {
        Some(Part::Ordered) => {
            if matches!(operation, Operation::Modify(..)) {
                program::with_task(|task| task.counted.push(address));
            }
            unordered(address, size, operation)
        }
        Some(Part::ScopeEnd) if matches!(operation, Operation::Load) => locks::end_scope(address, size),
        Some(Part::ArcClone)
            if matches!(operation, Operation::Modify(..)) && rules::applies(Rule::Counts) =>
        {
            count(address, size, operation, site)
        }
        Some(Part::ArcDrop) if matches!(operation, Operation::Modify(..)) && rules::applies(Rule::Counts) => {
            count(address, size, operation, site)
        }
        Some(Part::Lock(encoding, step)) => locks::perform((encoding, step), address, size, operation, site)
            .unwrap_or_else(|| plain(address, size, operation, site)),
        _ => plain(address, size, operation, site),
    }
}

/// Performs an operation whose order has no visible effect: it is not an event.
pub(crate) fn unordered(address: usize, size: usize, operation: Operation) -> u64 {
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

/// Performs an operation of a task that is alone: it is no event. The word becomes known, so that
/// a later change without instrumentation is found.
pub(crate) fn alone(address: usize, size: usize, encoding: Encoding, operation: Operation) -> u64 {
    program::locate(address, size, encoding);
    let before = unordered(address, size, operation);
    // SAFETY: the program performs an atomic operation on this word.
    program::store_alone(address, unsafe { known::read(address, size) });
    before
}

/// Changes a reference count.
fn count(address: usize, size: usize, operation: Operation, site: Site) -> u64 {
    if program::is_alone() {
        return alone(address, size, Encoding::Count, operation);
    }
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
    let (repeated, repetitions) = repeated(address, size, operation, site);
    // Of so many repetitions of a task that is alone, the next one waits for ever.
    if program::is_alone() && repetitions <= ENDLESS {
        let before = alone(address, size, Encoding::Word, operation);
        let is_read = operation.only_reads(before);
        program::with_task(|task| task.last_read = is_read.then_some((site.id, address, before)));
        return before;
    }
    let location = program::locate(address, size, Encoding::Word);
    let encoding = program::with(|program| program.known.get(address).map(|word| word.encoding));
    if let Some(encoding) = encoding.filter(|encoding| encoding.is_lock()) {
        return locks::access(encoding, address, size, operation, site);
    }
    if let Some(value) = repeated.filter(|_| repetitions > FEW || program::is_spin(site)) {
        match program::probe(site, ENDLESS) {
            // The task reads the same value if it continues alone. So the loop is run until it ends
            // by itself, or is known to have no other end.
            Reads::Alone => return value,
            Reads::Each => {}
            Reads::Awaits => {
                program::with(|program| program.has_spun = true);
                let condition: Box<dyn Fn(u64) -> bool> = match operation {
                    Operation::CompareExchange { expected, .. } => Box::new(move |state| state == expected),
                    // An operation that changes nothing, such as a swap of an empty word for an
                    // empty one, waits as a read does.
                    _ => Box::new(move |state| state != value),
                };
                let done = program::perform(location, Op::Await(condition), false, site);
                program::with_task(|task| task.last_read = None);
                if matches!(operation, Operation::Load) {
                    return done.before;
                }
            }
        }
    }
    let (op, writes) = match operation {
        Operation::Load => (Op::Load, false),
        Operation::Store(value) => (Op::Store(value), true),
        Operation::Modify(apply, operand) => (Op::Modify(apply, operand), true),
        Operation::CompareExchange { expected, new } => (Op::CompareExchange { expected, new }, false),
    };
    let done = program::perform(location, op, writes, site);
    if operation.only_reads(done.before) {
        let is_repeated = program::with_task(|task| {
            let last = task.last_read.replace((site.id, address, done.before));
            last.is_some_and(|(id, its, _)| (id, its) == (site.id, address))
        });
        if is_repeated && program::is_spin(site) {
            program::with(|program| program.has_spun = true);
        }
    } else {
        program::with_task(|task| task.last_read = None);
        program::store(address, done.after);
    }
    done.before
}

/// Whether the operation repeats the task's last read, and the value has not changed: then the
/// value; and the number of repetitions in a row.
fn repeated(address: usize, size: usize, operation: Operation, site: Site) -> (Option<u64>, u32) {
    program::with_task(|task| {
        let value = task.last_read.and_then(|(id, its, value)| {
            // SAFETY: the program performs an atomic operation on this word.
            let is_it = (id, its) == (site.id, address)
                && operation.only_reads(value)
                && unsafe { known::read(address, size) } == value
                && rules::applies(Rule::Spins);
            is_it.then_some(value)
        });
        task.repetitions = value.map_or(0, |_| task.repetitions + 1);
        (value, task.repetitions)
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
    if program::is_alone() {
        return action();
    }
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
