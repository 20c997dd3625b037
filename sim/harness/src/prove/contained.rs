//! The clients that need no search of their own.
//!
//! Let `c` be a client with the keys `k1 … kn`, in the order in which the observer reads them. For
//! a thread `t` of `c`, let `c(t)` be `c` with the calls `get k1, …, get kn` appended to `t`. If
//! `c` and all of its `c(t)` are in the family, and the conditions below hold, then a violation in
//! a schedule of `c` implies one in a schedule of some `c(t)`. So if every `c(t)` is clean, `c` is
//! clean. Each `c(t)` has more calls than `c`, and the family is finite: by induction from the
//! largest clients downwards, the clients that are contained in no other decide.
//!
//! **Proof.** A schedule `s` of `c` is the calls of its threads, up to a point at which no task can
//! move but the observer, followed by the observer's reads `o1 … on`.
//!
//! 1. *`c(t)` starts like `c`.* It has the same keys, so that the tiers start with the same
//!    contents; the appended calls write nothing, so that the values have the same numbers. In
//!    `c(t)`, execute the steps of `s` before the observer's. It is possible: the appended calls
//!    follow the last call of `t`, and have not begun.
//! 2. *If `s` panics* there, `c(t)` panics too. *If it is a deadlock*, some thread of `c` has not
//!    ended. Choose it as `t`: the appended calls are never reached, and no other call is left. So
//!    `c(t)` has the same deadlock. (For another `t`, an appended call might wake the thread.
//!    Therefore *every* `c(t)` must be clean.)
//! 3. *Otherwise* all threads of `c` have ended. In `c(t)`, execute the appended calls next, one
//!    after another, and then the observer. The state and the code are those of the observer's
//!    reads in `s`: each `get ki` returns the result of `oi`, panics as `oi` does, or waits for
//!    ever as `oi` does, when no other thread is left.
//! 4. *Stale, inverted, lost update, crossed and phantom* depend on the results, on which calls end
//!    before which begin, and on the versions. A call that begins after a read has ended explains
//!    nothing that the read returned. So for each call of `c`, and for each `oi` in the form of
//!    `get ki`, the rule is broken in the schedule of `c(t)` if it is in `s`. The oracle is exact
//!    for a class of schedules: it finds what any schedule of the class shows.
//! 5. *Lasting* is judged for the observer's reads only. If `oi` is lasting, it returned another
//!    content than that of the last version. All calls of `c` have ended with an answer, so that
//!    the call that made this version is acknowledged before `get ki` begins. Then `get ki` is
//!    stale, crossed or phantom, which each level that the conditions allow forbids.
//!
//! **Conditions**, and where the proof uses them:
//!
//! - The level is `linearizable` or `regular` (5). `eventual` allows the stale read of `c(t)`.
//! - No faults and no drops (5): an operation whose outcome is unknown is never acknowledged, and
//!   its version can be the last.
//! - The operations of `c` are among [`ANSWERED`] (5): each version that they make is acknowledged
//!   when they end. A `load` makes a version and replies with a read; `unnotified` is another
//!   node's; `stall` leaves a call without an answer, and adds a step at the end of its thread (1).
//!   `get-many` reads all keys in one call, and adds nothing that `get` lacks; it is left out
//!   because its reply is unknown if a tier lacks a key.
//! - Keys of the remote tier do not expire (3): after the threads, the world lets expired keys go
//!   before the observer reads, and this step does not precede an appended `get`.
//! - One node (1, 3): each node has an observer, and notifications arrive before it.
//!
//! `tests/prove.rs` compares searches with and without this rule.

use super::family::{Family, Start};
use crate::scenario::{Level, OpKind, RemoteStart};

/// The operations whose versions are all acknowledged when they end.
const ANSWERED: [OpKind; 9] = [
    OpKind::Get,
    OpKind::Set,
    OpKind::Delete,
    OpKind::Update,
    OpKind::CompareAndSet,
    OpKind::Evict,
    OpKind::Forget,
    OpKind::Notified,
    OpKind::NotifiedAll,
];

impl Family {
    /// Whether larger clients of the family contain the client with these operations, `calls` in
    /// all on `keys` keys, from this start.
    pub(super) fn contains_larger(
        &self,
        start: Start,
        calls: usize,
        keys: usize,
        mut operations: impl Iterator<Item = OpKind>,
    ) -> bool {
        matches!(self.level, Level::Linearizable | Level::Regular)
            && self.faults == 0
            && self.drops == 0
            && self.nodes == 1
            && start.remote != RemoteStart::Expiring
            && calls + keys <= self.bounds.calls
            && operations.all(|kind| ANSWERED.contains(&kind))
    }
}
