//! A read that may have returned a version that is too old, and the order that this requires.
//!
//! In one schedule, a read may have returned any version of its key that equals its result and
//! whose operation was invoked before the read ended. As in Lamport's regular register, a read may
//! already return the value of a write in progress, even before the source of truth has it. The
//! read is too old for a version if the newest of these is older. Schedules of a class can differ
//! in whether an operation was invoked before the read ended, so that a schedule must have this
//! order too.
//!
//! A version's place is its index among [`History::versions`] of its key, and is the same in all
//! schedules of the class.

use super::order::{Order, is_possible};
use super::{Finding, Rule};
use crate::history::{History, Key, OperationId, Value, Version};

/// A read that may be too old for a version in some schedule of the class.
#[derive(Clone, Copy)]
pub(super) struct Suspect {
    pub(super) read: OperationId,
    pub(super) key: Key,
    pub(super) returned: Option<Value>,
    /// The operation that completes before the read is invoked, if they have this order.
    pub(super) before: OperationId,
    /// The place of the oldest version that the read should have returned.
    pub(super) place: usize,
    /// The result of `before`, if it is a read. The version is then the oldest that it may have
    /// returned. Otherwise `before` has written the version.
    pub(super) seen: Option<Option<Value>>,
}

/// Whether some schedule shows the violation, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    No,
    Yes,
    Perhaps,
}

/// Whether the operation of a version was invoked before a read ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// Before the read ends, in every schedule.
    Always,
    /// In no schedule that matters: the key expires, in some schedule after the read. An expiry has
    /// no operation in progress that the read may have seen.
    Never,
    /// In some schedules, depending on this operation.
    Perhaps(OperationId),
}

impl Suspect {
    /// The finding, if some schedule shows it.
    pub(super) fn finding(self, rule: Rule, newer: Option<Value>) -> Finding {
        let Suspect { read, key, returned, before, .. } = self;
        Finding { rule, read, key, returned, newer: Some(newer), before: Some(before) }
    }

    /// Whether some schedule of the class shows the violation. Allocates only if that depends on an
    /// operation that is invoked in time in some schedules only.
    pub(super) fn is_shown(self, history: &History) -> bool {
        match self.at_once(history) {
            Shown::No => false,
            Shown::Yes => true,
            Shown::Perhaps => !self.orders_shown(history).is_empty(),
        }
    }

    /// The alternative sets of orders that show the violation. Each schedule of the class that
    /// shows it satisfies one of them.
    pub(super) fn orders_shown(self, history: &History) -> Vec<Vec<Order>> {
        let answer = self.at_once(history);
        if answer == Shown::No {
            return Vec::new();
        }
        let mut sets = vec![self.orders(history)];
        let is_always_there =
            self.older(history).any(|version| self.begun_by_the_read(history, version) == Begun::Always);
        if !is_always_there {
            let all = &sets[0];
            sets = self.origins(history).map(|origin| [all.as_slice(), &[origin]].concat()).collect();
        }
        if answer == Shown::Perhaps {
            sets.retain(|orders| is_possible(history, orders));
        }
        sets
    }

    /// The answer, if the facts common to all schedules determine it.
    ///
    /// `No`: a version that the two must not have returned was always invoked in time, or no
    /// version is older. `Yes`: both always have a version that they may have returned. Some
    /// schedule then has `before` ahead of the read, and the operations that must not have been
    /// invoked can follow either of them, because none leads back to them.
    fn at_once(self, history: &History) -> Shown {
        let (mut origin, mut target) = (Shown::No, Shown::Yes);
        for (place, version) in self.versions(history) {
            if version.content == self.returned {
                let begun = self.begun_by_the_read(history, version);
                if begun == Begun::Never {
                    continue;
                }
                let is_always = begun == Begun::Always;
                match (place < self.place, is_always) {
                    (false, true) => return Shown::No,
                    (false, false) => {}
                    (true, true) => origin = Shown::Yes,
                    (true, false) if origin == Shown::No => origin = Shown::Perhaps,
                    (true, false) => {}
                }
            } else if place <= self.place && self.seen == Some(version.content) {
                let begun = begun(history, version, self.before);
                match (place < self.place, begun == Begun::Always) {
                    _ if begun == Begun::Never => {}
                    (true, true) => return Shown::No,
                    (false, false) => target = Shown::Perhaps,
                    _ => {}
                }
            }
        }
        if origin == Shown::Yes { target } else { origin }
    }

    /// The orders required for any result of the read.
    fn orders(self, history: &History) -> Vec<Order> {
        let mut orders = vec![Order::Precedes(self.before, self.read)];
        for (place, version) in self.versions(history) {
            let Some(by) = version.by else {
                // A key that expires later does not explain the result.
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

    /// The order required for the version to be the result of `before`.
    fn order_of_seen(self, history: &History) -> Option<Order> {
        self.seen?;
        let (_, version) = self.versions(history).nth(self.place)?;
        match begun(history, version, self.before) {
            Begun::Always | Begun::Never => None,
            Begun::Perhaps(by) => Some(Order::HasBegun(by, self.before)),
        }
    }

    /// The order required for each older version that the read may have returned in some schedules
    /// only.
    fn origins(self, history: &History) -> impl Iterator<Item = Order> {
        self.older(history).filter_map(move |version| match self.begun_by_the_read(history, version) {
            Begun::Always | Begun::Never => None,
            Begun::Perhaps(by) => Some(Order::HasBegun(by, self.read)),
        })
    }

    /// The versions before `place` that equal the read's result.
    fn older(self, history: &History) -> impl Iterator<Item = &Version> {
        let is_it = move |version: &&Version| version.content == self.returned;
        history.versions(self.key).take(self.place).filter(is_it)
    }

    fn versions(self, history: &History) -> impl Iterator<Item = (usize, &Version)> {
        history.versions(self.key).enumerate()
    }

    /// As [`begun`], in the schedules in which `before` precedes the read.
    fn begun_by_the_read(self, history: &History, version: &Version) -> Begun {
        match begun(history, version, self.read) {
            Begun::Always => Begun::Always,
            Begun::Perhaps(_) | Begun::Never => begun(history, version, self.before),
        }
    }
}

/// Whether the version's operation was invoked before the read ended.
pub(super) fn begun(history: &History, version: &Version, read: OperationId) -> Begun {
    match version.by {
        None if version.at.is_some_and(|at| !history.precedes_response(at, read)) => Begun::Never,
        Some(by) if !history.precedes_response(history.operations()[by].first, read) => Begun::Perhaps(by),
        _ => Begun::Always,
    }
}

/// The versions that may be the oldest that `read` has returned, if it returned `content`: up to
/// the first whose operation was always invoked before the read ended.
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
