//! The recorded run: domain events with their step, task and place. All other forms of a trace are
//! projections of it.

use std::collections::BTreeMap;
use std::fmt;

use crate::history::{Key, OperationId, Value};
use crate::oracle::Finding;

/// The place of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The process-local tier; of the first node, if there are several.
    L1,
    /// The process-local tier of the node with this index, from 1.
    L1Of(usize),
    /// The remote tier.
    Remote,
    /// The source of truth, if it is behind the remote tier.
    Database,
    /// The protocol's own state: stripes, generations.
    Fence,
    /// The lock of one of the protocol's own collections.
    Lock,
    /// The clock.
    Clock,
    /// Anything else.
    Other,
}

impl Place {
    /// Whether it is a process-local tier.
    pub fn is_local(&self) -> bool {
        matches!(self, Place::L1 | Place::L1Of(_))
    }

    /// The process-local tier of the node with this index.
    pub(crate) fn local_of(node: usize) -> Self {
        if node == 0 { Place::L1 } else { Place::L1Of(node) }
    }
}

/// The effect of an event on an entry. The reason is derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The event read the entry and found this content; `None` if it is absent or expired.
    Found {
        /// The entry's name at this place. It can differ from the operation's key.
        entry: Key,
        /// The content found.
        content: Option<Value>,
    },
    /// The event left this content in the entry; `None` if it removed the entry, even if there was
    /// none.
    Left {
        /// The entry's name at this place. It can differ from the operation's key.
        entry: Key,
        /// The content from this event on.
        content: Option<Value>,
    },
    /// The event acquired the entry's lock, until the operation's next step at this place.
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
    /// The place.
    pub place: Place,
    /// The description in terms of the domain: `L1.get user:1 → miss`, `redis SETEX user:1 = v1`.
    pub what: String,
    /// The engine object that the event accessed, if its content is unknown: `mutex local`,
    /// `channel 1`.
    pub object: Option<String>,
    /// The effect on an entry. `None` if there is none, for example for a refused fill.
    pub effect: Option<Effect>,
    /// The source line of the event, `file:line`.
    pub location: String,
    /// Virtual time, in milliseconds.
    pub time: u64,
    /// The operation that contains the event.
    pub operation: Option<OperationId>,
    /// The vector clock: for each lane, the number of its steps that happen before this step, or
    /// are this step.
    pub clock: Vec<u32>,
}

/// A tier with its initial contents.
#[derive(Clone, Debug)]
pub struct Tier {
    /// The tier's place: the [`Step::place`] of its events.
    pub place: Place,
    /// The tier's name: `L1`, `redis`.
    pub name: String,
    /// The initial entries, ordered by name.
    pub start: Vec<Entry>,
}

/// An initial entry of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name at this place.
    pub entry: Key,
    /// The entry's value.
    pub value: Value,
    /// The virtual time at which it expires, in milliseconds; `None` if it does not.
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
    /// The operation's key.
    pub key: Key,
    /// The call: `get user:1`, `set user:1 = v1`.
    pub call: String,
    /// The reply: `v0`, `absent`, `done`; `None` if there was none.
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
    /// No task was enabled. One line for each task: its name, the reason why it waits, and the
    /// source line.
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
    /// The name of the search's [`Engine`](crate::verdict::Engine).
    pub engine: String,
    /// The tiers, the nearest first.
    pub tiers: Vec<Tier>,
    /// The faults of the run, chosen before its first step.
    pub faults: Vec<String>,
    /// The cache's own tasks that were blocked when the observer began, one line each: the task's
    /// name, the reason why it waits, and the source line. No other task can wake them.
    pub blocked: Vec<String>,
    /// The lanes' names, left to right.
    pub lanes: Vec<String>,
    /// The events, in the order of the run.
    pub steps: Vec<Step>,
    /// The operations; [`Step::operation`] and [`Finding`] have indices into this.
    pub operations: Vec<Span>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// How it ended.
    pub ending: Ending,
    /// The schedule in the engine's format, for a replay.
    pub schedule: String,
    /// Whether no simpler schedule shows the same finding. `false` if the search for the simplest
    /// ended early; the run is then the first that was found.
    pub is_simplest: bool,
    /// If the cache is a script: the text of each of its lines that has a step, by its location.
    pub code: BTreeMap<String, String>,
}
