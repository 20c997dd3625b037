//! The rules.
//!
//! Stale and inverted concern two operations: "A completed before read B was invoked". Some
//! schedule of the class has A before B unless an event of B happens before an event of A
//! ([`History::may_precede`]). If it is uncertain which versions the two may have returned, the
//! schedule needs more order: see `suspect.rs`. The test is exact: it finds all violations of the
//! class, and no others.

use super::lost_update::lost_update;
use super::suspect::{Begun, Suspect, begun, oldest};
use super::{Finding, Rule};
use crate::history::{ANY_NODE, Call, History, Key, Operation, OperationId, Reply, Value, Version};

/// Adds the violations of the history: at most one finding per rule and read, read by read, and
/// then at most one per rule and update.
///
/// Selects the finding with the newest version that the read should have returned, and then with
/// the first invoked operation before it. Allocates only for findings, and where the versions that
/// reads may have returned are uncertain. Quadratic in the reads of a key.
pub fn judge(history: &History, findings: &mut Vec<Finding>) {
    for (id, read, returned) in reads(history) {
        if let Some(rule) = not_its_own(history, id, returned) {
            findings.push(Finding { rule, read: id, key: read.key, returned, newer: None, before: None });
            continue;
        }
        for rule in BY_ACKNOWLEDGED {
            findings.extend(stale(history, rule, id, read.key, returned));
        }
        for rule in BY_RETURNED {
            findings.extend(inverted(history, rule, id, read.key, returned));
        }
        if read.settled {
            findings.extend(lasting(history, id, read.key, returned));
        }
    }
    for (id, update) in history.operations().iter().enumerate() {
        let Some(base) = update.base else { continue };
        // A value computed from another key's is wrong even if it overwrites nothing.
        let is_done = update.reply == Reply::Done;
        if let Some(rule) = not_its_own(history, id, base).filter(|_| is_done) {
            let (read, key, returned) = (id, update.key, base);
            findings.push(Finding { rule, read, key, returned, newer: None, before: None });
        }
        findings.extend(lost_update(history, id, update.key, base));
    }
}

/// The rules that an acknowledged write can make a later read violate.
const BY_ACKNOWLEDGED: [Rule; 2] = [Rule::Stale, Rule::BeyondBound];

/// The rules that an earlier read, or an applied notification, can make a later read violate.
const BY_RETURNED: [Rule; 3] = [Rule::OlderThanDelivered, Rule::Inverted, Rule::Backwards];

/// The rule that a read violates if it returned a version older than that of `before`.
fn rule_by(history: &History, before: OperationId) -> Rule {
    let Operation { call, node, .. } = history.operations()[before];
    match (call, history.is_by_node()) {
        (Call::Notice, _) => Rule::OlderThanDelivered,
        (Call::Get | Call::Load(_), true) => Rule::Backwards,
        (Call::Get | Call::Load(_), false) => Rule::Inverted,
        (_, true) if node == ANY_NODE => Rule::BeyondBound,
        _ => Rule::Stale,
    }
}

/// The reads that returned, with their values.
pub(super) fn reads(history: &History) -> impl Iterator<Item = (OperationId, &Operation, Option<Value>)> {
    seen(history).filter(|(_, operation, _)| operation.call != Call::Notice)
}

/// The reads and the applied notifications, with their contents.
fn seen(history: &History) -> impl Iterator<Item = (OperationId, &Operation, Option<Value>)> {
    history.operations().iter().enumerate().filter_map(|(id, operation)| match operation.reply {
        Reply::Read(returned) => Some((id, operation, returned)),
        Reply::Unknown | Reply::Done | Reply::Refused => None,
    })
}

/// Crossed or phantom: the value was never the key's. A value that any operation wrote for the key
/// is its own, even if the source of truth never had it: a write with an unknown outcome may be
/// read. A refused compare-and-set has not written its value.
pub(super) fn not_its_own(history: &History, read: OperationId, returned: Option<Value>) -> Option<Rule> {
    let key = history.operations()[read].key;
    let known = |key: Key| {
        let mut versions =
            history.versions(key).filter(|version| begun(history, version, read) != Begun::Never);
        versions.any(|version| version.content == returned)
            || history.operations().iter().any(|by| {
                by.key == key
                    && by.reply != Reply::Refused
                    && (by.call.written() == Some(returned) || loads(by.call, returned))
            })
    };
    if known(key) {
        return None;
    }
    match returned {
        Some(value) if value.key != key && known(value.key) => Some(Rule::Crossed),
        _ => Some(Rule::Phantom),
    }
}

/// Whether the call's own loader returns this value.
fn loads(call: Call, returned: Option<Value>) -> bool {
    matches!(call, Call::Load(value) if returned == Some(value))
}

/// The newest version of an acknowledged write for which the read is too old.
fn stale(
    history: &History,
    rule: Rule,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> Option<Finding> {
    let suspects = acknowledged(history, rule, read, key, returned);
    let shown = suspects.filter(|(suspect, _)| suspect.is_shown(history));
    shown.last().map(|(suspect, content)| suspect.finding(rule, content))
}

/// The newest version that an earlier read returned and for which this read is too old.
fn inverted(
    history: &History,
    rule: Rule,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> Option<Finding> {
    let mut newest: Option<(Suspect, Option<Value>)> = None;
    for (suspect, seen) in returned_before(history, rule, read, key, returned) {
        let is_newer = newest.as_ref().is_none_or(|(newest, _)| newest.place < suspect.place);
        if is_newer && suspect.is_shown(history) {
            newest = Some((suspect, seen));
        }
    }
    newest.map(|(suspect, seen)| suspect.finding(rule, seen))
}

/// Acknowledged writes of the rule that may precede the read, for each version that they have made
/// or confirmed.
pub(super) fn acknowledged(
    history: &History,
    rule: Rule,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> impl Iterator<Item = (Suspect, Option<Value>)> {
    history.versions(key).enumerate().flat_map(move |(place, version)| {
        let writes = version.by.into_iter().chain(history.confirmed(key, place));
        let counts = move |&before: &OperationId| {
            history.operations()[before].reply == Reply::Done
                && rule_by(history, before) == rule
                && history.binds(before, read)
                && history.may_precede(before, read)
        };
        let suspect = move |before| Suspect { read, key, returned, before, place, seen: None };
        writes.filter(counts).map(move |before| (suspect(before), version.content))
    })
}

/// Reads, or notifications, of the rule that may precede this read, for each version that may be
/// the oldest that they have returned.
pub(super) fn returned_before(
    history: &History,
    rule: Rule,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> impl Iterator<Item = (Suspect, Option<Value>)> {
    let earlier = seen(history).filter(move |&(earlier, other, seen)| {
        other.key == key
            && seen != returned
            && rule_by(history, earlier) == rule
            && history.binds(earlier, read)
            && history.may_precede(earlier, read)
    });
    earlier.flat_map(move |(before, its, seen)| {
        // A notification is of a version that was written before.
        let is_written = move |place: &usize| {
            let version = history.versions(key).nth(*place);
            let at = version.and_then(|version| version.at);
            its.call != Call::Notice || at.is_none_or(|at| history.precedes_response(at, before))
        };
        oldest(history, key, seen, before)
            .filter(is_written)
            .map(move |place| (Suspect { read, key, returned, before, place, seen: Some(seen) }, seen))
    })
}

/// The read followed all threads, and did not return the last version. It may still return a value
/// that has expired since at the source of truth: the read may precede the expiry, and a copy has
/// its own deadline.
fn lasting(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let last = history.versions(key).next_back()?;
    let places = (0..history.versions(key).count()).rev();
    let mut newest_first = history.versions(key).rev().zip(places);
    // An expiry that a deletion has found is also the deletion's version.
    let is_only_expiry =
        |version: &Version, place| version.is_expiry() && history.confirmed(key, place).next().is_none();
    let (written, _) = newest_first.find(|&(version, place)| !is_only_expiry(version, place))?;
    if written.content == returned {
        return None;
    }
    // A read that writes back its result may have made the last version itself.
    let (newer, before) = (Some(last.content), last.by.filter(|&by| by != read));
    let finding = Finding { rule: Rule::Lasting, read, key, returned, newer, before };
    (last.content != returned).then_some(finding)
}
