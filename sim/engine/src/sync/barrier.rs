//! A barrier, as [`std::sync::Barrier`].
//!
//! Its word is the set of the tasks that wait, a bit for each. To wait is two events: to enter the set, which commutes with
//! others' entering, and to pass. The first to pass takes its group out of the set, and is the leader.

use std::fmt;
use std::panic::Location;
use std::sync;

use crate::event::{Action, Mode, NOTHING, Pending, Rule, TaskId};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// Passing. A task that is in the set goes on once enough are, and takes them out; if there are more than enough, which
/// of them is a choice. One that has been taken out just goes on: nobody's entering changes that.
static PASS: Rule = Rule {
    tag: 99,
    alternatives: |states, argument| {
        let (own, others) = unpack(argument);
        if states[0] & own == 0 { 1 } else { groups(states[0] & !own, others) }
    },
    outcome: |states, argument, choice| {
        let (own, others) = unpack(argument);
        let set = states[0];
        if set & own == 0 {
            return [(Mode::Glance, set), NOTHING, NOTHING];
        }
        let left = set & !own & !group(set & !own, others, choice);
        [(Mode::Write, left), NOTHING, NOTHING]
    },
    may_be_disabled_by: |_, before, after, _| before & !after != 0,
    what: "pass",
};

fn pack(task: TaskId, others: u32) -> u64 {
    u64::from(task) | u64::from(others) << 8
}

/// The task's own bit, and how many others it waits for.
fn unpack(argument: u64) -> (u64, u32) {
    (1 << (argument & 63), (argument >> 8) as u32)
}

/// How many groups of `size` there are in `set`.
fn groups(set: u64, size: u32) -> u16 {
    let members = set.count_ones();
    if size > members {
        return 0;
    }
    let count = (0..u128::from(size)).fold(1, |count, i| count * (u128::from(members) - i) / (i + 1));
    u16::try_from(count).expect("a barrier has at most 65,535 ways to choose who passes")
}

/// The `choice`-th group of `size` in `set`: those with the lowest task are first.
fn group(set: u64, size: u32, mut choice: u16) -> u64 {
    let (mut rest, mut size, mut group) = (set, size, 0);
    while size > 0 && rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        rest &= !lowest;
        let with_lowest = groups(rest, size - 1);
        if choice < with_lowest {
            group |= lowest;
            size -= 1;
        } else {
            choice -= with_lowest;
        }
    }
    group
}

/// Lets tasks wait for each other. The order in which they come is not explored, since nobody can tell; which one is the
/// leader is.
///
/// Outside an exploration it is std's barrier.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::{Arc, Barrier};
/// use selvedge_engine::{Explorer, thread};
///
/// let report = Explorer::optimal().run(|| {
///     let barrier = Arc::new(Barrier::new(3));
///     let tasks: Vec<_> = (0..3)
///         .map(|_| {
///             let barrier = Arc::clone(&barrier);
///             thread::spawn(move || barrier.wait().is_leader())
///         })
///         .collect();
///     let leaders = tasks.into_iter().filter_map(|task| task.join().ok()).filter(|&leads| leads);
///     assert_eq!(leaders.count(), 1);
/// });
/// assert_eq!(report.executions, 3); // one for each leader
/// ```
pub struct Barrier {
    handle: Handle,
    tasks: usize,
    inner: sync::Barrier,
}

/// What a task learns when it has passed.
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this task is the one of its group that leads.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// A barrier for so many tasks.
    pub fn new(tasks: usize) -> Self {
        Barrier { handle: Handle::new("a barrier", Holds::Tasks, 0), tasks, inner: sync::Barrier::new(tasks) }
    }

    /// Waits until as many tasks wait as the barrier is for.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let source = Location::caller();
        let Some(task) = runtime::current_task() else {
            self.handle.check_at(source);
            return BarrierWaitResult(self.inner.wait().is_leader());
        };
        self.handle.perform(Action::Update(1 << task), source);
        // More than there can be tasks is as good as any such number.
        let others = self.tasks.saturating_sub(1).min(crate::MAX_TASKS) as u32;
        let pending = Pending::ruled(&[self.handle.location()], &PASS, pack(task, others), source);
        let passed = self.handle.perform_all(&pending);
        BarrierWaitResult(passed.is_some_and(|passed| passed.before & 1 << task != 0))
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("tasks", &self.tasks).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted_and_each_is_another() {
        let set = 0b1011_0110;
        for size in 0..=5 {
            let all: std::collections::BTreeSet<u64> =
                (0..groups(set, size)).map(|choice| group(set, size, choice)).collect();
            assert_eq!(all.len(), groups(set, size).into());
            assert!(all.iter().all(|group| group & !set == 0 && group.count_ones() == size));
        }
        assert_eq!((groups(set, 2), groups(set, 6)), (10, 0));
    }
}
