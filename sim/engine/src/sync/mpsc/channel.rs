//! What the two ends of a channel share, and which of its words each operation touches.
//!
//! - *tail*: how many messages have been sent. Sends are ordered by it.
//! - *item*, one for each message: whether it has been sent, and, in a bounded channel, whether it has been received.
//! - *senders*: how many there are. Only a receiver that finds nothing looks at it.
//! - *gone*: whether the receiver is.
//! - *head*, in a bounded channel: twice the number of messages received, and one more while the receiver of a channel
//!   without room waits. Only a `try_send` looks at it.
//!
//! A send whose message has no room puts it in its place all the same, and then waits: messages are received in order, so
//! that the receiver cannot get at it before there is room. Hence the wait is for one item, that of the message whose
//! place it takes, and a send commutes with the receiving of any other.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::event::{Action, LocationId, Mode, NOTHING, Pending, Rule};
use crate::history::Holds;
use crate::runtime::{Granted, Handle};

/// The states of an item.
const SENT: u64 = 1;
const RECEIVED: u64 = 2;

/// Putting a message at the tail, unless the receiver is gone: tail, gone.
static SEND: Rule = Rule {
    tag: 103,
    alternatives: |_, _| 1,
    outcome: |states, _, _| match states[1] {
        0 => [(Mode::Write, states[0] + 1), (Mode::Read, 0), NOTHING],
        gone => [NOTHING, (Mode::Read, gone), NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "send into",
};

/// Waiting until the message whose place is wanted has been received, or the receiver is gone: item, gone.
static ROOM: Rule = Rule {
    tag: 104,
    alternatives: |states, _| u16::from(states[0] == RECEIVED || states[1] != 0),
    outcome: |states, _, _| {
        let gone = if states[0] == RECEIVED { NOTHING } else { (Mode::Read, states[1]) };
        [(Mode::Read, states[0]), gone, NOTHING]
    },
    may_be_disabled_by: Rule::ANY,
    what: "send into",
};

/// Sending if there is room: tail, gone, head. The argument is the bound.
static TRY_SEND: Rule = Rule {
    tag: 105,
    alternatives: |_, _| 1,
    outcome: |states, bound, _| {
        let [tail, gone, head] = *states;
        if gone != 0 {
            return [NOTHING, (Mode::Read, gone), NOTHING];
        }
        let has_room = match bound {
            0 => head == 2 * tail + 1,
            _ => tail - head / 2 < bound,
        };
        let tail = if has_room { (Mode::Write, tail + 1) } else { (Mode::Read, tail) };
        [tail, (Mode::Read, gone), (Mode::Read, head)]
    },
    may_be_disabled_by: Rule::ANY,
    what: "send into",
};

/// Waiting for a message, or for the last sender's end: item, senders.
static RECEIVE: Rule = Rule {
    tag: 106,
    alternatives: |states, _| u16::from(states[0] == SENT || states[1] == 0),
    outcome: |states, _, _| {
        let senders = if states[0] == SENT { NOTHING } else { (Mode::Read, states[1]) };
        [(Mode::Read, states[0]), senders, NOTHING]
    },
    may_be_disabled_by: |slot, before, after, _| slot == 0 || after > before,
    what: "receive from",
};

/// The same in a bounded channel, where it is told that the message is received: item, senders, head. The argument is what
/// it adds to the head, as a [`Step`].
static RECEIVE_BOUNDED: Rule = Rule {
    tag: 107,
    alternatives: RECEIVE.alternatives,
    outcome: |states, step, _| {
        let (found, not_found) = Step::unpack(step).updates(states[2]);
        if states[0] == SENT {
            [(Mode::Write, RECEIVED), NOTHING, found]
        } else {
            [(Mode::Read, states[0]), (Mode::Read, states[1]), not_found]
        }
    },
    may_be_disabled_by: |slot, before, after, _| slot == 0 || after > before,
    what: "receive from",
};

/// Receiving a message if there is one: item, tail, senders. Where there is none, the next send matters.
static POLL: Rule = Rule {
    tag: 108,
    alternatives: |_, _| 1,
    outcome: |states, _, _| match states[0] {
        SENT => [(Mode::Read, SENT), NOTHING, NOTHING],
        none => [(Mode::Read, none), (Mode::Read, states[1]), (Mode::Read, states[2])],
    },
    may_be_disabled_by: Rule::ANY,
    what: "receive from",
};

/// The same in a bounded channel: tail, senders, head. The argument is a [`Step`].
static POLL_BOUNDED: Rule = Rule {
    tag: 109,
    alternatives: |_, _| 1,
    outcome: |states, step, _| {
        let [tail, senders, head] = *states;
        let step = Step::unpack(step);
        let (found, not_found) = step.updates(head);
        if tail > step.next {
            [(Mode::Read, tail), NOTHING, found]
        } else {
            [(Mode::Read, tail), (Mode::Read, senders), not_found]
        }
    },
    may_be_disabled_by: Rule::ANY,
    what: "receive from",
};

/// What the receiver of a bounded channel does to the head.
#[derive(Clone, Copy)]
struct Step {
    /// The message that it wants.
    next: u64,
    /// It has announced that it waits.
    waits: bool,
}

impl Step {
    fn pack(self) -> u64 {
        self.next << 1 | u64::from(self.waits)
    }

    fn unpack(word: u64) -> Self {
        Step { next: word >> 1, waits: word & 1 != 0 }
    }

    /// What becomes of the head if there is a message, and if there is none.
    fn updates(self, head: u64) -> ((Mode, u64), (Mode, u64)) {
        if self.waits {
            ((Mode::Update, head.wrapping_add(1)), (Mode::Update, head.wrapping_sub(1)))
        } else {
            ((Mode::Update, head.wrapping_add(2)), NOTHING)
        }
    }
}

/// What a receiver finds.
pub(super) enum Found<T> {
    Message(T),
    /// None, and there are senders.
    Empty,
    /// None, and no sender.
    Disconnected,
}

/// Why a message was not sent.
pub(super) enum Refused<T> {
    Full(T),
    Disconnected(T),
}

/// A channel. Messages are numbered from 0.
pub(super) struct Channel<T> {
    tail: Handle,
    senders: Handle,
    gone: Handle,
    head: Handle,
    bound: Option<u64>,
    messages: Mutex<BTreeMap<u64, T>>,
}

impl<T> Channel<T> {
    /// A channel with one sender and a receiver.
    pub(super) fn new(bound: Option<u64>) -> Self {
        let word = |state| Handle::new("a channel", Holds::Marks, state);
        Channel {
            tail: Handle::new("a channel", Holds::Parts, 0),
            senders: word(1),
            gone: word(0),
            head: word(0),
            bound,
            messages: Mutex::default(),
        }
    }

    fn item(&self, message: u64) -> LocationId {
        self.tail.key(message).expect(OUTSIDE)
    }

    fn perform(
        &self,
        locations: &[LocationId],
        rule: &'static Rule,
        argument: u64,
        source: &'static Location<'static>,
    ) -> Granted {
        self.tail.perform_all(&Pending::ruled(locations, rule, argument, source)).expect(OUTSIDE)
    }

    /// There is one more sender.
    pub(super) fn add_sender(&self, source: &'static Location<'static>) {
        self.senders.perform(Action::Update(1), source);
    }

    /// There is one sender less.
    pub(super) fn remove_sender(&self, source: &'static Location<'static>) {
        self.senders.perform(Action::Update(1_u64.wrapping_neg()), source);
    }

    /// The receiver is gone. Messages that have been sent are dropped; those that wait for room are their senders'.
    pub(super) fn remove_receiver(&self, next: u64, source: &'static Location<'static>) {
        self.gone.perform(Action::Store(1), source);
        // What is dropped can do something of its own.
        self.tail.look();
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.bound.map_or_else(BTreeMap::new, |bound| messages.split_off(&(next + bound)));
        let sent = std::mem::replace(&mut *messages, wait);
        drop(messages);
        drop(sent);
    }

    /// Sends a message, and waits for room.
    pub(super) fn send(&self, message: T, source: &'static Location<'static>) -> Result<(), T> {
        let locations = [self.tail.location(), self.gone.location()];
        let granted = self.perform(&locations, &SEND, 0, source);
        if granted.second != 0 {
            return Err(message);
        }
        let number = granted.before;
        self.put(number, message, source);
        let Some(place) = self.bound.and_then(|bound| number.checked_sub(bound)) else { return Ok(()) };
        let granted = self.perform(&[self.item(place), self.gone.location()], &ROOM, 0, source);
        if granted.before == RECEIVED {
            return Ok(());
        }
        self.take(number).map_or(Ok(()), Err)
    }

    /// Sends a message if there is room.
    pub(super) fn try_send(&self, message: T, source: &'static Location<'static>) -> Result<(), Refused<T>> {
        let locations = [self.tail.location(), self.gone.location(), self.head.location()];
        let granted = self.perform(&locations, &TRY_SEND, self.bound.unwrap_or(u64::MAX), source);
        if granted.second != 0 {
            return Err(Refused::Disconnected(message));
        }
        if granted.after == granted.before {
            return Err(Refused::Full(message));
        }
        self.put(granted.before, message, source);
        Ok(())
    }

    /// Waits for the message of this number.
    pub(super) fn receive(&self, number: u64, source: &'static Location<'static>) -> Option<T> {
        let (item, senders) = (self.item(number), self.senders.location());
        let granted = if self.bound.is_some() {
            let step = self.announce(number, source);
            self.perform(&[item, senders, self.head.location()], &RECEIVE_BOUNDED, step.pack(), source)
        } else {
            self.perform(&[item, senders], &RECEIVE, 0, source)
        };
        if granted.before == SENT { self.take(number) } else { None }
    }

    /// Receives the message of this number if it has been sent. `waits`: there was time to wait for it.
    pub(super) fn poll(&self, number: u64, waits: bool, source: &'static Location<'static>) -> Found<T> {
        let (tail, senders) = (self.tail.location(), self.senders.location());
        if self.bound.is_none() {
            let granted = self.perform(&[self.item(number), tail, senders], &POLL, 0, source);
            return match (granted.before, granted.third) {
                (SENT, _) => self.take(number).map_or(Found::Empty, Found::Message),
                (_, 0) => Found::Disconnected,
                _ => Found::Empty,
            };
        }
        let step = if waits { self.announce(number, source) } else { Step { next: number, waits: false } };
        let locations = [tail, senders, self.head.location()];
        let granted = self.perform(&locations, &POLL_BOUNDED, step.pack(), source);
        if granted.before > number {
            self.tail.glue(self.item(number), Action::Store(RECEIVED), source);
            self.take(number).map_or(Found::Empty, Found::Message)
        } else if granted.second == 0 {
            Found::Disconnected
        } else {
            Found::Empty
        }
    }

    /// Tells that the receiver waits for this message, where a send needs to know.
    fn announce(&self, next: u64, source: &'static Location<'static>) -> Step {
        let waits = self.bound == Some(0);
        if waits {
            self.head.perform(Action::Update(1), source);
        }
        Step { next, waits }
    }

    fn put(&self, number: u64, message: T, source: &'static Location<'static>) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).insert(number, message);
        self.tail.glue(self.item(number), Action::Store(SENT), source);
    }

    fn take(&self, number: u64) -> Option<T> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

const OUTSIDE: &str = "a channel that was made in an exploration works only inside it";
