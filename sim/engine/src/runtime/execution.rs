//! One run after the other of the same program, on one OS thread.
//!
//! A task announces each operation before it does it, and goes on when the strategy says that it is its turn; if that is
//! at once, no stack is switched. Between two announcements a task runs alone. Spawning and joining are not events: a new
//! task, and one whose join has been met, run at once up to their next announcement, so that whenever a choice is made
//! the next operation of every task is known.

use std::mem;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::abort::{Leaked, MAX_LEAKED};
use super::announce::Announced;
use super::current::DEFERRED;
use super::ending::Ending;
use super::granted::Granted;
use super::panics::PanicReport;
use super::record::{Recorded, Switch};
use super::sometimes::Sometimes;
use super::spawns::{Deed, Noted};
use super::task::{Phase, Task};
use crate::coroutine::{Coroutine, StackPool};
use crate::dpor::Races;
use crate::event::{Fingerprint, Pending, TaskId, Turn};
use crate::history::{FEW, Operation, Registry, Tracking, Trail};
use crate::stateful::{Monitor, Part, State, Unfit};
use crate::strategy::{Strategy, Way};
use crate::watchdog::Pulse;

/// The exploration that is going on.
pub(crate) struct Execution {
    pub(super) tasks: Vec<Task>,
    /// How many tasks there have been in the run.
    pub(super) spawned: TaskId,
    /// What the tasks of the run have spawned and joined, in order.
    pub(super) deeds: Vec<Noted>,
    pub(super) current: TaskId,
    pub(super) next: Option<Turn>,
    pub(super) granted: Granted,
    pub(super) aborting: bool,
    /// The run goes on to its end in any order, because nothing more is to be found out in it: that costs less than to
    /// unwind its tasks.
    pub(super) finishing: bool,
    /// The first panic that ended a task of the run: others may follow from it.
    pub(super) first_panic: Option<(TaskId, PanicReport)>,
    /// The strategy [joins movers](Strategy::joins_movers).
    pub(super) joins_movers: bool,
    /// The last event was a [right mover](Pending::is_right_mover), and its task has spawned none since.
    pub(super) is_right_mover: bool,
    pub(super) stopped: Option<Ending>,
    pub(super) spinning: Option<(&'static Location<'static>, usize)>,
    pub(super) recording: bool,
    pub(super) max_steps: usize,
    /// How often a task's waits for one condvar, and its parks, may end spuriously.
    pub(crate) spurious_wakeups: u16,
    pub(crate) trail: Trail,
    pub(crate) races: Races,
    pub(crate) registry: Registry,
    /// Of each event of the run what it was, if the run is recorded.
    pub(crate) record: Vec<Recorded>,
    pub(crate) sometimes: Sometimes,
    /// The tasks that have announced an operation, a bit for each.
    pub(super) announced: u64,
    /// What they have announced: the fingerprints of all pending operations, as one. `None` while a prefix is repeated.
    pub(super) fingerprint: Option<u64>,
    /// For each event of the trail, what was announced when it was chosen; of the last run, beyond the trail's end.
    pub(super) announced_at: Vec<u64>,
    pub(super) strategy: Box<dyn Strategy>,
    /// The state that the run is in, if the strategy wants to know.
    pub(super) state: Option<State>,
    /// Each poll of an instrumented future waits for its turn: see [`unseen`](crate::unseen).
    pub(super) pauses: bool,
    /// Where a future was first run as instrumented.
    pub(crate) instrumented: Option<&'static Location<'static>>,
    /// What the tasks say that they observed, in a run that is compared with others.
    pub(super) observed: Option<Vec<(TaskId, u64)>>,
    /// Whoever is told of each event of the run.
    pub(super) monitor: Option<Rc<dyn Monitor>>,
    /// Where the run did what a search of states cannot have, if that is why it was given up.
    pub(super) unfit: Option<Unfit>,
    pub(super) stacks: StackPool,
    /// The tasks of all runs so far that could not be unwound.
    pub(super) left_behind: Option<Leaked>,
    /// What the watchdog sees of the run.
    pub(super) pulse: Arc<Pulse>,
}

impl Execution {
    pub(crate) fn new(
        strategy: Box<dyn Strategy>,
        max_steps: usize,
        stack_size: usize,
        recording: bool,
        left_out: Option<Part>,
        watchdog: Duration,
    ) -> Self {
        Execution {
            tasks: Vec::with_capacity(4),
            spawned: 0,
            deeds: Vec::with_capacity(FEW),
            current: 0,
            next: None,
            granted: Granted { before: 0, after: 0, second: 0, third: 0, choice: 0 },
            aborting: false,
            finishing: false,
            first_panic: None,
            joins_movers: strategy.joins_movers(),
            is_right_mover: false,
            stopped: None,
            spinning: None,
            recording,
            max_steps,
            spurious_wakeups: 0,
            state: (strategy.tracking() == Tracking::Nothing)
                .then(|| State::new(strategy.is_symmetric(), left_out)),
            pauses: false,
            instrumented: None,
            observed: None,
            monitor: None,
            unfit: None,
            trail: Trail::new(strategy.tracking()),
            races: Races::new(strategy.tracking()),
            registry: Registry::default(),
            record: Vec::new(),
            announced: 0,
            fingerprint: None,
            announced_at: Vec::with_capacity(FEW),
            sometimes: Sometimes::default(),
            strategy,
            stacks: StackPool::new(stack_size),
            left_behind: None,
            pulse: Pulse::own(watchdog),
        }
    }

    /// Adds the races of what was announced and will never be done. To be called before the tasks are given up, which
    /// changes the states: their locks are given back.
    pub(super) fn find_races_of_blocked(&mut self) {
        if self.announced == 0 || self.strategy.tracking() != Tracking::Races {
            return;
        }
        for (id, task) in self.tasks.iter().enumerate() {
            if let Some(pending) = &task.pending {
                let condition = task.condition.as_deref();
                let operation = Operation { task: id as TaskId, pending, condition };
                self.races.add_blocked(&mut self.trail, operation, &self.registry);
            }
        }
    }

    /// The next run is one of this strategy, which is compared with others. With `pauses`, each poll of an instrumented future
    /// waits for its turn.
    pub(crate) fn rehearse(&mut self, strategy: Box<dyn Strategy>, pauses: bool) {
        self.strategy = strategy;
        self.pauses = pauses;
        self.observed = Some(Vec::new());
        self.announced_at.clear();
    }

    /// What the tasks say that they observed, in a run that is [compared](Execution::rehearse) with others.
    pub(crate) fn observed(&self) -> &[(TaskId, u64)] {
        self.observed.as_deref().unwrap_or_default()
    }

    /// Prepares the next run. False if there is none.
    pub(crate) fn next_run(&mut self) -> bool {
        self.strategy.next_run(&mut self.trail, &self.races, &self.registry)
    }

    /// The ways that are still to be gone, once no run will follow.
    pub(crate) fn open(&mut self) -> Vec<Way> {
        self.strategy.open(&self.trail)
    }

    pub(crate) fn strategy(&self) -> &dyn Strategy {
        self.strategy.as_ref()
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.recording
    }

    /// For each task of the run its place in an order that is the same in every exploration.
    pub(crate) fn ranks(&self) -> Vec<usize> {
        let is_there = |task: &TaskId| self.tasks[*task as usize].phase != Phase::Absent;
        let mut present: Vec<_> = (0..self.tasks.len() as TaskId).filter(is_there).collect();
        present.sort_by_cached_key(|&task| self.registry.path(task));
        let mut ranks = vec![0; self.tasks.len()];
        for (rank, &task) in present.iter().enumerate() {
            ranks[task as usize] = rank;
        }
        ranks
    }

    /// As which one the task was spawned in this run, from 0.
    pub(crate) fn order(&self, task: TaskId) -> TaskId {
        self.tasks[task as usize].order
    }

    /// Where a task went round too often, and how often, if that is why the run was aborted.
    pub(crate) fn spinning(&self) -> Option<(&'static Location<'static>, usize)> {
        self.spinning
    }

    /// The tasks of all runs so far that could not be unwound, if there are more than an exploration may leave behind.
    pub(crate) fn leaves_too_many(&self) -> Option<Leaked> {
        self.left_behind.filter(|left| left.tasks >= MAX_LEAKED)
    }

    /// The task's name: the one that it was given, or else the [path](Registry::path) to it. It is the same in all schedules.
    pub(crate) fn task_name(&self, task: TaskId) -> String {
        let name = self.tasks.get(task as usize).and_then(Task::name);
        name.cloned().unwrap_or_else(|| self.registry.task_name(task))
    }

    pub(super) fn begin_run(&mut self) {
        self.tasks.iter_mut().for_each(Task::forget);
        self.spawned = 0;
        self.deeds.clear();
        self.current = 0;
        self.next = None;
        self.stopped = None;
        self.spinning = None;
        self.first_panic = None;
        self.is_right_mover = false;
        self.finishing = false;
        DEFERRED.set(0);
        self.pulse.begin_run();
        self.registry.begin_run();
        self.trail.begin_run();
        self.races.begin_run(self.trail.prefix());
        self.record.clear();
        self.announced = 0;
        self.fingerprint = None;
        self.monitor = None;
        self.unfit = None;
        if let Some(state) = &mut self.state {
            state.begin_run(self.registry.run());
        }
    }

    pub(super) fn add_task(&mut self, parent: Option<TaskId>, name: Option<String>) -> TaskId {
        let task = parent.map_or(0, |parent| {
            let spawner = &mut self.tasks[parent as usize];
            spawner.children += 1;
            let segment = self.state.as_ref().map_or(0, |state| state.segment(parent));
            self.registry.child(parent, segment, spawner.children - 1)
        });
        if self.tasks.len() <= task as usize {
            self.tasks.resize_with(task as usize + 1, Task::default);
            self.trail.fit(task);
        }
        self.is_right_mover = false;
        if let Some(parent) = parent {
            self.trail.spawn(parent, task);
            self.note_deed(parent, Deed::Spawn(task));
        }
        if let Some(state) = &mut self.state {
            let nth = parent.map_or(0, |parent| self.tasks[parent as usize].children);
            state.spawned(task, parent, nth);
        }
        let slot = &mut self.tasks[task as usize];
        slot.phase = Phase::Starting;
        slot.order = self.spawned;
        self.spawned += 1;
        if name.is_some() {
            slot.rare().name = name;
        }
        self.pulse.spawn(task, self.tasks[task as usize].name());
        task
    }

    /// Executes the pending operation of `task`, whose turn it is.
    #[inline]
    pub(super) fn execute(&mut self, Turn { task, choice }: Turn, glued: bool) {
        self.current = task;
        self.pulse.resume(task);
        if self.recording {
            self.record(task);
        }
        let slot = &mut self.tasks[task as usize];
        let position = if self.trail.is_repeating() {
            self.trail.repeat(&mut self.registry)
        } else {
            let pending = slot.pending.as_ref().expect("a task whose turn it is has announced an operation");
            let condition = slot.condition.as_deref();
            let operation = Operation { task, pending, condition };
            let position = self.trail.push(operation, choice, glued, &mut self.registry, &mut self.races);
            if let Some(announced) = &mut self.fingerprint {
                *announced ^= pending.fingerprint(task);
            }
            if !self.finishing {
                self.strategy.executed(&self.trail);
            }
            position
        };
        let pending = slot.pending.take();
        self.is_right_mover = pending.as_ref().is_some_and(Pending::is_right_mover);
        slot.condition = None;
        self.announced &= !(1 << task);
        self.grant(position);
        if let Some(pending) = pending.filter(|_| self.is_observed()) {
            self.observe(position, &pending);
        }
    }

    /// Executes what is next, and hands out the coroutine that goes on with it.
    #[inline]
    pub(super) fn begin_turn(&mut self) -> Option<(TaskId, Coroutine)> {
        let turn = self.next.take()?;
        self.execute(turn, false);
        Some((turn.task, self.tasks[turn.task as usize].coroutine.take()?))
    }

    /// Decides what is next, and begins with it.
    pub(super) fn next_turn(&mut self) -> Option<(TaskId, Coroutine)> {
        self.next = self.decide();
        self.begin_turn()
    }

    /// `task` has come back from its coroutine: it has announced something, or ended. Returns the tasks that waited for its
    /// end, a bit for each.
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

    /// Whether the current task has to wait for the end of `other`. If it is done, all that `other` did happens before what
    /// the task does next. `can_unwind` says whether the task may unwind instead if the run is aborted.
    pub(super) fn waits_for_end_of(&mut self, other: TaskId, can_unwind: bool) -> Announced {
        let task = self.current;
        if let Some(state) = &mut self.state {
            state.asked_for_end(other);
        }
        if self.tasks[other as usize].phase == Phase::Ended {
            self.note_deed(task, Deed::Join(other));
            self.joined(task, other);
            return Announced::Done;
        }
        if self.aborting {
            return self.join_aborted(other, can_unwind);
        }
        self.note_deed(task, Deed::Join(other));
        let was_starting = self.tasks[task as usize].phase == Phase::Starting;
        self.tasks[other as usize].joiners |= 1 << task;
        self.tasks[task as usize].phase = Phase::Joining(other);
        self.change(task);
        if !was_starting {
            self.next = self.decide();
        }
        Announced::Wait
    }

    /// `task` has waited for the end of `other`.
    pub(super) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.trail.join(task, other);
        if let Some(state) = &mut self.state {
            state.joined(task, other);
        }
    }

    #[inline]
    pub(super) fn grant(&mut self, position: usize) {
        let choice = self.trail.events()[position].footprint.choice;
        self.granted = Granted::new(self.trail.accesses(position), choice);
    }

    /// Whether anybody has to know of each event.
    #[inline]
    pub(super) fn is_observed(&self) -> bool {
        (self.state.is_some() || self.monitor.is_some()) && !self.finishing
    }

    /// The event at `position` has just been executed: the state and the monitor are to know.
    pub(super) fn observe(&mut self, position: usize, pending: &Pending) {
        let (event, accesses) = (&self.trail.events()[position], self.trail.accesses(position));
        if let Some(state) = &mut self.state {
            self.granted = self.granted.only_observed(pending, accesses);
            state.executed(pending, event, accesses, &self.registry);
        }
        if let Some(monitor) = &self.monitor
            && !event.glued
        {
            monitor.step(event.footprint.task.into());
        }
    }

    /// The fingerprint of the state that the run is in.
    pub(super) fn state(&mut self) -> Fingerprint {
        let Some(state) = &mut self.state else { return Fingerprint::NONE };
        state.fingerprint(&self.tasks, &self.registry, self.monitor.as_deref())
    }

    /// The run does what a search of states cannot have: it is given up.
    #[cold]
    pub(super) fn refuse(&mut self, unfit: Unfit) {
        self.unfit = Some(unfit);
        self.stopped = Some(Ending::TooLong);
        self.next = None;
    }

    /// What the run did that a search of states cannot have, if that is why it was given up.
    pub(crate) fn unfit(&self) -> Option<Unfit> {
        self.unfit
    }

    /// The state has changed, as to where this task stands.
    #[inline]
    pub(super) fn change(&mut self, task: TaskId) {
        if let Some(state) = &mut self.state {
            state.change(task);
        }
    }

    /// Notes what `task` is about to do, and why it is its turn.
    fn record(&mut self, task: TaskId) {
        let last = self.trail.events().last().map(|event| event.footprint.task);
        let switch = last.filter(|&last| last != task).map(|last| {
            let its = &self.tasks[last as usize];
            match (its.phase, its.pending) {
                (Phase::Joining(other), _) => Switch::Joins(other),
                (_, Some(pending)) if its.alternatives(&self.registry) == 0 => Switch::Waits(pending),
                (_, Some(_)) => Switch::Chosen,
                (_, None) => Switch::Ended,
            }
        });
        let pending = self.tasks[task as usize].pending.expect("an operation that is about to be done");
        self.record.push(Recorded { pending, switch });
    }
}
