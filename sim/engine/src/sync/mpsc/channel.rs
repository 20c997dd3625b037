//! The shared part of a channel, and the words that each operation accesses.
//!
//! - *tail*: the number of messages sent. It orders the sends.
//! - *item*, one per message: whether the message was sent and, in a bounded channel, received.
//! - *senders*: the number of senders. Only a receiver that finds no message reads it.
//! - *gone*: whether the receiver was dropped.
//! - *head*, in a bounded channel: twice the number of received messages, plus one while the
//!   receiver of a channel with bound 0 waits. Only `try_send` reads it.
//!
//! A send to a full channel stores its message first and then waits. Messages are received in
//! order, so the receiver cannot reach the message before there is room. Hence the send waits for
//! one item, the message whose slot it uses, and commutes with the receipt of every other message.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use crate::event::{Action, LocationId, Mode, NOTHING, Pending, Rule, RuleTag};
use crate::history::Holds;
use crate::runtime::{Granted, Handle};

/// States of an item.
const SENT: u64 = 1;
const RECEIVED: u64 = 2;

/// Appends a message at the tail unless the receiver is gone: tail, gone.
static SEND: Rule = Rule {
    tag: RuleTag::ChannelSend,
    alternatives: |_, _| 1,
    outcome: |states, _, _| match states[1] {
        0 => [(Mode::Write, states[0] + 1), (Mode::Read, 0), NOTHING],
        gone => [NOTHING, (Mode::Read, gone), NOTHING],
    },
    may_be_disabled_by: Rule::ANY,
    what: "send into",
};

/// Waits until the message that occupies the slot is received, or the receiver is gone: item, gone.
static ROOM: Rule = Rule {
    tag: RuleTag::ChannelRoom,
    alternatives: |states, _| u16::from(states[0] == RECEIVED || states[1] != 0),
    outcome: |states, _, _| {
        let gone = if states[0] == RECEIVED { NOTHING } else { (Mode::Read, states[1]) };
        [(Mode::Read, states[0]), gone, NOTHING]
    },
    may_be_disabled_by: Rule::ANY,
    what: "send into",
};

/// Sends if there is room: tail, gone, head. The argument is the bound.
static TRY_SEND: Rule = Rule {
    tag: RuleTag::ChannelTrySend,
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

/// Waits for a message or the end of the last sender: item, senders.
static RECEIVE: Rule = Rule {
    tag: RuleTag::ChannelReceive,
    alternatives: |states, _| u16::from(states[0] == SENT || states[1] == 0),
    outcome: |states, _, _| {
        let senders = if states[0] == SENT { NOTHING } else { (Mode::Read, states[1]) };
        [(Mode::Read, states[0]), senders, NOTHING]
    },
    may_be_disabled_by: |slot, before, after, _| slot == 0 || after > before,
    what: "receive from",
};

/// Like [`RECEIVE`], in a bounded channel, where it also marks the message as received: item,
/// senders, head. The argument is the change of the head, as a [`HeadStep`].
static RECEIVE_BOUNDED: Rule = Rule {
    tag: RuleTag::ChannelReceiveBounded,
    alternatives: RECEIVE.alternatives,
    outcome: |states, step, _| {
        let (found, not_found) = HeadStep::unpack(step).updates(states[2]);
        if states[0] == SENT {
            [(Mode::Write, RECEIVED), NOTHING, found]
        } else {
            [(Mode::Read, states[0]), (Mode::Read, states[1]), not_found]
        }
    },
    may_be_disabled_by: |slot, before, after, _| slot == 0 || after > before,
    what: "receive from",
};

/// Receives a message if there is one: item, tail, senders. If there is none, it conflicts with the
/// next send.
static POLL: Rule = Rule {
    tag: RuleTag::ChannelPoll,
    alternatives: |_, _| 1,
    outcome: |states, _, _| match states[0] {
        SENT => [(Mode::Read, SENT), NOTHING, NOTHING],
        none => [(Mode::Read, none), (Mode::Read, states[1]), (Mode::Read, states[2])],
    },
    may_be_disabled_by: Rule::ANY,
    what: "receive from",
};

/// Like [`POLL`], in a bounded channel: tail, senders, head. The argument is a [`HeadStep`].
static POLL_BOUNDED: Rule = Rule {
    tag: RuleTag::ChannelPollBounded,
    alternatives: |_, _| 1,
    outcome: |states, step, _| {
        let [tail, senders, head] = *states;
        let step = HeadStep::unpack(step);
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

/// The change that the receiver of a bounded channel makes to the head.
#[derive(Clone, Copy)]
struct HeadStep {
    /// The number of the expected message.
    next: u64,
    /// Whether it has announced that it waits.
    waits: bool,
}

impl HeadStep {
    fn pack(self) -> u64 {
        self.next << 1 | u64::from(self.waits)
    }

    fn unpack(word: u64) -> Self {
        HeadStep { next: word >> 1, waits: word & 1 != 0 }
    }

    /// The change of the head if there is a message, and if there is none.
    fn updates(self, head: u64) -> ((Mode, u64), (Mode, u64)) {
        if self.waits {
            ((Mode::Update, head.wrapping_add(1)), (Mode::Update, head.wrapping_sub(1)))
        } else {
            ((Mode::Update, head.wrapping_add(2)), NOTHING)
        }
    }
}

/// The result of a poll.
pub(super) enum Found<T> {
    Message(T),
    /// No message, but there are senders.
    Empty,
    /// No message and no sender.
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
    /// Creates a channel with one sender and one receiver.
    #[track_caller]
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

    /// Adds a sender.
    pub(super) fn add_sender(&self, source: &'static Location<'static>) {
        self.senders.perform(Action::Update(1), source);
    }

    /// Removes a sender.
    pub(super) fn remove_sender(&self, source: &'static Location<'static>) {
        self.senders.perform(Action::Update(1_u64.wrapping_neg()), source);
    }

    /// Removes the receiver. Messages that were sent are dropped; messages that wait for room
    /// return to their senders.
    pub(super) fn remove_receiver(&self, next: u64, source: &'static Location<'static>) {
        self.gone.perform(Action::Store(1), source);
        // A dropped message may run code that performs operations.
        self.tail.read_contents();
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

    /// Receives the message with this number if it has been sent. `waits`: whether the receiver
    /// could have waited for it.
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
        let step =
            if waits { self.announce(number, source) } else { HeadStep { next: number, waits: false } };
        let locations = [tail, senders, self.head.location()];
        let granted = self.perform(&locations, &POLL_BOUNDED, step.pack(), source);
        if granted.before > number {
            self.tail.perform_with_previous(self.item(number), Action::Store(RECEIVED), source);
            self.take(number).map_or(Found::Empty, Found::Message)
        } else if granted.second == 0 {
            Found::Disconnected
        } else {
            Found::Empty
        }
    }

    /// Announces that the receiver waits for this message, if sends depend on it.
    fn announce(&self, next: u64, source: &'static Location<'static>) -> HeadStep {
        let waits = self.bound == Some(0);
        if waits {
            self.head.perform(Action::Update(1), source);
        }
        HeadStep { next, waits }
    }

    fn put(&self, number: u64, message: T, source: &'static Location<'static>) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).insert(number, message);
        self.tail.perform_with_previous(self.item(number), Action::Store(SENT), source);
    }

    fn take(&self, number: u64) -> Option<T> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

const OUTSIDE: &str = "a channel that was made in an exploration works only inside it";
