//! The spawn order of the tasks in a schedule, computed without running it.
//!
//! A schedule identifies a task by its spawn order. If several tasks spawn others, two schedules of
//! one class may spawn tasks in different orders, so the task numbers of one run do not apply to
//! the other. Spawns and joins are not events; each happens right after an event of its task, or at
//! the start of the task. So the events determine the spawn order.

use super::execution::Execution;
use crate::event::Phase;
use crate::event::{Decision, TaskId};
use crate::schedule::Schedule;

/// A spawn or a join between two events of a task.
#[derive(Clone, Copy, Debug)]
pub(super) enum SpawnStep {
    Spawn(TaskId),
    Join(TaskId),
}

/// A spawn or a join, with the number of events that its task had executed before it.
#[derive(Clone, Copy, Debug)]
struct RecordedStep {
    task: TaskId,
    after: u32,
    step: SpawnStep,
}

/// The spawns and joins of a run.
#[derive(Default)]
pub(super) struct SpawnLog {
    /// The number of spawned tasks, including the main task.
    pub(super) count: TaskId,
    /// The spawns and joins in order.
    steps: Vec<RecordedStep>,
}

impl SpawnLog {
    pub(super) fn begin_run(&mut self) {
        self.count = 0;
        self.steps.clear();
    }
}

impl Execution {
    /// Records that `task` has spawned another task or is about to join it.
    pub(super) fn record_spawn_step(&mut self, task: TaskId, step: SpawnStep) {
        let after = self.history.trail.task_clock(task).get(usize::from(task)).copied().unwrap_or(0);
        self.spawn_log.steps.push(RecordedStep { task, after, step });
    }

    /// Renames the tasks in `decisions`, a schedule of this run's class, from their numbers in this
    /// run to their numbers when that schedule is run alone.
    pub(crate) fn schedule_of(&self, decisions: &[Decision]) -> Schedule {
        let mut spawns = Spawns::new(self, decisions);
        spawns.run_to_next_event(0);
        let mut renamed = Vec::with_capacity(decisions.len());
        for &Decision { task, choice } in decisions {
            let number = spawns.numbers[usize::from(task)];
            debug_assert!(number.is_some(), "a task has an event before it is spawned");
            renamed.push(Decision { task: number.unwrap_or_else(|| self.order(task)), choice });
            spawns.executed[usize::from(task)] += 1;
            spawns.run_to_next_event(task);
        }
        let schedule = Schedule::new(renamed);
        match self.current_graph() {
            Some(graph) => schedule.of_graph(graph.overlooked(decisions.iter().map(|its| its.task))),
            None => schedule,
        }
    }
}

/// The tasks after a prefix of a schedule.
struct Spawns {
    /// For each task, its remaining spawns and joins, the next one last.
    left: Vec<Vec<(u32, SpawnStep)>>,
    /// The number of executed events of each task.
    executed: Vec<u32>,
    /// The total number of events of each task that ends after them.
    last: Vec<Option<u32>>,
    has_ended: Vec<bool>,
    /// For each task, the tasks that wait for its end.
    joiners: Vec<Vec<TaskId>>,
    numbers: Vec<Option<TaskId>>,
    spawned: TaskId,
}

impl Spawns {
    fn new(execution: &Execution, decisions: &[Decision]) -> Self {
        let count = execution.tasks.len();
        let mut events = vec![0; count];
        decisions.iter().for_each(|decision| events[usize::from(decision.task)] += 1);
        let last = execution.tasks.iter().zip(events);
        let last = last.map(|(task, events)| (task.phase == Phase::Ended).then_some(events)).collect();
        let mut left = vec![Vec::new(); count];
        for recorded in execution.spawn_log.steps.iter().rev() {
            left[usize::from(recorded.task)].push((recorded.after, recorded.step));
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

    /// Runs `task` up to its next event, to a join that has to wait, or to its end.
    fn run_to_next_event(&mut self, task: TaskId) {
        let own = usize::from(task);
        while let Some(&(after, step)) = self.left[own].last() {
            if after > self.executed[own] {
                return;
            }
            match step {
                SpawnStep::Spawn(child) => {
                    self.numbers[usize::from(child)] = Some(self.spawned);
                    self.spawned += 1;
                    self.left[own].pop();
                    self.run_to_next_event(child);
                }
                SpawnStep::Join(other) if self.has_ended[usize::from(other)] => drop(self.left[own].pop()),
                SpawnStep::Join(other) => {
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
            joiners.into_iter().for_each(|joiner| self.run_to_next_event(joiner));
        }
    }
}
