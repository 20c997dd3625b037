//! Access for a runtime that executes compiled programs, each of whose atomic operations is a call.
//!
//! A location is an address of the program's memory. The runtime gives the value that it has there
//! before the first access of a run; from then on the location's state is the value. Tasks of such
//! a program cannot be unwound by the engine, because their frames belong to another copy of std:
//! at the end of an abandoned run their stacks are discarded.
//!
//! Hidden from the docs, and not stable.

use std::panic::Location;
use std::rc::Rc;

use crate::event::{Action, LocationId, Mode, NOTHING, Pending, Rule, RuleTag};
use crate::history::Holds;
use crate::runtime::{self, Handle, PanicReport};
use crate::sync::condvar::{NOTIFY_ALL, NOTIFY_ONE, Patience, WAKE, Woken};

mod streams;

/// How a task waits for a stream or a set.
pub use streams::Patience as Waits;
pub use streams::{HUNG_UP, READABLE, Readable, SET_SLOTS, Slot, WRITABLE};

/// Compares a word with the expected value, and enters the set of waiting tasks if they are equal.
/// Locations: the word and the set. The argument contains the expected value and the task.
static FUTEX_WAIT: Rule = Rule {
    tag: RuleTag::FutexWait,
    alternatives: |_, _| 1,
    outcome: |&[word, waiting, _], argument, _| {
        let (expected, task) = (argument as u32, argument >> 32);
        match word as u32 == expected {
            true => [(Mode::Read, word), (Mode::Update, waiting.wrapping_add(1 << task)), NOTHING],
            false => [(Mode::Read, word), NOTHING, NOTHING],
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "wait on the futex",
};

/// Subtracts one from a reference count. Commutes with other changes unless the count becomes zero.
static RELEASE: Rule = Rule {
    tag: RuleTag::Release,
    alternatives: |_, _| 1,
    outcome: |&[count, _, _], _, _| match count {
        1 => [(Mode::Write, 0), NOTHING, NOTHING],
        _ => [(Mode::Update, count.wrapping_sub(1)), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "release",
};

/// An operation on one word.
pub enum Op {
    /// Reads the word.
    Load,
    /// Replaces the word.
    Store(u64),
    /// Applies the function to the word and this operand.
    Modify(fn(u64, u64) -> u64, u64),
    /// Stores `new` if the word is `expected`; reads it otherwise.
    CompareExchange {
        /// The expected word.
        expected: u64,
        /// The new word.
        new: u64,
    },
    /// Adds this number. Commutes with other additions.
    Update(u64),
    /// Subtracts one. Commutes with other additions, unless the word becomes 0.
    Release,
    /// Waits until the word satisfies the condition, and reads it.
    Await(Box<dyn Fn(u64) -> bool>),
    /// Waits for an exclusive lock, and acquires it.
    Lock,
    /// Acquires an exclusive lock if it is free.
    TryLock,
    /// Releases an exclusive lock.
    Unlock,
    /// Waits for a shared lock, and acquires it.
    LockShared,
    /// Acquires a shared lock if it is not held exclusively.
    TryLockShared,
    /// Releases a shared lock.
    UnlockShared,
    /// Reads a value that is not in the state.
    Read,
    /// Replaces a value that is not in the state.
    Write,
}

/// The result of an operation on one word.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// The word before.
    pub before: u64,
    /// The word after.
    pub after: u64,
}

/// How a wait on a futex ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The word had another value.
    Mismatch,
    /// A task woke the waiting one.
    Woken,
    /// The deadline passed.
    TimedOut,
    /// The wait ended without a reason.
    Spuriously,
}

/// The memory of the program in one run.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    words: Handle,
    queues: Handle,
    flags: Handle,
    endpoints: Handle,
}

/// The state of a lock that is held exclusively, as the word of a location.
pub const EXCLUSIVE: u64 = 1 << 63;

impl Memory {
    /// Creates the memory of this run. The main task calls it before any other operation.
    pub fn begin() -> Self {
        runtime::discard_when_abandoned();
        Memory {
            words: Handle::new("the memory", Holds::Parts, 0),
            queues: Handle::new("a futex", Holds::Tasks, 0),
            flags: Handle::new("a wakeup", Holds::Tasks, 0),
            endpoints: Handle::new("the network", Holds::Parts, 0),
        }
    }

    /// The location of an address.
    pub fn word(&self, address: u64) -> u32 {
        self.words.key(address).unwrap_or(LocationId::MAX)
    }

    /// Sets the state of a location without an event, with its name for traces. Correct only if the
    /// location has not been accessed in this run, or if all its accesses happen before the current
    /// task's next event.
    pub fn set(&self, location: u32, state: u64, name: Option<&'static str>) {
        runtime::set_state(location, state, name);
    }

    /// The state of a location.
    pub fn state(&self, location: u32) -> u64 {
        runtime::state(location)
    }

    /// Announces the operation, waits until it is scheduled, and returns its result.
    pub fn perform(&self, location: u32, op: Op, source: &'static Location<'static>) -> Done {
        let action = match op {
            Op::Load => Action::Load,
            Op::Store(word) => Action::Store(word),
            Op::Modify(apply, operand) => Action::Modify(apply, operand),
            Op::CompareExchange { expected, new } => Action::CompareExchange { expected, new },
            Op::Update(step) => Action::Update(step),
            Op::Lock => Action::Lock,
            Op::TryLock => Action::TryLock,
            Op::Unlock => Action::Unlock,
            Op::LockShared => Action::LockShared,
            Op::TryLockShared => Action::TryLockShared,
            Op::UnlockShared => Action::UnlockShared,
            Op::Read => Action::Read,
            Op::Write => Action::Write,
            Op::Release => {
                let pending = Pending::ruled(&[location], &RELEASE, 0, source);
                return Memory::done(self.words.perform_all(&pending));
            }
            Op::Await(condition) => {
                let pending = Pending::one(location, Action::Await, source);
                let holds = Rc::new(move |states: &[u64; 4]| condition(states[0]));
                return Memory::done(self.words.perform_all_when(&pending, holds));
            }
        };
        Memory::done(self.words.perform_all(&Pending::one(location, action, source)))
    }

    /// Stores a word atomically with the current task's previous event.
    pub fn store_with_previous(&self, location: u32, word: u64, source: &'static Location<'static>) {
        self.words.perform_with_previous(location, Action::Store(word), source);
    }

    /// Performs an operation on one word, with an additional unknown effect: it conflicts with
    /// every event.
    pub fn perform_opaque(&self, location: u32, op: Op, source: &'static Location<'static>) -> Done {
        let unseen = runtime::set_unseen(true);
        let done = self.perform(location, op, source);
        runtime::set_unseen(unseen);
        done
    }

    /// Performs an operation with an unknown effect.
    pub fn opaque(&self, source: &'static Location<'static>) {
        self.words.perform_all(&Pending::opaque(source));
    }

    /// Waits on a futex, if its word has the expected value. `ends`: whether the wait has a
    /// deadline. `opaque`: whether resuming has an unknown effect.
    pub fn futex_wait(
        &self,
        address: u64,
        expected: u32,
        ends: bool,
        opaque: bool,
        source: &'static Location<'static>,
    ) -> Waited {
        let task = runtime::current_task().unwrap_or(0);
        let (word, queue) = (self.word(address), self.queue(address));
        let argument = u64::from(expected) | u64::from(task) << 32;
        let pending = Pending::ruled(&[word, queue], &FUTEX_WAIT, argument, source);
        let pending = if opaque { pending.made_opaque() } else { pending };
        let granted = self.words.perform_all(&pending);
        if granted.is_none_or(|granted| granted.before as u32 != expected) {
            return Waited::Mismatch;
        }
        let flag = self.flags.key(task.into()).unwrap_or(LocationId::MAX);
        let patience = Patience { task, ends, spurious: runtime::spurious_wakeups() };
        let pending = Pending::ruled(&[flag, queue], &WAKE, patience.pack(), source);
        let pending = if opaque { pending.made_opaque() } else { pending };
        let woken = self.words.perform_all(&pending);
        match woken.map(|granted| patience.woken(granted.before, granted.choice)) {
            Some(Woken::TimedOut) => Waited::TimedOut,
            Some(Woken::Spuriously) => Waited::Spuriously,
            Some(Woken::Notified) | None => Waited::Woken,
        }
    }

    /// Wakes up to `most` tasks that wait on a futex. The schedule chooses them, unless all are
    /// woken. `opaque`: whether it has an additional unknown effect. Returns their number.
    pub fn futex_wake(
        &self,
        address: u64,
        most: u32,
        opaque: bool,
        source: &'static Location<'static>,
    ) -> u32 {
        let queue = self.queue(address);
        let mut woken = 0;
        while woken < most {
            let rule = if most >= crate::MAX_TASKS as u32 { &NOTIFY_ALL } else { &NOTIFY_ONE };
            let pending = Pending::ruled(&[queue], rule, 0, source);
            let pending = if opaque { pending.made_opaque() } else { pending };
            let granted = self.words.perform_all(&pending);
            let tasks = granted.map_or(0, |granted| granted.before & !granted.after);
            for task in (0..crate::MAX_TASKS as u64).filter(|task| tasks >> task & 1 != 0) {
                if let Some(flag) = self.flags.key(task) {
                    let notify = Action::Modify(|flag, notified| flag | notified, 1);
                    self.words.perform_with_previous(flag, notify, source);
                }
            }
            woken += tasks.count_ones();
            if tasks == 0 || std::ptr::eq(rule, &NOTIFY_ALL) {
                break;
            }
        }
        woken
    }

    fn queue(&self, address: u64) -> LocationId {
        self.queues.key(address).unwrap_or(LocationId::MAX)
    }

    fn done(granted: Option<runtime::Granted>) -> Done {
        granted.map_or(Done { before: 0, after: 0 }, |its| Done { before: its.before, after: its.after })
    }
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Op")
    }
}

/// Spawns a task, which runs at once up to its first operation. Returns its number.
pub fn spawn(name: Option<String>, body: impl FnOnce() + 'static) -> u8 {
    runtime::spawn(name, 0, body).0
}

/// Spawns a task like [`spawn`]. The run may end while it waits: it serves the others.
pub fn spawn_server(name: Option<String>, body: impl FnOnce() + 'static) -> u8 {
    let body = move || {
        runtime::serve();
        body();
    };
    runtime::spawn(name, 0, body).0
}

/// Makes the operations of the current task conflict with every event, or not. Returns the previous
/// setting.
pub fn set_opaque(opaque: bool) -> bool {
    runtime::set_unseen(opaque)
}

/// Describes the last event in traces, with the line of the program that has caused it.
pub fn annotate(source: &'static Location<'static>, text: impl FnOnce() -> String) {
    if runtime::recording() {
        runtime::annotate(source, text());
    }
}

/// Waits for the end of a task. Not an event. Returns whether it had panicked: its panic is then no
/// outcome of the run.
pub fn join(task: u8) -> bool {
    runtime::join(task).is_some()
}

/// The current task's number. `None` outside an exploration.
pub fn current_task() -> Option<u8> {
    runtime::current_task()
}

/// Records the panic that ended the current task.
pub fn panicked(message: String, location: String) {
    runtime::finish_panicked(PanicReport { message, location });
}

/// Reads the virtual clock, in nanoseconds since the start of the run.
pub fn now(source: &'static Location<'static>) -> u64 {
    let granted = Handle::clock().and_then(|clock| clock.perform(Action::Read, source));
    granted.map_or(0, |granted| granted.before)
}

/// The latest time that the current task has observed, in nanoseconds. Not an event.
pub fn known_time() -> u64 {
    runtime::known_time().unwrap_or(0)
}

/// Waits until the virtual clock has reached `deadline`.
pub fn sleep_until(deadline: u64, source: &'static Location<'static>) {
    if let Some(clock) = Handle::clock() {
        clock.perform(Action::Raise(deadline), source);
    }
}
