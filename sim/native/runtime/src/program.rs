//! The explored program in its current run: its memory as the engine's locations, and its tasks.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::Location;

use selvedge_engine::native::{self, Done, Memory, Op};

use crate::known::{self, Encoding, Known, Word};
use crate::net::{self, Declared};
use crate::rules::{self, Rule};
use crate::site::{self, Site};
use crate::task::{Probe, Task};
use crate::{effects, region, statics};

/// The last event of the run.
#[derive(Clone, Copy)]
struct Last {
    task: usize,
    site: u64,
    source: &'static Location<'static>,
    location: u32,
    /// Whether it conflicts with every access of its location.
    writes: bool,
    opaque: bool,
}

/// What an exploration learns from its runs, and the next one uses.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// Sites whose operation is followed by a change without instrumentation.
    pub(crate) followed: BTreeSet<u64>,
    /// Sites of repeated reads that have no other end than a change.
    pub(crate) spins: BTreeSet<u64>,
    /// Sites of repeated reads that end by themselves. Each read is an event.
    pub(crate) bounded: BTreeSet<u64>,
    /// Whether the locks of other crates than std are explored as the code that they are.
    pub(crate) locks_as_code: bool,
}

/// The program in its current run.
pub(crate) struct Program {
    pub(crate) memory: Memory,
    pub(crate) known: Known,
    pub(crate) tasks: Vec<Task>,
    last: Option<Last>,
    /// The task that is alone: every other one has ended, and its end happens before the task's
    /// next operation.
    alone: Option<usize>,
    /// A fault of the program that fails the run: the message and the place.
    pub(crate) fault: Option<(String, String)>,
    /// The effects that this search assumes, and those that it has learned.
    pub(crate) learned: Learned,
    pub(crate) new: Learned,
    /// Whether an iteration of a spin has failed in this run.
    pub(crate) has_spun: bool,
}

thread_local! {
    static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
}

/// Begins a run, with servers at these addresses. Called by its main task.
pub(crate) fn begin(learned: &Learned, servers: &[Declared]) {
    let memory = Memory::begin();
    net::begin(servers);
    site::begin();
    PROGRAM.with_borrow_mut(|program| match program {
        Some(program) => {
            program.memory = memory;
            program.known.clear();
            program.tasks.iter_mut().for_each(Task::forget);
            program.last = None;
            program.alone = rules::applies(Rule::Alone).then_some(0);
            program.fault = None;
            program.has_spun = false;
        }
        None => {
            *program = Some(Program {
                memory,
                known: Known::default(),
                tasks: (0..region::TASKS).map(|_| Task::default()).collect(),
                last: None,
                alone: rules::applies(Rule::Alone).then_some(0),
                fault: None,
                learned: learned.clone(),
                new: learned.clone(),
                has_spun: false,
            });
        }
    });
}

/// Ends an exploration. Returns the learned effects.
pub(crate) fn end() -> Option<Learned> {
    net::end();
    PROGRAM.take().map(|program| program.new)
}

/// Calls `action` with the program. It must not perform an operation.
pub(crate) fn with<R>(action: impl FnOnce(&mut Program) -> R) -> R {
    PROGRAM
        .with_borrow_mut(|program| action(program.as_mut().expect("a task runs only during an exploration")))
}

/// Calls `action` with the current task.
pub(crate) fn with_task<R>(action: impl FnOnce(&mut Task) -> R) -> R {
    let task = current();
    with(|program| action(&mut program.tasks[task]))
}

/// Whether the locks of other crates than std are explored as code.
pub(crate) fn takes_locks_as_code() -> bool {
    with(|program| program.learned.locks_as_code)
}

/// Begins the exploration again, with the locks of other crates than std as code.
pub(crate) fn take_locks_as_code() {
    with(|program| program.new.locks_as_code = true);
}

/// The current task.
pub(crate) fn current() -> usize {
    native::current_task().map_or(0, usize::from)
}

/// Whether the current task is alone: no other has started, or it has joined all others. Then each
/// other event of the run happens before what it does, or after it: no race includes its
/// operations, and they need not be events.
pub(crate) fn is_alone() -> bool {
    // If a task is alone, it is the one that runs.
    with(|program| program.alone.is_some())
}

/// The current task starts another one. Returns the counts that it has incremented for it.
pub(crate) fn spawns() -> Vec<usize> {
    let task = current();
    with(|program| {
        program.alone = None;
        std::mem::take(&mut program.tasks[task].counted)
    })
}

/// The tasks that were started in the scope whose data contains this word, and have not been
/// joined. A scope is known by the reference count of its data, which each spawn increments: it is
/// at the start of the same block.
pub(crate) fn of_scope(word: usize) -> Vec<usize> {
    /// The largest distance of a word of the data from the count.
    const DATA: usize = 0x20;
    with(|program| {
        let is_in_it = |&task: &usize| {
            let task = &program.tasks[task];
            let is_its = |&count: &usize| word.checked_sub(count).is_some_and(|distance| distance <= DATA);
            task.block != 0 && task.joined_by.is_none() && task.counts_of_spawn.iter().any(is_its)
        };
        (0..program.tasks.len()).rev().filter(is_in_it).collect()
    })
}

/// The current task has joined another one.
pub(crate) fn joined(other: usize) {
    let task = current();
    with(|program| {
        program.tasks[other].joined_by = Some(task);
        let is_joined = |mut other: usize| loop {
            match program.tasks[other].joined_by {
                Some(by) if by == task => break true,
                Some(by) => other = by,
                None => break false,
            }
        };
        let started = (0..program.tasks.len()).filter(|&it| program.tasks[it].block != 0 && it != task);
        let is_alone = rules::applies(Rule::Alone) && started.clone().all(is_joined);
        program.alone = is_alone.then_some(task);
    });
}

/// Records the word after an operation of a task that is alone: it was no event.
pub(crate) fn store_alone(address: usize, value: u64) {
    with(|program| {
        if let Some(word) = program.known.get_mut(address) {
            word.value = value;
            program.memory.set(word.location, word.encoding.state(value), None);
        }
    });
}

/// Ends a step of the current task: finds the words that it has changed without instrumentation.
/// `stack` is its stack pointer.
pub(crate) fn end_step(stack: usize) {
    let task = current();
    if region::is_on_stack(stack) {
        region::note_stack(region::task_of(stack), stack);
    }
    let mut changed = Vec::new();
    with(|program| {
        program.end_probe(task);
        let is_dead = |address: usize| {
            region::is_on_stack(address) && region::task_of(address) == task && address < stack
        };
        program.known.retain(|address, word| {
            if is_dead(address) {
                return false;
            }
            if word.encoding == Encoding::Wide {
                return true;
            }
            // SAFETY: a known word: freed blocks and returned stack frames are no longer known, and
            // the regions and statics stay mapped.
            let value = unsafe { known::read(address, word.size) };
            if value != word.value {
                changed.push((address, *word, value));
                word.value = value;
            }
            true
        });
    });
    for (address, word, value) in changed {
        attribute(task, address, word, value);
    }
}

impl Program {
    /// The task calls this library, or ends. If its last call was not the read of its loop, the
    /// loop has ended by itself.
    pub(crate) fn end_probe(&mut self, task: usize) {
        match &mut self.tasks[task].probe {
            Some(probe) if probe.is_last => probe.is_last = false,
            probe => {
                if let Some(ended) = probe.take() {
                    self.has_ended(ended);
                }
            }
        }
    }

    /// A loop has ended by itself, after iterations between which no other task ran: the next
    /// exploration runs them.
    pub(crate) fn has_ended(&mut self, probe: Probe) {
        self.new.bounded.insert(probe.site);
        if self.new.spins.contains(&probe.site) {
            effects::incomplete(format!(
                "no other task ran between the iterations of the loop at {}:{}, which sometimes gives up after some",
                probe.source.file(),
                probe.source.line()
            ));
        }
    }
}

/// Whether the site is a repeated read that is known to have no other end than a change.
pub(crate) fn is_spin(site: Site) -> bool {
    with(|program| program.learned.spins.contains(&site.id))
}

/// How a task reads in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// It continues alone, to find how the loop ends.
    Alone,
    /// The loop has no other end than a change: it waits for one.
    Awaits,
    /// The loop ends by itself: each read is an event.
    Each,
}

/// Counts an iteration of a loop of the current task.
pub(crate) fn probe(site: Site, endless: u32) -> Reads {
    let task = current();
    with(|program| {
        let Site { id, source, .. } = site;
        if program.learned.spins.contains(&id) {
            return Reads::Awaits;
        }
        if program.learned.bounded.contains(&id) {
            return Reads::Each;
        }
        let probe = &mut program.tasks[task].probe;
        let iterations = probe.filter(|probe| probe.site == id).map_or(0, |probe| probe.iterations);
        if iterations < endless {
            *probe = Some(Probe { site: id, source, iterations: iterations + 1, is_last: true });
            return Reads::Alone;
        }
        *probe = None;
        program.new.spins.insert(id);
        Reads::Awaits
    })
}

/// Attributes a change to the last event of `task`.
fn attribute(task: usize, address: usize, word: Word, value: u64) {
    let state = word.encoding.state(value);
    with(|program| {
        if state == word.encoding.state(word.value) {
            return;
        }
        if program.alone == Some(task) {
            return program.memory.set(word.location, state, None);
        }
        let Some(last) = program.last.filter(|last| last.task == task) else {
            effects::incomplete(format!(
                "{} changed from {:#x} to {value:#x} by code without instrumentation before the first \
                 operation of a task, or after it waited for the end of another",
                name_of(address),
                word.value
            ));
            return program.memory.set(word.location, state, None);
        };
        let is_covered = last.opaque || (last.writes && last.location == word.location);
        if !is_covered && !program.new.followed.insert(last.site) {
            effects::incomplete(format!(
                "{} changed from {:#x} to {value:#x} by code without instrumentation after {}:{}",
                name_of(address),
                word.value,
                last.source.file(),
                last.source.line()
            ));
        }
        program.memory.store_with_previous(word.location, state, last.source);
    });
}

/// The location of a word, which becomes known. Its state is the word in memory.
pub(crate) fn locate(address: usize, size: usize, encoding: Encoding) -> u32 {
    with(|program| {
        if let Some(word) = program.known.get_mut(address) {
            if word.size != size {
                effects::incomplete(format!("{} accessed with two sizes", name_of(address)));
            }
            if word.encoding != encoding && encoding != Encoding::Word {
                if encoding.is_foreign_lock() {
                    program.new.locks_as_code = true;
                } else if word.encoding.state(word.value) != encoding.state(word.value) {
                    effects::incomplete(format!(
                        "{} is used as a lock and as another word",
                        name_of(address)
                    ));
                    program.memory.set(word.location, encoding.state(word.value), None);
                }
                word.encoding = encoding;
            }
            return word.location;
        }
        let location = program.memory.word(address as u64);
        // SAFETY: the program performs an atomic operation on this address.
        let value = if encoding == Encoding::Wide { 0 } else { unsafe { known::read(address, size) } };
        program.memory.set(location, encoding.state(value), Some(name_of(address)));
        if program.known.insert(address, Word { location, size, encoding, value }) {
            effects::incomplete(format!("{} overlaps another atomic", name_of(address)));
        }
        location
    })
}

/// Performs an operation on a location. Returns when it is scheduled.
pub(crate) fn perform(location: u32, op: Op, writes: bool, site: Site) -> Done {
    let (memory, opaque) = with(|program| (program.memory, program.learned.followed.contains(&site.id)));
    let done = match opaque {
        true => memory.perform_opaque(location, op, site.source),
        false => memory.perform(location, op, site.source),
    };
    note(site, location, writes, opaque);
    done
}

/// Records the last event of the run, which belongs to the current task.
pub(crate) fn note(site: Site, location: u32, writes: bool, opaque: bool) {
    let task = current();
    with(|program| {
        program.last = Some(Last { task, site: site.id, source: site.source, location, writes, opaque });
    });
}

/// Sets the value of a known word after its own operation, in memory too.
pub(crate) fn store(address: usize, value: u64) {
    with(|program| {
        if let Some(word) = program.known.get_mut(address) {
            word.value = value;
            // SAFETY: the program performs an atomic operation on this address.
            unsafe { known::write(address, word.size, value) };
        }
    });
}

/// The current task has freed a block that was freed before: the run fails.
pub(crate) fn freed_twice() {
    with(|program| {
        let place = program
            .last
            .map_or_else(String::new, |last| format!("{}:{}", last.source.file(), last.source.line()));
        program.fault = Some(("memory was freed twice, after this operation".to_owned(), place));
    });
}

/// Forgets the words of a block that is freed.
pub(crate) fn freed(start: usize, size: usize) {
    PROGRAM.with_borrow_mut(|program| {
        let Some(program) = program else { return };
        program.known.remove(start, size);
    });
}

/// The name of a word for messages and traces. Each name is allocated once.
pub(crate) fn name_of(address: usize) -> &'static str {
    thread_local! {
        static NAMES: RefCell<std::collections::HashMap<usize, &'static str>> = RefCell::default();
    }
    NAMES.with_borrow_mut(|names| {
        *names.entry(address).or_insert_with(|| {
            let name = if let Some(offset) = region::heap_offset(address) {
                format!("heap {}+{offset:#x}", region::task_of(address))
            } else if region::is_on_stack(address) {
                let offset = region::stack_top(region::task_of(address)) - address;
                format!("stack {}-{offset:#x}", region::task_of(address))
            } else if statics::contains(address) {
                match site::file().symbol(address) {
                    Some((name, 0)) => name,
                    Some((name, offset)) => format!("{name}+{offset:#x}"),
                    None => format!("static {address:#x}"),
                }
            } else {
                effects::unmodelled("an atomic that was created before the exploration and is not a static");
                format!("memory {address:#x}")
            };
            Box::leak(name.into_boxed_str())
        })
    })
}
