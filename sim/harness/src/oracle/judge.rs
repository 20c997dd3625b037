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
use crate::history::{Call, History, Key, Operation, OperationId, Reply, Value, Version};

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
        findings.extend(stale(history, id, read.key, returned));
        findings.extend(inverted(history, id, read.key, returned));
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

/// The reads that returned, with their values.
pub(super) fn reads(history: &History) -> impl Iterator<Item = (OperationId, &Operation, Option<Value>)> {
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
fn stale(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let shown = acknowledged(history, read, key, returned).filter(|(suspect, _)| suspect.is_shown(history));
    shown.last().map(|(suspect, content)| suspect.finding(Rule::Stale, content))
}

/// The newest version that an earlier read returned and for which this read is too old.
fn inverted(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let mut newest: Option<(Suspect, Option<Value>)> = None;
    for (suspect, seen) in returned_before(history, read, key, returned) {
        let is_newer = newest.as_ref().is_none_or(|(newest, _)| newest.place < suspect.place);
        if is_newer && suspect.is_shown(history) {
            newest = Some((suspect, seen));
        }
    }
    newest.map(|(suspect, seen)| suspect.finding(Rule::Inverted, seen))
}

/// Acknowledged writes that may precede the read, for each version that they have made or
/// confirmed.
pub(super) fn acknowledged(
    history: &History,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> impl Iterator<Item = (Suspect, Option<Value>)> {
    history.versions(key).enumerate().flat_map(move |(place, version)| {
        let writes = version.by.into_iter().chain(history.confirmed(key, place));
        let counts = move |&before: &OperationId| {
            history.operations()[before].reply == Reply::Done && history.may_precede(before, read)
        };
        let suspect = move |before| Suspect { read, key, returned, before, place, seen: None };
        writes.filter(counts).map(move |before| (suspect(before), version.content))
    })
}

/// Reads that may precede this one, for each version that may be the oldest that they have
/// returned.
pub(super) fn returned_before(
    history: &History,
    read: OperationId,
    key: Key,
    returned: Option<Value>,
) -> impl Iterator<Item = (Suspect, Option<Value>)> {
    let earlier = reads(history).filter(move |&(earlier, other, seen)| {
        other.key == key && seen != returned && history.may_precede(earlier, read)
    });
    earlier.flat_map(move |(before, _, seen)| {
        oldest(history, key, seen, before)
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
