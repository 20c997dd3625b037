//! How a run ended.

use std::panic::Location;

use super::execution::Execution;
use super::panics::PanicReport;
use super::task::Task;
use crate::event::Phase;
use crate::event::{Event, Pending, TaskId};
use crate::stateful::Unsupported;
use crate::text::place;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every task ended.
    Complete,
    /// No task was enabled, and some had not ended. One line for each of them: the operation that
    /// it waits for, and where.
    Deadlock(Vec<String>),
    /// A task panicked, and no other task took its result.
    Panic {
        /// The name of the task that panicked first in the run.
        task: String,
        /// Its message and location. If it results from another panic, as when a task unwraps the
        /// result of a `join`, this is the first panic, and the message has an additional line
        /// `then … panicked at …`.
        report: PanicReport,
    },
    /// The run reached the bound on steps or on spins, and was aborted.
    TooLong,
    /// The program behaved differently from an earlier run: its behaviour at this step in both
    /// runs.
    Nondeterministic(String),
}

/// The reasons why a run ended before its tasks.
#[derive(Default)]
pub(super) struct RunEnd {
    /// The ending, if the run was stopped.
    pub(super) ending: Option<Ending>,
    /// The loop because of which the run was aborted, and the number of its iterations.
    pub(super) spinning: Option<(&'static Location<'static>, usize)>,
    /// The operation because of which a search of states aborted the run.
    pub(super) unsupported: Option<Unsupported>,
    /// The strategy cut the run short, because all its continuations have been explored. An optimal
    /// strategy never does.
    pub(super) is_redundant: bool,
    /// The first panic that ended a task. Other panics may result from it.
    pub(super) first_panic: Option<(TaskId, PanicReport)>,
    /// The run is redundant, and continues in any order: that costs less than unwinding its tasks.
    pub(super) finishing: bool,
    /// The tasks that have not ended unwind.
    pub(super) aborting: bool,
}

impl Execution {
    /// Returns how the run ended, when no task is enabled.
    pub(super) fn ending(&self) -> Ending {
        if let Some(stopped) = &self.end.ending {
            return stopped.clone();
        }
        if self.end.is_redundant {
            // The details of this deadlock are not reported.
            return Ending::Deadlock(Vec::new());
        }
        let is_over =
            |task: &Task| matches!(task.phase, Phase::Absent | Phase::Ended) && task.panicked().is_none();
        let over = |task: &Task| is_over(task) || task.serves;
        if self.tasks.iter().all(over) {
            return Ending::Complete;
        }
        let panicked = (0..).zip(&self.tasks).filter_map(|(id, task)| Some((id, task.panicked()?)));
        if let Some((task, report)) = panicked.min_by_key(|&(id, _)| self.history.registry.path(id)) {
            return self.panicked(task, report);
        }
        let mut waiting: Vec<(TaskId, String)> = (0..)
            .zip(&self.tasks)
            .filter(|(_, task)| !task.serves)
            .filter_map(|(id, task)| Some((id, self.waits_for(id, task)?)))
            .collect();
        // Task numbers depend on earlier schedules; paths do not.
        waiting.sort_by_cached_key(|&(id, _)| self.history.registry.path(id));
        Ending::Deadlock(waiting.into_iter().map(|(_, line)| line).collect())
    }

    /// The ending of a run in which `task` panicked and no task took the panic. If another panic
    /// preceded it, reports that one first, as the cause: the message of an unwrapped `join` or
    /// poisoned lock does not contain it.
    fn panicked(&self, task: TaskId, report: &PanicReport) -> Ending {
        let (first, cause) = match &self.end.first_panic {
            Some((first, cause)) => (*first, cause),
            None => (task, report),
        };
        let mut shown = cause.clone();
        if cause != report {
            let name = self.task_name(task);
            shown.message += &format!("\nthen {name} panicked at {}: {}", report.location, report.message);
        }
        Ending::Panic { task: self.task_name(first), report: shown }
    }

    pub(super) fn waits_for(&self, id: TaskId, task: &Task) -> Option<String> {
        match (task.phase, &task.pending) {
            (Phase::Joining(other), _) => {
                Some(format!("{} waits for the end of {}", self.task_name(id), self.task_name(other)))
            }
            (Phase::Quiescing, _) => {
                Some(format!("{} waits until no other task can continue", self.task_name(id)))
            }
            (Phase::Ready | Phase::Starting, Some(pending)) => {
                let name = self.task_name(id);
                let what = pending.describe();
                let object = pending
                    .actions()
                    .first()
                    .map(|(location, _)| self.history.registry.name(*location))
                    .unwrap_or_default();
                let holder = self.holder(id, pending).unwrap_or_default();
                Some(format!("{name} waits to {what} {object}, at {}{holder}", place(pending.source)))
            }
            _ => None,
        }
    }

    /// Describes the holder of the lock that `task` waits for.
    pub(super) fn holder(&self, task: TaskId, pending: &Pending) -> Option<String> {
        let &(location, _) = pending.actions().first()?;
        let holder = |taken: &Event, how: &str| {
            let holder = taken.footprint.task;
            let whose = if holder == task { "it has itself".to_owned() } else { self.task_name(holder) };
            let has = if holder == task { "" } else { " has" };
            format!("{whose}{has} held{how} since {}", place(taken.source))
        };
        if let Some(taken) = self.history.trail.taken_by(location) {
            return Some(format!(", which {}", holder(taken, "")));
        }
        let readers = self.history.trail.shared_by(location);
        let readers: Vec<String> = readers.into_iter().map(|taken| holder(taken, " for reading")).collect();
        (!readers.is_empty()).then(|| format!(", which {}", readers.join(", and ")))
    }
}
