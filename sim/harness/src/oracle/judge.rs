//! The rules.
//!
//! Stale and inverted are about a pair of operations, "A ended before read B was invoked". Some schedule of
//! the class has A before B unless an event of B happens before an event of A ([`History::may_precede`]), so
//! the pairwise test is exact: nothing is missed, and nothing is found that no schedule shows. Versions that
//! look alike keep it so: see `candidates.rs`.

use super::candidates::{newest, oldest};
use super::{Finding, Rule};
use crate::history::{Call, History, Key, Operation, OperationId, Reply, Value};

/// Adds what is wrong with the history: at most one finding for each rule and read, read by read.
///
/// Of several, the finding is the one with the newest version that the read should have returned, and then
/// the earliest called operation before it. Allocates only for what it finds. Quadratic in the reads of a
/// key.
pub fn judge(history: &History, findings: &mut Vec<Finding>) {
    for (id, read, returned) in reads(history) {
        if let Some(rule) = not_its_own(history, read.key, returned) {
            findings.push(Finding { rule, read: id, key: read.key, returned, newer: None, before: None });
            continue;
        }
        findings.extend(stale(history, id, read.key, returned));
        findings.extend(inverted(history, id, read.key, returned));
        if read.settled {
            findings.extend(lasting(history, id, read.key, returned));
        }
    }
}

/// The reads that returned something, and what.
fn reads(history: &History) -> impl Iterator<Item = (OperationId, &Operation, Option<Value>)> {
    history.operations().iter().enumerate().filter_map(|(id, operation)| match operation.reply {
        Reply::Read(returned) => Some((id, operation, returned)),
        Reply::Unknown | Reply::Done => None,
    })
}

/// Crossed or phantom: the answer never was the key's. What somebody wrote for the key is its own, even if the truth never
/// had it: a write whose outcome is unknown may be read.
fn not_its_own(history: &History, key: Key, returned: Option<Value>) -> Option<Rule> {
    let known = |key: Key| {
        history.versions(key).any(|version| version.content == returned)
            || history
                .operations()
                .iter()
                .any(|by| by.key == key && by.call == returned.map_or(Call::Delete, Call::Set))
    };
    if known(key) {
        return None;
    }
    match returned {
        Some(value) if value.key != key && known(value.key) => Some(Rule::Crossed),
        _ => Some(Rule::Phantom),
    }
}

/// An acknowledged write may precede the read, and every version that the read may have returned then is
/// older than the write's.
fn stale(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let mut found = None;
    for (place, version) in history.versions(key).enumerate() {
        let Some(write) = version.by else { continue };
        if history.operations()[write].reply == Reply::Done
            && history.may_precede(write, read)
            && newest(history, key, returned, write, read).is_some_and(|newest| newest < place)
        {
            let newer = Some(version.content);
            found = Some(Finding { rule: Rule::Stale, read, key, returned, newer, before: Some(write) });
        }
    }
    found
}

/// Another read may precede this one, and every version that this one may have returned then is older than
/// every version that the other may have.
fn inverted(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let mut found: Option<(usize, Finding)> = None;
    for (earlier, other, seen) in reads(history) {
        if other.key != key || seen == returned || !history.may_precede(earlier, read) {
            continue;
        }
        let Some(place) = oldest(history, key, seen, earlier) else { continue };
        if newest(history, key, returned, earlier, read).is_some_and(|newest| newest < place)
            && found.as_ref().is_none_or(|(best, _)| *best < place)
        {
            let before = Some(earlier);
            found = Some((
                place,
                Finding { rule: Rule::Inverted, read, key, returned, newer: Some(seen), before },
            ));
        }
    }
    found.map(|(_, finding)| finding)
}

/// The read came after everything, and did not return the last version.
fn lasting(history: &History, read: OperationId, key: Key, returned: Option<Value>) -> Option<Finding> {
    let last = history.versions(key).next_back()?;
    let (newer, before) = (Some(last.content), last.by);
    let finding = Finding { rule: Rule::Lasting, read, key, returned, newer, before };
    (last.content != returned).then_some(finding)
}
