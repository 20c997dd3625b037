//! The rule for updates, which read a key and write a value that they compute from it.
//!
//! An update is atomic if nothing is written between its read and its write. If another write was
//! acknowledged in between, the update has overwritten it without having read it: a lost update (P4
//! in Berenson et al., "A critique of ANSI SQL isolation levels", SIGMOD 1995). Of two updates that
//! have read the same version, the second to write overwrites the first.
//!
//! Reads and versions are the same in all schedules of a class, and so is this rule: it needs no
//! order of invocations and responses. Where a content occurs in several versions (an absence), the
//! update counts as based on the newest before its own: a compare-and-set cannot distinguish them
//! either.
//!
//! An unacknowledged version is not lost: a write with an unknown outcome may have no effect. Nor
//! is a version that no operation made, such as an expiry. If no version before the update's own
//! has the content, a write that arrives later made it, and no version is in between.

use super::{Finding, Rule};
use crate::history::{History, Key, OperationId, Reply, Value};

/// The newest acknowledged version that the update, computed from `base`, has overwritten unread.
pub(super) fn lost_update(
    history: &History,
    update: OperationId,
    key: Key,
    base: Option<Value>,
) -> Option<Finding> {
    let versions = || history.versions(key).enumerate();
    let (made, _) = versions().find(|(_, version)| version.by == Some(update))?;
    let (read, _) = versions().take(made).filter(|(_, version)| version.content == base).last()?;
    let is_acknowledged = |by: OperationId| {
        let its = &history.operations()[by];
        by != update && its.call.is_write() && its.reply == Reply::Done
    };
    let between = versions().take(made).skip(read + 1);
    let lost = between.filter_map(|(place, version)| {
        let mut writes = version.by.into_iter().chain(history.found_there(key, place));
        Some((writes.find(|&by| is_acknowledged(by))?, version.content))
    });
    let (by, newer) = lost.last()?;
    let rule = Rule::LostUpdate;
    Some(Finding { rule, read: update, key, returned: base, newer: Some(newer), before: Some(by) })
}
