//! A read that may have returned something too old, and what has to be in order for that.
//!
//! In one schedule, a read may have returned any version of its key that looks like its answer and whose operation was called
//! before the read ended: as in Lamport's regular register, a write in progress may be seen already, also before the truth has
//! it. The read is too old for a version if the newest of these is older. Whether an operation was called before the read ended
//! is not the same in all schedules of the class. So that is order too which a schedule has to have.
//!
//! A version's place is its position among [`History::versions`] of its key. All schedules of a class agree on it.

use super::order::{Order, is_possible};
use super::{Finding, Rule};
use crate::history::{History, Key, OperationId, Value, Version};

/// A read, and what it is too old for in some schedule of the class, perhaps.
#[derive(Clone, Copy)]
pub(super) struct Suspect {
    pub(super) read: OperationId,
    pub(super) key: Key,
    pub(super) returned: Option<Value>,
    /// What ended before the read was invoked. The two may come in this order.
    pub(super) before: OperationId,
    /// The place of the version that the read should have returned, at the least.
    pub(super) place: usize,
    /// What `before` returned, if it is a read: the version is then the oldest that it may have returned. Otherwise `before`
    /// has written it.
    pub(super) seen: Option<Option<Value>>,
}

/// Whether some schedule shows it, as far as that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    No,
    Yes,
    Perhaps,
}

/// When the operation of a version has begun, as seen from a read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// Before the read ends, in every schedule.
    Always,
    /// The key expires, and in some schedule not before the read ends: no operation was under way that the read may have seen.
    Never,
    /// That is not the same in all of them.
    Perhaps(OperationId),
}

impl Suspect {
    /// The finding, if some schedule shows it.
    pub(super) fn finding(self, rule: Rule, newer: Option<Value>) -> Finding {
        let Suspect { read, key, returned, before, .. } = self;
        Finding { rule, read, key, returned, newer: Some(newer), before: Some(before) }
    }

    /// Whether some schedule of the class shows it. Allocates only where that depends on an operation that has begun in some and
    /// not in others.
    pub(super) fn is_shown(self, history: &History) -> bool {
        match self.at_once(history) {
            Answer::No => false,
            Answer::Yes => true,
            Answer::Perhaps => !self.ways(history).is_empty(),
        }
    }

    /// What has to be in order for a schedule to show it: each way in which one of the class may.
    pub(super) fn ways(self, history: &History) -> Vec<Vec<Order>> {
        let answer = self.at_once(history);
        if answer == Answer::No {
            return Vec::new();
        }
        let mut ways = vec![self.orders(history)];
        let is_always_there =
            self.older(history).any(|version| self.begun_by_the_read(history, version) == Begun::Always);
        if !is_always_there {
            let all = &ways[0];
            ways = self.origins(history).map(|origin| [all.as_slice(), &[origin]].concat()).collect();
        }
        if answer == Answer::Perhaps {
            ways.retain(|orders| is_possible(history, orders));
        }
        ways
    }

    /// The answer, if it can be had from what is so in every schedule.
    ///
    /// No: what the two may not have returned has always begun, or nothing is older. Yes: both have always something that they
    /// may have returned. Some schedule has `before` and the read in this order, and what must not have begun can come after the
    /// one or the other: none of it leads back to them.
    fn at_once(self, history: &History) -> Answer {
        let (mut origin, mut target) = (Answer::No, Answer::Yes);
        for (place, version) in self.versions(history) {
            if version.content == self.returned {
                let begun = self.begun_by_the_read(history, version);
                if begun == Begun::Never {
                    continue;
                }
                let is_always = begun == Begun::Always;
                match (place < self.place, is_always) {
                    (false, true) => return Answer::No,
                    (false, false) => {}
                    (true, true) => origin = Answer::Yes,
                    (true, false) if origin == Answer::No => origin = Answer::Perhaps,
                    (true, false) => {}
                }
            } else if place <= self.place && self.seen == Some(version.content) {
                let begun = begun(history, version, self.before);
                match (place < self.place, begun == Begun::Always) {
                    _ if begun == Begun::Never => {}
                    (true, true) => return Answer::No,
                    (false, false) => target = Answer::Perhaps,
                    _ => {}
                }
            }
        }
        if origin == Answer::Yes { target } else { origin }
    }

    /// What has to be in order, whatever the read has returned.
    fn orders(self, history: &History) -> Vec<Order> {
        let mut orders = vec![Order::Precedes(self.before, self.read)];
        for (place, version) in self.versions(history) {
            let Some(by) = version.by else {
                // A key that expires later is not what was seen.
                let read = if place >= self.place && version.content == self.returned {
                    Some((self.read, self.begun_by_the_read(history, version)))
                } else if place < self.place && Some(version.content) == self.seen {
                    Some((self.before, begun(history, version, self.before)))
                } else {
                    None
                };
                if let (Some((read, Begun::Never)), Some(at)) = (read, version.at) {
                    orders.push(Order::EndsBefore(read, at));
                }
                continue;
            };
            if place >= self.place && version.content == self.returned {
                orders.push(Order::Precedes(self.read, by));
            }
            if place < self.place && Some(version.content) == self.seen {
                orders.push(Order::Precedes(self.before, by));
            }
        }
        orders.extend(self.order_of_seen(history));
        orders
    }

    /// What has to be in order for the version to be what `before` has returned.
    fn order_of_seen(self, history: &History) -> Option<Order> {
        self.seen?;
        let (_, version) = self.versions(history).nth(self.place)?;
        match begun(history, version, self.before) {
            Begun::Always | Begun::Never => None,
            Begun::Perhaps(by) => Some(Order::HasBegun(by, self.before)),
        }
    }

    /// For each older version that the read may have returned in some schedules what has to be in order for that.
    fn origins(self, history: &History) -> impl Iterator<Item = Order> {
        self.older(history).filter_map(move |version| match self.begun_by_the_read(history, version) {
            Begun::Always | Begun::Never => None,
            Begun::Perhaps(by) => Some(Order::HasBegun(by, self.read)),
        })
    }

    /// What is older than the version, and looks like what the read has returned.
    fn older(self, history: &History) -> impl Iterator<Item = &Version> {
        let is_it = move |version: &&Version| version.content == self.returned;
        history.versions(self.key).take(self.place).filter(is_it)
    }

    fn versions(self, history: &History) -> impl Iterator<Item = (usize, &Version)> {
        history.versions(self.key).enumerate()
    }

    /// As [`begun`], in the schedules in which the read comes after all of `before`.
    fn begun_by_the_read(self, history: &History, version: &Version) -> Begun {
        match begun(history, version, self.read) {
            Begun::Always => Begun::Always,
            Begun::Perhaps(_) | Begun::Never => begun(history, version, self.before),
        }
    }
}

/// When the operation of the version has begun.
pub(super) fn begun(history: &History, version: &Version, read: OperationId) -> Begun {
    match version.by {
        None if version.at.is_some_and(|at| !history.precedes_response(at, read)) => Begun::Never,
        Some(by) if !history.precedes_response(history.operations()[by].first, read) => Begun::Perhaps(by),
        _ => Begun::Always,
    }
}

/// The versions that can be the oldest that `read` may have returned, if it returned `content`: up to the first whose operation
/// has always begun.
pub(super) fn oldest(
    history: &History,
    key: Key,
    content: Option<Value>,
    read: OperationId,
) -> impl Iterator<Item = usize> {
    let mut is_over = false;
    let alike = history.versions(key).enumerate().filter(move |(_, version)| {
        version.content == content && begun(history, version, read) != Begun::Never
    });
    alike
        .take_while(move |(_, version)| {
            !std::mem::replace(&mut is_over, begun(history, version, read) == Begun::Always)
        })
        .map(|(place, _)| place)
}
