//! How a run ended, in words.

use std::panic::Location;

use super::execution::Execution;
use super::panics::PanicReport;
use super::task::{Phase, Task};
use crate::event::{Pending, TaskId};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every task ended.
    Complete,
    /// No task could go on, and some had not ended: one line for each, saying what it waits for and where.
    Deadlock(Vec<String>),
    /// A task panicked, and no other task took its result.
    Panic {
        /// The task's name.
        task: String,
        /// What it said.
        report: PanicReport,
    },
    /// The run reached the bound on steps or on spins, and was given up.
    TooLong,
    /// The program did not do the same again: what it did at this step, and what it had done there before.
    Nondeterministic(String),
}

impl Execution {
    /// How the run ended, now that no task goes on.
    pub(super) fn ending(&self) -> Ending {
        if let Some(stopped) = &self.stopped {
            return stopped.clone();
        }
        if self.strategy.was_redundant() {
            // Nobody will ask who waits for what.
            return Ending::Deadlock(Vec::new());
        }
        let over =
            |task: &Task| matches!(task.phase, Phase::Absent | Phase::Ended) && task.panicked().is_none();
        if self.tasks.iter().all(over) {
            return Ending::Complete;
        }
        let panicked = self.tasks.iter().enumerate().find_map(|(id, task)| Some((id, task.panicked()?)));
        if let Some((task, report)) = panicked {
            return Ending::Panic { task: self.task_name(task as TaskId), report: report.clone() };
        }
        let waiting: Vec<String> = self
            .tasks
            .iter()
            .enumerate()
            .filter_map(|(id, task)| self.waits_for(id as TaskId, task))
            .collect();
        Ending::Deadlock(waiting)
    }

    pub(super) fn waits_for(&self, id: TaskId, task: &Task) -> Option<String> {
        match (task.phase, &task.pending) {
            (Phase::Joining(other), _) => {
                Some(format!("{} waits for the end of {}", self.task_name(id), self.task_name(other)))
            }
            (Phase::Quiescing, _) => {
                Some(format!("{} waits until no other task can go on", self.task_name(id)))
            }
            (Phase::Ready | Phase::Starting, Some(pending)) => {
                let name = self.task_name(id);
                let what = pending.describe();
                let object =
                    pending.actions().first().map_or("", |(location, _)| self.registry.name(*location));
                let holder = self.holder(id, pending).unwrap_or_default();
                Some(format!("{name} waits to {what} {object}, at {}{holder}", place(pending.source)))
            }
            _ => None,
        }
    }

    /// Who holds the lock that `task` waits for, in words.
    pub(super) fn holder(&self, task: TaskId, pending: &Pending) -> Option<String> {
        let &(location, _) = pending.actions().first()?;
        let taken = self.trail.taken_by(location, &self.registry)?;
        let holder = taken.footprint.task;
        let whose = if holder == task { "it has itself".to_owned() } else { self.task_name(holder) };
        let has = if holder == task { "" } else { " has" };
        Some(format!(", which {whose}{has} held since {}", place(taken.source)))
    }
}

/// Where an operation is in the program.
pub(super) fn place(source: &Location<'_>) -> String {
    format!("{}:{}", source.file(), source.line())
}
