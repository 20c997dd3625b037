//! Whether a history could have shown anything at all.

use crate::history::History;

/// Whether no read overlapped or followed a write of its key, so that nothing could have gone wrong.
///
/// A case is vacuous if all of its histories are. The harness's own reads, after everything has settled, do
/// not count: a scenario that reads nothing is vacuous. For the pair, a read counts if some schedule of the
/// class has all of the write before it, or if the write begins before the read ends in all of them.
pub fn vacuous(history: &History) -> bool {
    let operations = || history.operations().iter().enumerate();
    !operations().filter(|(_, read)| !read.call.is_write() && !read.settled).any(|(read, its)| {
        operations()
            .filter(|(_, write)| write.call.is_write() && write.key == its.key)
            .any(|(write, by)| history.may_precede(write, read) || history.precedes_response(by.first, read))
    })
}
