//! Which versions a read may have returned, where several look alike.
//!
//! In one schedule, a read may have returned any version of its key that looks like its answer and whose
//! operation was called before the read ended: as in Lamport's regular register, a write in progress may be
//! seen already, also before the truth has it. So a version whose operation *can* be called after the read
//! can be ruled out, by the schedule that does so; one whose invocation happens before the read's response
//! never can.
//!
//! A version's place is its position among [`History::versions`] of its key. All schedules of a class agree
//! on it.

use crate::history::{History, Key, OperationId, Value, Version};

/// Whether the version was there at the start, or its operation was called before `operation` ended in every
/// schedule of the class.
fn begun(history: &History, version: &Version, operation: OperationId) -> bool {
    version.by.is_none_or(|by| history.precedes_response(history.operations()[by].first, operation))
}

/// The oldest version that looks like `content` and that `read` may have returned in every schedule of the
/// class. In some schedule, it is the oldest that `read` may have returned.
pub(super) fn oldest(
    history: &History,
    key: Key,
    content: Option<Value>,
    read: OperationId,
) -> Option<usize> {
    history.versions(key).position(|version| version.content == content && begun(history, version, read))
}

/// The newest version that looks like `content` and that `read` may have returned in every schedule that has
/// all of `before` before all of `read`. In some such schedule, it is the newest that `read` may have
/// returned.
pub(super) fn newest(
    history: &History,
    key: Key,
    content: Option<Value>,
    before: OperationId,
    read: OperationId,
) -> Option<usize> {
    history
        .versions(key)
        .enumerate()
        .filter(|(_, version)| version.content == content)
        .filter(|(_, version)| begun(history, version, read) || begun(history, version, before))
        .map(|(place, _)| place)
        .last()
}
