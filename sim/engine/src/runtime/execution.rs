//! Consecutive runs of one program on one OS thread.
//!
//! A task announces each operation before it executes it, and resumes when the strategy chooses it.
//! If it is chosen at once, no stack is switched. Between two announcements only this task runs.
//! Spawns and joins are not events: a new task, and a task whose join has completed, run at once up
//! to their next announcement. So the next operation of every task is known at each decision.

use std::collections::BTreeMap;
use std::mem;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::abort::{Leaked, MAX_LEAKED};
use super::announce::Announced;
use super::announcements::Announcements;
use super::comparison::Comparison;
use super::current::DEFERRED;
use super::ending::{Ending, RunEnd};
use super::granted::Granted;
use super::record::{Recorded, Switch};
use super::sometimes::Sometimes;
use super::spawns::{SpawnLog, SpawnStep};
use super::task::Task;
use crate::coroutine::{Coroutine, StackPool};
use crate::dpor::Races;
use crate::event::Phase;
use crate::event::{Decision, Fingerprint, Pending, TaskId};
use crate::history::{Operation, Registry, Tracking, Trail};
use crate::stateful::{Monitor, State, TaskView, Unsupported};
use crate::strategy::{AnyStrategy, Prefix, StateModel};
use crate::watchdog::Pulse;

/// The state of an exploration on its OS thread.
pub(crate) struct Execution {
    pub(super) tasks: Vec<Task>,
    /// The spawns and joins of the run.
    pub(super) spawn_log: SpawnLog,
    /// The task that runs, and its operation.
    pub(super) turn: Turn,
    /// How the run ends, if not with the end of all its tasks.
    pub(super) end: RunEnd,
    /// The announced operations of the tasks.
    pub(super) announcements: Announcements,
    /// The data of runs that are compared with others.
    pub(crate) comparison: Comparison,
    /// The executed events, their races, and the names of their tasks and locations.
    pub(crate) history: History,
    /// The events of the run, if it is recorded.
    pub(crate) record: Vec<Recorded>,
    /// Descriptions of recorded events, by position, with the line that has caused each.
    pub(crate) annotations: BTreeMap<usize, (&'static Location<'static>, String)>,
    pub(crate) sometimes: Sometimes,
    pub(super) strategy: AnyStrategy,
    /// The current state, if the strategy uses it.
    pub(super) state: Option<State>,
    /// The monitor, which is notified of each event of the run.
    pub(super) monitor: Option<Rc<dyn Monitor>>,
    pub(crate) settings: RunSettings,
    pub(super) stacks: StackPool,
    /// The leaked tasks of all runs so far.
    pub(super) leaked: Option<Leaked>,
    /// The progress of the run, for the watchdog.
    pub(super) pulse: Arc<Pulse>,
}

/// The task that runs, and its operation.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) current: TaskId,
    pub(super) next: Option<Decision>,
    /// The result of the last operation.
    pub(super) granted: Granted,
    /// Whether the last event was a [right mover](Pending::is_right_mover) and its task has spawned
    /// none since.
    pub(super) is_right_mover: bool,
    /// The number of tasks that wait for a deadline which passes only if no other can continue.
    pub(super) idle_waits: u32,
    /// The task that waits until no other can continue.
    pub(super) quiescing: Option<TaskId>,
}

/// What an exploration knows of the events of its runs.
pub(crate) struct History {
    pub(crate) trail: Trail,
    pub(crate) races: Races,
    pub(crate) registry: Registry,
}

/// The settings of all runs of an exploration.
#[derive(Default)]
pub(crate) struct RunSettings {
    /// Whether the events are recorded.
    pub(super) recording: bool,
    /// Maximum number of events of a run.
    pub(super) max_steps: usize,
    /// Maximum number of spurious wakeups of a task: per condvar, and from parks.
    pub(crate) spurious_wakeups: u16,
    /// Maximum number of spurious failures of a task's weak compare-exchanges.
    pub(crate) spurious_failures: u16,
    /// Whether the stacks of an abandoned run are discarded instead of unwound.
    pub(super) discards: bool,
    /// Whether the search [joins movers](StateModel::joins_movers).
    pub(super) joins_movers: bool,
}

impl Execution {
    pub(crate) fn new(
        strategy: AnyStrategy,
        max_steps: usize,
        stack_size: usize,
        recording: bool,
        watchdog: Duration,
    ) -> Self {
        let model = match &strategy {
            AnyStrategy::Schedules(_) | AnyStrategy::Graphs(_) => None,
            AnyStrategy::States(_, model) => Some(*model),
        };
        let tracking = strategy.tracking();
        Execution {
            tasks: Vec::with_capacity(4),
            spawn_log: SpawnLog::default(),
            turn: Turn::default(),
            end: RunEnd::default(),
            announcements: Announcements::default(),
            comparison: Comparison::default(),
            history: History {
                trail: Trail::new(tracking),
                races: Races::new(tracking),
                registry: Registry::default(),
            },
            record: Vec::new(),
            annotations: BTreeMap::new(),
            sometimes: Sometimes::default(),
            strategy,
            state: model.map(|StateModel { is_symmetric, left_out, .. }| State::new(is_symmetric, left_out)),
            monitor: None,
            settings: RunSettings {
                recording,
                max_steps,
                joins_movers: model.is_some_and(|model| model.joins_movers),
                ..RunSettings::default()
            },
            stacks: StackPool::new(stack_size),
            leaked: None,
            pulse: Pulse::own(watchdog),
        }
    }

    /// Adds the races of operations that were announced and will not be executed. Must be called
    /// before the tasks are unwound, because that releases their locks.
    pub(super) fn find_races_of_blocked(&mut self) {
        if self.announcements.tasks == 0 || self.strategy.tracking() != Tracking::Races {
            return;
        }
        // The program differs from an earlier run, whose later events the trail still contains.
        if self.history.trail.is_repeating() {
            return;
        }
        for (id, task) in self.tasks.iter().enumerate() {
            if let Some(pending) = &task.pending {
                let condition = task.condition.as_deref();
                let operation = Operation { task: id as TaskId, pending, condition };
                self.history.races.add_blocked(&mut self.history.trail, operation, &self.history.registry);
            }
        }
    }

    /// Prepares the next run. Returns `false` if there is none.
    pub(crate) fn next_run(&mut self) -> bool {
        self.strategy.next_run(&mut self.history.trail, &self.history.races, &self.history.registry)
    }

    /// The prefixes that are still to be explored, after the last run.
    pub(crate) fn open(&mut self) -> Vec<Prefix> {
        match &mut self.strategy {
            AnyStrategy::Schedules(_) | AnyStrategy::Graphs(_) => Vec::new(),
            AnyStrategy::States(strategy, _) => strategy.open(&self.history.trail),
        }
    }

    pub(crate) fn strategy(&self) -> &AnyStrategy {
        &self.strategy
    }

    /// Whether the last run was cut short because all its continuations had been explored.
    pub(crate) fn was_redundant(&self) -> bool {
        self.end.is_redundant
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.settings.recording
    }

    /// For each task of the run its rank in an order that is the same in every exploration.
    pub(crate) fn ranks(&self) -> Vec<usize> {
        let is_there = |task: &TaskId| self.tasks[*task as usize].phase != Phase::Absent;
        let mut present: Vec<_> = (0..self.tasks.len() as TaskId).filter(is_there).collect();
        present.sort_by_cached_key(|&task| self.history.registry.path(task));
        let mut ranks = vec![0; self.tasks.len()];
        for (rank, &task) in present.iter().enumerate() {
            ranks[task as usize] = rank;
        }
        ranks
    }

    /// The task's spawn index in this run, from 0.
    pub(crate) fn order(&self, task: TaskId) -> TaskId {
        self.tasks[task as usize].order
    }

    /// The location of the loop because of which the run was aborted, and the number of its
    /// iterations.
    pub(crate) fn spinning(&self) -> Option<(&'static Location<'static>, usize)> {
        self.end.spinning
    }

    /// The leaked tasks of all runs so far, if their number has reached the maximum.
    pub(crate) fn leaves_too_many(&self) -> Option<Leaked> {
        self.leaked.filter(|left| left.tasks >= MAX_LEAKED)
    }

    /// The task's name: the given one, or else its [path](Registry::path). It is the same in all
    /// schedules.
    pub(crate) fn task_name(&self, task: TaskId) -> String {
        let name = self.tasks.get(task as usize).and_then(Task::name);
        name.cloned().unwrap_or_else(|| self.history.registry.task_name(task))
    }

    pub(super) fn begin_run(&mut self) {
        self.tasks.iter_mut().for_each(Task::forget);
        self.spawn_log.begin_run();
        self.turn = Turn::default();
        self.end = RunEnd::default();
        DEFERRED.set(0);
        self.pulse.begin_run();
        self.history.registry.begin_run();
        self.history.trail.begin_run();
        self.history.races.begin_run(self.history.trail.prefix());
        self.record.clear();
        self.annotations.clear();
        self.announcements.begin_run();
        self.monitor = None;
        if let Some(state) = &mut self.state {
            state.begin_run(self.history.registry.run());
        }
    }

    pub(super) fn add_task(&mut self, parent: Option<TaskId>, name: Option<String>) -> TaskId {
        let task = parent.map_or(0, |parent| {
            let spawner = &mut self.tasks[parent as usize];
            spawner.children += 1;
            let segment = self.state.as_ref().map_or(0, |state| state.segment(parent));
            self.history.registry.child(parent, segment, spawner.children - 1)
        });
        if self.tasks.len() <= task as usize {
            self.tasks.resize_with(task as usize + 1, Task::default);
            self.history.trail.fit(task);
        }
        self.turn.is_right_mover = false;
        if let Some(parent) = parent {
            self.history.trail.spawn(parent, task);
            self.spawned_in_graph(parent, task);
            self.record_spawn_step(parent, SpawnStep::Spawn(task));
        }
        if let Some(state) = &mut self.state {
            let nth = parent.map_or(0, |parent| self.tasks[parent as usize].children);
            state.spawned(task, parent, nth);
        }
        let slot = &mut self.tasks[task as usize];
        slot.phase = Phase::Starting;
        slot.order = self.spawn_log.count;
        self.spawn_log.count += 1;
        if name.is_some() {
            slot.rare().name = name;
        }
        self.pulse.spawn(task, self.tasks[task as usize].name());
        task
    }

    /// Executes the pending operation of `task`.
    #[inline]
    pub(super) fn execute(&mut self, Decision { task, choice }: Decision, atomic_with_previous: bool) {
        self.turn.current = task;
        self.pulse.resume(task);
        if self.settings.recording {
            self.record(task);
        }
        let slot = &mut self.tasks[task as usize];
        let position = if self.history.trail.is_repeating() {
            self.history.trail.repeat(&mut self.history.registry)
        } else {
            let pending = slot.pending.as_ref().expect("the chosen task has announced an operation");
            let condition = slot.condition.as_deref();
            let operation = Operation { task, pending, condition };
            let position = self.history.trail.push(
                operation,
                choice,
                atomic_with_previous,
                &mut self.history.registry,
                &mut self.history.races,
            );
            if let Some(announced) = &mut self.announcements.fingerprint {
                *announced ^= pending.fingerprint(task);
            }
            if !self.end.finishing {
                self.strategy.executed(&self.history.trail);
            }
            position
        };
        self.turn.is_right_mover = slot.pending.as_ref().is_some_and(Pending::is_right_mover);
        slot.condition = None;
        self.announcements.tasks &= !(1 << task);
        self.grant(position);
        if self.is_observed()
            && let Some(pending) = self.tasks[task as usize].pending
        {
            self.observe(position, &pending);
        }
        // Without a move, which would copy it.
        self.tasks[task as usize].pending = None;
    }

    /// Executes the next decision. Returns the task and its coroutine, which is to be resumed.
    #[inline]
    pub(super) fn begin_next(&mut self) -> Option<(TaskId, Coroutine)> {
        let decision = self.turn.next.take()?;
        self.execute(decision, false);
        Some((decision.task, self.tasks[decision.task as usize].coroutine.take()?))
    }

    /// Chooses the next decision and executes it.
    pub(super) fn decide_and_begin(&mut self) -> Option<(TaskId, Coroutine)> {
        self.turn.next = self.decide();
        self.begin_next()
    }

    /// Takes back the coroutine of `task`, which has announced an operation or ended. If it has
    /// ended, returns the tasks that wait for its end, one bit per task.
    #[inline]
    pub(super) fn leave(&mut self, task: TaskId, coroutine: Coroutine, ended: bool) -> u64 {
        self.change(task);
        let slot = &mut self.tasks[task as usize];
        if !ended {
            slot.coroutine = Some(coroutine);
            if slot.phase == Phase::Starting {
                slot.phase = Phase::Ready;
            }
            return 0;
        }
        slot.phase = Phase::Ended;
        let joiners = mem::take(&mut slot.joiners);
        self.stacks.put(coroutine.into_frame());
        joiners
    }

    /// Makes the current task wait for the end of `other`, unless it has ended. All events of
    /// `other` happen before the task's next event. `can_unwind`: whether the task may unwind
    /// instead if the run is aborted.
    pub(super) fn waits_for_end_of(&mut self, other: TaskId, can_unwind: bool) -> Announced {
        let task = self.turn.current;
        if let Some(state) = &mut self.state {
            state.read_end(other);
        }
        if self.tasks[other as usize].phase == Phase::Ended {
            self.record_spawn_step(task, SpawnStep::Join(other));
            self.joined(task, other);
            return Announced::Done;
        }
        if self.end.aborting {
            return self.join_aborted(other, can_unwind);
        }
        self.record_spawn_step(task, SpawnStep::Join(other));
        let was_starting = self.tasks[task as usize].phase == Phase::Starting;
        self.tasks[other as usize].joiners |= 1 << task;
        self.tasks[task as usize].phase = Phase::Joining(other);
        self.change(task);
        if !was_starting {
            self.turn.next = self.decide();
        }
        Announced::Wait
    }

    /// Records that the join of `other` by `task` has completed.
    pub(super) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.history.trail.join(task, other);
        self.joined_in_graph(task, other);
        if let Some(state) = &mut self.state {
            state.joined(task, other);
        }
    }

    #[inline]
    pub(super) fn grant(&mut self, position: usize) {
        let choice = self.history.trail.events()[position].footprint.choice;
        self.turn.granted = Granted::new(self.history.trail.accesses(position), choice);
    }

    /// Whether the state or a monitor processes each event.
    #[inline]
    pub(super) fn is_observed(&self) -> bool {
        (self.state.is_some() || self.monitor.is_some()) && !self.end.finishing
    }

    /// Reports the executed event at `position` to the state and the monitor.
    pub(super) fn observe(&mut self, position: usize, pending: &Pending) {
        let (event, accesses) =
            (&self.history.trail.events()[position], self.history.trail.accesses(position));
        if let Some(state) = &mut self.state {
            self.turn.granted = self.turn.granted.only_observed(pending, accesses);
            state.executed(pending, event, accesses, &self.history.registry);
        }
        if let Some(monitor) = &self.monitor
            && !event.atomic_with_previous
        {
            monitor.step(event.footprint.task.into());
        }
    }

    /// The fingerprint of the current state, if the search uses it.
    #[inline]
    pub(super) fn state(&mut self) -> Option<Fingerprint> {
        let state = self.state.as_mut()?;
        let tasks = &self.tasks;
        let view = |task: TaskId| {
            let task = &tasks[usize::from(task)];
            TaskView { phase: task.phase, pending: task.pending.as_ref() }
        };
        Some(state.fingerprint(tasks.len(), view, &self.history.registry, self.monitor.as_deref()))
    }

    /// Aborts the run, because a search of states does not support it.
    #[cold]
    pub(super) fn refuse(&mut self, unsupported: Unsupported) {
        self.end.unsupported = Some(unsupported);
        self.end.ending = Some(Ending::TooLong);
        self.turn.next = None;
    }

    /// The unsupported operation because of which the run was aborted.
    pub(crate) fn unsupported(&self) -> Option<Unsupported> {
        self.end.unsupported
    }

    /// Marks the state of the task as changed.
    #[inline]
    pub(super) fn change(&mut self, task: TaskId) {
        if let Some(state) = &mut self.state {
            state.change(task);
        }
    }

    /// Records the pending operation of `task`, and the reason for the context switch before it.
    fn record(&mut self, task: TaskId) {
        let last = self.history.trail.events().last().map(|event| event.footprint.task);
        let switch = last.filter(|&last| last != task).map(|last| {
            let its = &self.tasks[last as usize];
            match (its.phase, its.pending) {
                (Phase::Joining(other), _) => Switch::Joins(other),
                (_, Some(pending)) if its.alternatives(&self.history.registry) == 0 => Switch::Waits(pending),
                (_, Some(_)) => Switch::Chosen,
                (_, None) => Switch::Ended,
            }
        });
        let pending = self.tasks[task as usize].pending.expect("the chosen task has announced an operation");
        self.record.push(Recorded { pending, switch });
    }
}
