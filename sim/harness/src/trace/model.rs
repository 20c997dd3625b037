//! The recorded run: domain events with their step, task and place. Every form in which a trace is shown is a
//! projection of this.

use std::fmt;

use crate::history::{Key, OperationId, Value};
use crate::oracle::Finding;

/// Where an event took place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The process-local tier.
    L1,
    /// The remote tier.
    Remote,
    /// The source of truth, where it is behind the remote tier.
    Database,
    /// What the protocol keeps for itself: stripes, generations.
    Fence,
    /// The lock of a book that the protocol keeps.
    Lock,
    /// The clock.
    Clock,
    /// Anything else.
    Other,
}

/// What an event had to do with an entry of its place: it is what the reason is derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It looked the entry up and found this; `None` is "absent", or expired.
    Found {
        /// The entry's name at this place, which need not be the operation's key.
        entry: Key,
        /// What it held.
        content: Option<Value>,
    },
    /// It left the entry holding this; `None` is "removed", and is said too when there was nothing to remove.
    Left {
        /// The entry's name at this place, which need not be the operation's key.
        entry: Key,
        /// What it holds from now on.
        content: Option<Value>,
    },
    /// It took the entry's lock, for the steps up to the operation's next one at this place.
    Locked {
        /// The entry's name at this place.
        entry: Key,
    },
}

impl Effect {
    /// The entry's name.
    pub fn entry(self) -> Key {
        match self {
            Effect::Found { entry, .. } | Effect::Left { entry, .. } | Effect::Locked { entry } => entry,
        }
    }
}

/// One event of the run.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number in the run, from 1.
    pub number: u32,
    /// The lane: an index into [`Trace::lanes`].
    pub lane: usize,
    /// Where.
    pub place: Place,
    /// What, in the words of the domain: `L1.get user:1 → miss`, `redis SETEX user:1 = v1`.
    pub what: String,
    /// The engine's object that it touched, where nothing is known of what that holds: `mutex local`, `channel 1`.
    pub object: Option<String>,
    /// What it did to an entry. `None` if it did nothing to any, such as a fill that was refused.
    pub effect: Option<Effect>,
    /// The source line that caused it, `file:line`.
    pub location: String,
    /// Virtual time, in milliseconds.
    pub time: u64,
    /// The operation that it is part of.
    pub operation: Option<OperationId>,
    /// Happens-before, as a vector clock: of each lane, how many of its steps happen before this one, itself included.
    pub clock: Vec<u32>,
}

/// A tier, and what it holds at the start.
#[derive(Clone, Debug)]
pub struct Tier {
    /// Which it is: the [`Step::place`] of what happens in it.
    pub place: Place,
    /// What it is called: `L1`, `redis`.
    pub name: String,
    /// Its entries at the start, in the order of their names.
    pub start: Vec<Entry>,
}

/// An entry of a tier at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name at this place.
    pub entry: Key,
    /// What it holds.
    pub value: Value,
    /// The virtual time from which on it is expired, in milliseconds; `None` if it stays.
    pub expires: Option<u64>,
}

/// `L1 empty`, `redis user:1 = v0`.
impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        if self.start.is_empty() {
            return f.write_str("empty");
        }
        for (at, Entry { entry, value, expires }) in self.start.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{entry} = {value}")?;
            match expires {
                None => {}
                Some(0) => f.write_str(" (expired)")?,
                Some(at) => write!(f, " (until {} s)", at / 1_000)?,
            }
        }
        Ok(())
    }
}

/// An operation of the scenario in the run.
#[derive(Clone, Debug)]
pub struct Span {
    /// The lane of the thread that called it.
    pub lane: usize,
    /// The key that it is about.
    pub key: Key,
    /// What was called: `get user:1`, `set user:1 = v1`.
    pub call: String,
    /// What it answered: `v0`, `absent`, `done`; `None` if it never did.
    pub reply: Option<String>,
    /// Its first step.
    pub first: u32,
    /// Its last step.
    pub last: u32,
}

/// How the recorded run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every task ended.
    Complete,
    /// Nothing could go on. One line a task: who waits for what, and where.
    Deadlock(Vec<String>),
    /// A task panicked, with this message.
    Panic(String),
}

/// A recorded run of one case.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The scenario's name.
    pub scenario: String,
    /// The case's name within it.
    pub case: String,
    /// The cache under test.
    pub cache: String,
    /// Who searched: the name of an [`Engine`](crate::verdict::Engine).
    pub engine: String,
    /// The tiers, the nearest first.
    pub tiers: Vec<Tier>,
    /// What goes wrong in the run, as it was chosen before its first step.
    pub mishaps: Vec<String>,
    /// Tasks that the cache had started and that were still blocked when the observer began, a line each: who waits for what, and
    /// where. Nothing that any other task does can wake them.
    pub blocked: Vec<String>,
    /// The lanes' names, left to right.
    pub lanes: Vec<String>,
    /// The events, in the order of the run.
    pub steps: Vec<Step>,
    /// The operations; [`Step::operation`] and [`Finding`] point into this.
    pub operations: Vec<Span>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// How it ended.
    pub ending: Ending,
    /// The schedule, in the engine's form, which replays.
    pub schedule: String,
    /// Whether no simpler schedule shows the same. `false` if the search for the simplest was ended: this is then the first
    /// that was found.
    pub is_simplest: bool,
}
