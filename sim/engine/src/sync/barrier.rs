//! A barrier, as [`std::sync::Barrier`].
//!
//! Its word is the set of waiting tasks, one bit per task. A wait has two events: the task enters
//! the set, which commutes with the entries of other tasks, and then passes. The first task of a
//! group that passes removes the group from the set, and is the leader.

use std::fmt;
use std::panic::Location;
use std::sync;

use crate::event::{Action, Mode, NOTHING, Pending, Rule, RuleTag, TaskId};
use crate::history::Holds;
use crate::runtime::{self, Handle};

/// Passes the barrier. A task in the set is enabled when the set has enough tasks, and removes its
/// group; if the set has more, the choice selects the group. A task that has already been removed
/// passes at once, and entries of other tasks do not affect it.
static PASS: Rule = Rule {
    tag: RuleTag::BarrierPass,
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

/// The task's bit, and the number of other tasks that it waits for.
fn unpack(argument: u64) -> (u64, u32) {
    (1 << (argument & 63), (argument >> 8) as u32)
}

/// The number of groups of `size` tasks in `set`.
fn groups(set: u64, size: u32) -> u16 {
    let members = set.count_ones();
    if size > members {
        return 0;
    }
    let count = (0..u128::from(size)).fold(1, |count, i| count * (u128::from(members) - i) / (i + 1));
    u16::try_from(count).expect("a barrier has at most 65,535 ways to choose the tasks that pass")
}

/// The `choice`-th group of `size` tasks in `set`, in the order of their lowest tasks.
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

/// Lets tasks wait for each other. The order of arrival cannot be observed and is not explored; the
/// choice of the leader is explored.
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

/// The result of [`Barrier::wait`].
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this task is the leader of its group.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    /// Creates a barrier for this number of tasks.
    #[track_caller]
    pub fn new(tasks: usize) -> Self {
        Barrier { handle: Handle::new("a barrier", Holds::Tasks, 0), tasks, inner: sync::Barrier::new(tasks) }
    }

    /// Waits until enough tasks wait.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let source = Location::caller();
        let Some(task) = runtime::current_task() else {
            self.handle.check_at(source);
            return BarrierWaitResult(self.inner.wait().is_leader());
        };
        self.handle.perform(Action::Update(1 << task), source);
        // Any number above the maximum number of tasks has the same effect.
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
