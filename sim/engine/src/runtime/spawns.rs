//! In which order a schedule spawns its tasks, without running it.
//!
//! A schedule names a task by its spawn order. Two schedules of one class may spawn tasks in different orders, where several
//! tasks spawn: the numbers of one run are not the numbers of another. Spawning and joining are no events, and each happens
//! right after an event of its task, or at the task's start; so the order follows from the order of the events.

use super::execution::Execution;
use super::task::Phase;
use crate::event::{Decision, TaskId};
use crate::schedule::Schedule;

/// What a task did between two of its events.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    Spawn(TaskId),
    Join(TaskId),
}

/// A deed, with how many events its task had executed before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    task: TaskId,
    after: u32,
    deed: Deed,
}

impl Execution {
    /// Notes that `task` has spawned another or is about to join it.
    pub(super) fn note_deed(&mut self, task: TaskId, deed: Deed) {
        let after = self.trail.task_clock(task).get(usize::from(task)).copied().unwrap_or(0);
        self.deeds.push(Noted { task, after, deed });
    }

    /// The schedule with these turns, which have the numbers of this run's tasks: in it, tasks have the numbers that they
    /// have when it is run by itself. The turns are those of a schedule of this run's class.
    pub(crate) fn schedule_of(&self, turns: &[Decision]) -> Schedule {
        let mut spawns = Spawns::new(self, turns);
        spawns.go_on(0);
        let mut renamed = Vec::with_capacity(turns.len());
        for &Decision { task, choice } in turns {
            let number = spawns.numbers[usize::from(task)];
            debug_assert!(number.is_some(), "a task has an event before it is spawned");
            renamed.push(Decision { task: number.unwrap_or_else(|| self.order(task)), choice });
            spawns.executed[usize::from(task)] += 1;
            spawns.go_on(task);
        }
        Schedule::new(renamed)
    }
}

/// The tasks of a schedule, as far as it has come.
struct Spawns {
    /// Of each task, what it does between its events, the next deed last.
    left: Vec<Vec<(u32, Deed)>>,
    /// How many events each task has executed.
    executed: Vec<u32>,
    /// How many events each task has, if it ends after them.
    last: Vec<Option<u32>>,
    has_ended: Vec<bool>,
    /// Of each task, those that wait for its end.
    joiners: Vec<Vec<TaskId>>,
    numbers: Vec<Option<TaskId>>,
    spawned: TaskId,
}

impl Spawns {
    fn new(execution: &Execution, turns: &[Decision]) -> Self {
        let count = execution.tasks.len();
        let mut events = vec![0; count];
        turns.iter().for_each(|turn| events[usize::from(turn.task)] += 1);
        let last = execution.tasks.iter().zip(events);
        let last = last.map(|(task, events)| (task.phase == Phase::Ended).then_some(events)).collect();
        let mut left = vec![Vec::new(); count];
        for noted in execution.deeds.iter().rev() {
            left[usize::from(noted.task)].push((noted.after, noted.deed));
        }
        let mut numbers = vec![None; count];
        numbers[0] = Some(0);
        Spawns {
            left,
            executed: vec![0; count],
            last,
            has_ended: vec![false; count],
            joiners: vec![Vec::new(); count],
            numbers,
            spawned: 1,
        }
    }

    /// `task` runs up to its next event, to a join that it has to wait for, or to its end.
    fn go_on(&mut self, task: TaskId) {
        let own = usize::from(task);
        while let Some(&(after, deed)) = self.left[own].last() {
            if after > self.executed[own] {
                return;
            }
            match deed {
                Deed::Spawn(child) => {
                    self.numbers[usize::from(child)] = Some(self.spawned);
                    self.spawned += 1;
                    self.left[own].pop();
                    self.go_on(child);
                }
                Deed::Join(other) if self.has_ended[usize::from(other)] => drop(self.left[own].pop()),
                Deed::Join(other) => {
                    let joiners = &mut self.joiners[usize::from(other)];
                    if !joiners.contains(&task) {
                        joiners.push(task);
                    }
                    return;
                }
            }
        }
        if self.last[own] == Some(self.executed[own]) && !self.has_ended[own] {
            self.has_ended[own] = true;
            let mut joiners = std::mem::take(&mut self.joiners[own]);
            joiners.sort_by_key(|&joiner| self.numbers[usize::from(joiner)]);
            joiners.into_iter().for_each(|joiner| self.go_on(joiner));
        }
    }
}
