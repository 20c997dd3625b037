//! Operations on byte streams, event counters, and sets of events (epoll).
//!
//! The state of a stream is the number of its readable bytes with two flags; that of an event
//! counter is the counter. The state of a set contains three bits for each of its slots: the events
//! that have occurred and were not yet received.

use std::panic::Location;

use super::Memory;
use crate::event::{Action, LocationId, Mode, NOTHING, Outcomes, Pending, Rule, RuleTag, RuledStates};
use crate::runtime;

/// Flag of a stream: the other end is closed.
const CLOSED: u64 = 1 << 62;

/// Flag of a stream: its own end is closed, so nothing arrives any more.
const DROPPED: u64 = 1 << 61;

/// The bits of a stream's state that count bytes.
const COUNT: u64 = DROPPED - 1;

/// The number of slots of a set.
pub const SET_SLOTS: u32 = 20;

/// Events of a slot: readable, writable, closed by the other end.
pub const READABLE: u64 = 1;
/// See [`READABLE`].
pub const WRITABLE: u64 = 2;
/// See [`READABLE`].
pub const HUNG_UP: u64 = 4;

/// Bits of the rules' arguments above a 32-bit count.
const ENDS: u64 = 1 << 40;
const TRIES: u64 = 1 << 41;
const PEEKS: u64 = 1 << 42;
const CLOSES: u64 = 1 << 43;
const COUNTS: u64 = 1 << 44;
const HAS_SET: u64 = 1 << 45;

/// A slot in the bits from 48 on, and three bits for its events above it.
const SLOT: u32 = 48;
const EVENTS: u32 = 56;

fn slot_of(argument: u64) -> u32 {
    3 * (argument >> SLOT & 0xff) as u32
}

fn events_of(argument: u64) -> u64 {
    argument >> EVENTS & 7
}

/// Waits until bytes are readable or the stream is closed, and takes bytes. The argument contains
/// their maximum number, and whether the wait has a deadline.
static READ: Rule = Rule {
    tag: RuleTag::StreamRead,
    alternatives: |&[stream, ..], argument| match stream {
        0 => u16::from(argument & (ENDS | TRIES) != 0),
        _ => 1,
    },
    outcome: |&[stream, ..], argument, _| {
        let count = stream & COUNT;
        let is_disabled = stream == 0 && argument & (ENDS | TRIES) == 0;
        match count == 0 && !is_disabled || argument & PEEKS != 0 {
            true => [(Mode::Read, stream), NOTHING, NOTHING],
            false => {
                let taken = count.min(argument & u64::from(u32::MAX));
                [(Mode::Write, stream - taken), NOTHING, NOTHING]
            }
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "read from",
};

/// Bytes or the end of the stream arrive, or a counter is incremented; the event is added to the
/// set in the second location. Increments of a counter commute.
static ARRIVE: Rule = Rule {
    tag: RuleTag::StreamArrive,
    alternatives: |_, _| 1,
    outcome: arrive,
    may_be_disabled_by: Rule::ANY,
    what: "deliver to",
};

fn arrive(&[stream, set, _]: &RuledStates, argument: u64, _: u16) -> Outcomes {
    let count = argument & u64::from(u32::MAX);
    let own = match stream {
        _ if stream & DROPPED != 0 => return [(Mode::Read, stream), NOTHING, NOTHING],
        _ if argument & COUNTS != 0 => (Mode::Update, stream.wrapping_add(count)),
        _ if argument & CLOSES != 0 => (Mode::Write, stream.wrapping_add(count) | CLOSED),
        _ => (Mode::Write, stream.wrapping_add(count)),
    };
    if argument & HAS_SET == 0 {
        return [own, NOTHING, NOTHING];
    }
    let new = events_of(argument) << slot_of(argument) & !set;
    // Only events of the same stream change these bits before the set is emptied, so that events of
    // different streams commute.
    let added = if new == 0 { (Mode::Glance, set) } else { (Mode::Update, set.wrapping_add(new)) };
    [own, added, NOTHING]
}

/// Waits until the set is not empty, and empties it. With a deadline, the wait may end without
/// events; or with events, when the deadline has passed too.
static SET_WAIT: Rule = Rule {
    tag: RuleTag::SetWait,
    alternatives: |&[set, ..], argument| match set {
        0 => u16::from(argument & (ENDS | TRIES) != 0),
        _ => 1 + u16::from(argument & ENDS != 0),
    },
    outcome: |&[set, ..], argument, _| match set == 0 && argument & (ENDS | TRIES) != 0 {
        true => [(Mode::Read, 0), NOTHING, NOTHING],
        false => [(Mode::Write, 0), NOTHING, NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "wait for events of",
};

/// Changes a set, depending on the stream in the second location.
static SET_CHANGE: Rule = Rule {
    tag: RuleTag::SetChange,
    alternatives: |_, _| 1,
    outcome: |&[set, stream, _], _, _| [(Mode::Write, set), (Mode::Read, stream), NOTHING],
    may_be_disabled_by: Rule::ANY,
    what: "register in",
};

/// The events that are present at a stream in this state.
fn present(stream: u64) -> u64 {
    let readable = if stream & !DROPPED == 0 { 0 } else { READABLE };
    let closed = if stream & CLOSED == 0 { 0 } else { HUNG_UP };
    readable | closed | WRITABLE
}

/// How a task waits for a stream or a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until something arrives.
    Forever,
    /// Until something arrives or the deadline passes, which is possible at any point.
    Ends,
    /// Until something arrives, or no other task can continue and this deadline is the earliest.
    Idle(u64),
    /// Not at all.
    Tries,
}

impl Patience {
    fn bits(self) -> u64 {
        match self {
            Patience::Forever | Patience::Idle(_) => 0,
            Patience::Ends => ENDS,
            Patience::Tries => TRIES,
        }
    }
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// So many bytes, at least one.
    Bytes(u64),
    /// The stream has ended.
    End,
    /// Nothing: the deadline has passed, or the task does not wait.
    Nothing,
}

/// A slot of a set, for the events of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The set's location.
    pub set: u32,
    /// Its index, less than [`SET_SLOTS`].
    pub index: u32,
}

impl Slot {
    fn bits(self, events: u64) -> u64 {
        u64::from(self.index) << SLOT | events << EVENTS
    }
}

impl Memory {
    /// The location of a stream, a counter, a set, or a flag of the network. `name` is its name in
    /// traces.
    pub fn endpoint(&self, key: u64, name: &'static str) -> u32 {
        let location = self.endpoints.key(key).unwrap_or(LocationId::MAX);
        runtime::set_name(location, name);
        location
    }

    /// Takes at most `most` bytes (`peeks`: without removing them), waiting as `patience` says.
    pub fn read_stream(
        &self,
        stream: u32,
        most: u32,
        peeks: bool,
        patience: Patience,
        source: &'static Location<'static>,
    ) -> Readable {
        let argument = u64::from(most) | patience.bits() | if peeks { PEEKS } else { 0 };
        let pending = Pending::ruled(&[stream], &READ, argument, source);
        let before = self.wait(&pending, argument, patience).map_or(0, |granted| granted.before);
        match before & COUNT {
            0 if before == 0 => Readable::Nothing,
            0 => Readable::End,
            count => Readable::Bytes(count.min(most.into())),
        }
    }

    fn wait(&self, pending: &Pending, argument: u64, patience: Patience) -> Option<runtime::Granted> {
        match patience {
            Patience::Idle(deadline) => self.endpoints.perform_until_idle(pending, deadline, argument | ENDS),
            _ => self.endpoints.perform_all(pending),
        }
    }

    /// `count` bytes arrive at a stream, and its end if it `closes`. The events are added to the
    /// slot. Returns whether the stream accepts them: its own end is not closed.
    pub fn arrive(
        &self,
        stream: u32,
        count: u32,
        closes: bool,
        slot: Option<Slot>,
        source: &'static Location<'static>,
    ) -> bool {
        let events = READABLE | if closes { HUNG_UP } else { 0 };
        let closes = if closes { CLOSES } else { 0 };
        let before = self.announce_arrival(stream, u64::from(count) | closes, slot, events, source);
        before & DROPPED == 0
    }

    /// Adds to an event counter.
    pub fn count(&self, counter: u32, count: u32, slot: Option<Slot>, source: &'static Location<'static>) {
        self.announce_arrival(counter, u64::from(count) | COUNTS, slot, READABLE, source);
    }

    fn announce_arrival(
        &self,
        stream: u32,
        argument: u64,
        slot: Option<Slot>,
        events: u64,
        source: &'static Location<'static>,
    ) -> u64 {
        let pending = match slot {
            Some(slot) => {
                let argument = argument | HAS_SET | slot.bits(events);
                Pending::ruled(&[stream, slot.set], &ARRIVE, argument, source)
            }
            None => Pending::ruled(&[stream], &ARRIVE, argument, source),
        };
        self.endpoints.perform_all(&pending).map_or(DROPPED, |granted| granted.before)
    }

    /// Waits until a set is not empty, and empties it. Returns its events, three bits for each
    /// slot, and whether the deadline has passed.
    pub fn wait_for_set(
        &self,
        set: u32,
        patience: Patience,
        source: &'static Location<'static>,
    ) -> (u64, bool) {
        let pending = Pending::ruled(&[set], &SET_WAIT, patience.bits(), source);
        let Some(granted) = self.wait(&pending, 0, patience) else { return (0, false) };
        let ends = matches!(patience, Patience::Ends | Patience::Idle(_));
        let is_late = ends && (granted.before == 0 || granted.choice == 1);
        (granted.before, is_late)
    }

    /// Changes a set. `decide` returns its next state from the present one and the events that are
    /// present at the stream; it may change what belongs to the set.
    pub fn change_set(
        &self,
        set: u32,
        stream: u32,
        source: &'static Location<'static>,
        decide: impl FnOnce(u64, u64) -> u64,
    ) {
        let pending = Pending::ruled(&[set, stream], &SET_CHANGE, 0, source);
        let (before, stream) =
            self.endpoints.perform_all(&pending).map_or((0, 0), |its| (its.before, its.second));
        let after = decide(before, present(stream));
        self.endpoints.perform_with_previous(set, Action::Store(after), source);
    }

    /// Puts events back into a set that the last event has emptied.
    pub fn put_back(&self, set: u32, events: u64, source: &'static Location<'static>) {
        self.endpoints.perform_with_previous(set, Action::Store(events), source);
    }

    /// Nothing arrives at the stream afterwards.
    pub fn drop_stream(&self, stream: u32, source: &'static Location<'static>) {
        let drop = Action::Modify(|state, flag| state | flag, DROPPED);
        self.endpoints.perform_all(&Pending::one(stream, drop, source));
    }

    /// Sends: increments the number of things sent, and sets the flag that `flag` returns then. If
    /// a stream is given, nothing arrives at it afterwards.
    pub fn send(
        &self,
        sent: u32,
        dropped: Option<u32>,
        source: &'static Location<'static>,
        flag: impl FnOnce() -> u32,
    ) {
        let increment = (sent, Action::Modify(u64::wrapping_add, 1));
        let pending = match dropped {
            None => Pending::several([increment], source),
            Some(stream) => {
                let drop = (stream, Action::Modify(|state, flag| state | flag, DROPPED));
                Pending::several([increment, drop], source)
            }
        };
        self.endpoints.perform_all(&pending);
        self.endpoints.perform_with_previous(flag(), Action::Store(1), source);
    }

    /// Waits until a flag is set.
    pub fn wait_for_flag(&self, flag: u32, source: &'static Location<'static>) {
        self.endpoints.wait_for(flag, |state| state != 0, source);
    }
}
