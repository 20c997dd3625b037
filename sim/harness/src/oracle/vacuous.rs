//! Whether a history can show a violation at all.

use crate::history::{Call, History, OperationId};

/// Whether no read overlapped or followed a write of its key, so that no violation is possible. A
/// write of a key includes each operation that makes a version of it, under any key. An update is
/// both: it counts as a read if it met another write.
///
/// A case is vacuous if all of its histories are. Reads of the observer do not count: a scenario
/// that reads nothing is vacuous. A read counts if some schedule of the class has all of the write
/// before it, or if the write begins before the read ends in all of them.
pub fn vacuous(history: &History) -> bool {
    let expiries = |key| history.versions(key).filter(|its| its.is_expiry()).filter_map(|its| its.at);
    let reads = |call: Call| matches!(call, Call::Get | Call::Load(_)) || call.is_update();
    let operations = || history.operations().iter().enumerate();
    !operations().filter(|(_, read)| reads(read.call) && !read.settled).any(|(read, its)| {
        let met = |write: OperationId| {
            let first = history.operations()[write].first;
            write != read && (history.may_precede(write, read) || history.precedes_response(first, read))
        };
        operations().filter(|(_, write)| write.call.is_write() && write.key == its.key).any(|(by, _)| met(by))
            || history.versions(its.key).filter_map(|version| version.by).any(met)
            || expiries(its.key).any(|at| history.precedes_response(at, read))
    })
}
