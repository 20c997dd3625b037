//! One run after the other of the same program, on one OS thread.
//!
//! A task announces each operation before it does it, and goes on when the strategy says that it is its turn; if that is
//! at once, no stack is switched. Between two announcements a task runs alone. Spawning and joining are not events: a new
//! task, and one whose join has been met, run at once up to their next announcement, so that whenever a choice is made
//! the next operation of every task is known.

use std::cell::{Cell, RefCell};
use std::io;
use std::mem::{self, ManuallyDrop};
use std::panic::Location;
use std::rc::Rc;
use std::thread;

use super::condition;
use super::panics::PanicReport;
use super::record::{Recorded, Switch};
use super::registry::{CLOCK, Registry, Show};
use super::sometimes::Sometimes;
use super::task::{Phase, SharedCondition, Task};
use super::trail::{FEW, Tracking, Trail};
use crate::coroutine::{self, Coroutine, Frame, StackPool};
use crate::event::{Access, Action, CHOOSE, Event, Footprint, LocationId, Mode, Pending, States, TaskId};
use crate::strategy::{Options, Strategy, Turn};

/// What to look for where a program is not deterministic.
const MEND_NONDETERMINISM: &str = "The body must do the same in every run: look for random numbers, clocks, iteration over \
    a HashMap, state that outlives a run, or a thread that the engine does not know";

thread_local! {
    // Not dropped with the OS thread: it is taken out again after each run, and a thread-local that has nothing to drop
    // costs no check at each access.
    static EXECUTION: RefCell<Option<ManuallyDrop<Box<Execution>>>> = const { RefCell::new(None) };
    /// How many operations the tasks still have to do: wake-ups that they have called for, and locks that they gave up
    /// while they unwound. Nearly always none.
    static OWED: Cell<usize> = const { Cell::new(0) };
}

/// What an operation came to: the state of its first location before and after, that of the others before, and which of
/// its alternatives it was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Granted {
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) second: u64,
    pub(crate) third: u64,
    pub(crate) choice: u16,
}

impl Granted {
    #[inline]
    fn new(accesses: &[Access], choice: u16) -> Self {
        let state = |slot: usize| accesses.get(slot).map_or(0, |access| access.before);
        Granted {
            before: state(0),
            after: accesses.first().map_or(0, |access| access.after),
            second: state(1),
            third: state(2),
            choice,
        }
    }
}

/// A wake-up that a task has called for. It is sent when the task next does something, and not at once: whoever called
/// for it may hold a lock that the engine does not know, with which no other task may be let in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(super) location: LocationId,
    pub(super) run: u64,
    pub(super) source: &'static Location<'static>,
}

/// How often a task may go round in a loop while no other changes anything: then its run is given up.
pub(crate) const MAX_SPINS: usize = 100;

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

/// The exploration that is going on.
pub(crate) struct Execution {
    tasks: Vec<Task>,
    current: TaskId,
    next: Option<Turn>,
    granted: Granted,
    abandoning: bool,
    /// The task that unwound and could not wait, if that is why the run is being given up.
    survivor: Option<TaskId>,
    stopped: Option<Ending>,
    spinning: Option<&'static Location<'static>>,
    recording: bool,
    max_steps: usize,
    /// How often a wait for a condvar may end for no reason.
    pub(crate) spurious_wakeups: u16,
    pub(crate) trail: Trail,
    pub(crate) registry: Registry,
    /// Of each event of the run what it was, if the run is recorded.
    pub(crate) record: Vec<Recorded>,
    pub(crate) sometimes: Sometimes,
    /// The tasks that have announced an operation, a bit for each.
    announced: u64,
    /// What they have announced: the fingerprints of all pending operations, as one. `None` while a prefix is repeated.
    fingerprint: Option<u64>,
    /// For each event of the trail, what was announced when it was chosen; of the last run, beyond the trail's end.
    announced_at: Vec<u64>,
    strategy: Box<dyn Strategy>,
    stacks: StackPool,
}

/// Whether an announced operation has been done at once.
enum Announced {
    Done,
    Wait,
    /// Not announced: the task has locks to give up first.
    Late,
    /// There are wake-ups to be sent first.
    Owing,
    /// Others hold what it needs, and it cannot wait: they have to be given up first.
    Held,
}

struct Choice<'a> {
    tasks: &'a [Task],
    announced: u64,
    registry: &'a Registry,
    current: TaskId,
}

impl Options for Choice<'_> {
    #[inline]
    fn current(&self) -> TaskId {
        self.current
    }

    #[inline]
    fn tasks(&self) -> TaskId {
        self.tasks.len() as TaskId
    }

    #[inline]
    fn announced(&self) -> u64 {
        self.announced
    }

    #[inline]
    fn alternatives(&self, task: TaskId) -> u16 {
        self.tasks[task as usize].alternatives(self.registry)
    }

    fn footprint(&self, task: TaskId, choice: u16) -> Footprint {
        let its = &self.tasks[task as usize];
        let pending = its.pending.as_ref().expect("an alternative of an operation that was announced");
        let states = self.registry.states(pending);
        let of = pending.alternatives(&states, its.condition.as_deref());
        pending.outcome(task, &states, choice, of).0
    }
}

impl Task {
    /// How many alternatives its pending operation has now; 0 if it has none, or it cannot go on.
    #[inline]
    fn alternatives(&self, registry: &Registry) -> u16 {
        match &self.pending {
            None => 0,
            Some(pending) if !pending.can_wait() => 1,
            Some(pending) => pending.alternatives(&registry.states(pending), self.condition.as_deref()),
        }
    }
}

impl Execution {
    pub(crate) fn new(
        strategy: Box<dyn Strategy>,
        max_steps: usize,
        stack_size: usize,
        recording: bool,
    ) -> Self {
        Execution {
            tasks: Vec::with_capacity(4),
            current: 0,
            next: None,
            granted: Granted { before: 0, after: 0, second: 0, third: 0, choice: 0 },
            abandoning: false,
            survivor: None,
            stopped: None,
            spinning: None,
            recording,
            max_steps,
            spurious_wakeups: 0,
            trail: Trail::new(strategy.tracking()),
            registry: Registry::default(),
            record: Vec::new(),
            announced: 0,
            fingerprint: None,
            announced_at: Vec::with_capacity(FEW),
            sometimes: Sometimes::default(),
            strategy,
            stacks: StackPool::new(stack_size),
        }
    }

    /// Adds the races of what was announced and will never be done. To be called before the tasks are given up, which
    /// changes the states: their locks are given back.
    fn find_races_of_blocked(&mut self) {
        if self.announced == 0 || self.strategy.tracking() != Tracking::Races {
            return;
        }
        for (id, task) in self.tasks.iter().enumerate() {
            if let Some(pending) = &task.pending {
                let condition = task.condition.as_deref();
                self.trail.find_races_of_blocked(id as TaskId, pending, condition, &self.registry);
            }
        }
    }

    /// Prepares the next run. False if there is none.
    pub(crate) fn next_run(&mut self) -> bool {
        self.strategy.next_run(&mut self.trail, &mut self.registry)
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

    /// Where a task went round too often, if that is why the run was given up.
    pub(crate) fn spinning(&self) -> Option<&'static Location<'static>> {
        self.spinning
    }

    pub(crate) fn task_name(&self, task: TaskId) -> String {
        let name = self.tasks.get(task as usize).and_then(Task::name);
        name.cloned().unwrap_or_else(|| if task == 0 { "main".to_owned() } else { format!("task {task}") })
    }

    fn begin_run(&mut self) {
        self.tasks.iter_mut().for_each(Task::forget);
        self.current = 0;
        self.next = None;
        self.stopped = None;
        self.spinning = None;
        self.survivor = None;
        OWED.set(0);
        self.registry.begin_run();
        self.trail.begin_run();
        self.record.clear();
        self.announced = 0;
        self.fingerprint = None;
    }

    fn add_task(&mut self, parent: Option<TaskId>, name: Option<String>) -> TaskId {
        let task = parent.map_or(0, |parent| {
            let spawner = &mut self.tasks[parent as usize];
            spawner.children += 1;
            self.registry.child(parent, spawner.children - 1)
        });
        if self.tasks.len() <= task as usize {
            self.tasks.resize_with(task as usize + 1, Task::default);
            self.trail.fit(task);
        }
        if let Some(parent) = parent {
            self.trail.spawn(parent, task);
        }
        let slot = &mut self.tasks[task as usize];
        slot.phase = Phase::Starting;
        if name.is_some() {
            slot.rare().name = name;
        }
        task
    }

    /// Which task goes next.
    fn decide(&mut self) -> Option<Turn> {
        if self.stopped.is_some() {
            return None;
        }
        if self.trail.is_repeating() {
            return self.repeated_task();
        }
        if !self.announces_the_same() {
            return None;
        }
        if self.trail.len() >= self.max_steps {
            self.stopped = Some(Ending::TooLong);
            return None;
        }
        let choice = Choice {
            tasks: &self.tasks,
            announced: self.announced,
            registry: &self.registry,
            current: self.current,
        };
        let turn = self.strategy.choose(&choice, &self.trail);
        if turn.is_none() {
            let misfit = self.strategy.misfit().map(str::to_owned);
            self.stopped = misfit.map(Ending::Nondeterministic);
        }
        turn
    }

    /// Notes what is announced before a new event. After a repeated prefix it must be what it was in the earlier run: a
    /// task whose own events are all in the prefix, and that announces something else after them, shows in nothing else.
    #[inline]
    fn announces_the_same(&mut self) -> bool {
        let position = self.trail.len();
        let announced = match self.fingerprint {
            Some(announced) => announced,
            None => self.fingerprint_of_all(),
        };
        match self.announced_at.get_mut(position) {
            Some(before) => {
                // Further on there is only what another schedule has left.
                if self.trail.is_first_new() && *before != announced {
                    self.stopped = Some(Ending::Nondeterministic(self.announces_otherwise()));
                    return false;
                }
                *before = announced;
            }
            None => {
                // What was glued to the last event was not chosen, and is never the first that is new.
                self.announced_at.resize(position, 0);
                self.announced_at.push(announced);
            }
        }
        true
    }

    /// A prefix has been repeated: from here on the fingerprint is kept up with each operation.
    fn fingerprint_of_all(&mut self) -> u64 {
        let pending =
            self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending.as_ref()?)));
        let all = pending.fold(0, |all, (id, pending)| all ^ pending.fingerprint(id as TaskId));
        self.fingerprint = Some(all);
        all
    }

    /// `pending` is what `task` does next.
    #[inline]
    fn set_pending(&mut self, task: TaskId, pending: &Pending, condition: Option<&SharedCondition>) {
        let slot = &mut self.tasks[task as usize];
        slot.pending = Some(*pending);
        if let Some(condition) = condition {
            slot.condition = Some(Rc::clone(condition));
        }
        self.announced |= 1 << task;
        if let Some(announced) = &mut self.fingerprint {
            *announced ^= pending.fingerprint(task);
        }
    }

    #[cold]
    fn announces_otherwise(&self) -> String {
        let pending = self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending?)));
        let announced: Vec<String> = pending
            .map(|(id, pending)| {
                format!(
                    "{} is to {} at {}",
                    self.task_name(id as TaskId),
                    pending.describe(),
                    place(pending.source)
                )
            })
            .collect();
        format!(
            "at step {}, the tasks do not announce what they announced in an earlier run with the same schedule. Now {}. \
             {MEND_NONDETERMINISM}",
            self.trail.len() + 1,
            if announced.is_empty() {
                "none of them announces anything".to_owned()
            } else {
                announced.join(", ")
            },
        )
    }

    /// The task of the next event of the prefix, if it has announced the same operation as before.
    #[inline]
    fn repeated_task(&mut self) -> Option<Turn> {
        let expected = self.trail.expected();
        let Footprint { task, choice, .. } = expected.footprint;
        let found = self.tasks.get(task as usize).and_then(|task| task.pending.as_ref());
        if found.is_some_and(|pending| pending.matches(expected)) {
            return Some(Turn { task, choice });
        }
        let found = match found {
            None => "nothing".to_owned(),
            Some(pending) => format!("an operation at {}", place(pending.source)),
        };
        self.stopped = Some(Ending::Nondeterministic(format!(
            "at step {}, {} announced {found}; in an earlier run with the same schedule it announced the operation at {}. \
             {MEND_NONDETERMINISM}",
            self.trail.len() + 1,
            self.task_name(task),
            place(expected.source),
        )));
        None
    }

    /// Executes the pending operation of `task`, whose turn it is.
    #[inline]
    fn execute(&mut self, Turn { task, choice }: Turn, glued: bool) {
        self.current = task;
        if self.recording {
            self.record(task);
        }
        let slot = &mut self.tasks[task as usize];
        let position = if self.trail.is_repeating() {
            self.trail.repeat(&mut self.registry)
        } else {
            let pending = slot.pending.as_ref().expect("a task whose turn it is has announced an operation");
            let condition = slot.condition.as_deref();
            let position = self.trail.push(task, pending, condition, choice, glued, &mut self.registry);
            if let Some(announced) = &mut self.fingerprint {
                *announced ^= pending.fingerprint(task);
            }
            self.strategy.executed(&self.trail);
            position
        };
        slot.pending = None;
        slot.condition = None;
        self.announced &= !(1 << task);
        self.grant(position);
    }

    /// Executes what is next, and hands out the coroutine that goes on with it.
    #[inline]
    fn begin_turn(&mut self) -> Option<(TaskId, Coroutine)> {
        let turn = self.next.take()?;
        self.execute(turn, false);
        Some((turn.task, self.tasks[turn.task as usize].coroutine.take()?))
    }

    /// Decides what is next, and begins with it.
    fn next_turn(&mut self) -> Option<(TaskId, Coroutine)> {
        self.next = self.decide();
        self.begin_turn()
    }

    /// `task` has come back from its coroutine: it has announced something, or ended. Returns the tasks that waited for its
    /// end, a bit for each.
    #[inline]
    fn leave(&mut self, task: TaskId, coroutine: Coroutine, ended: bool) -> u64 {
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

    /// Whether the current task has to wait for the end of `other`. If not, all that `other` did happens before what the
    /// task does next.
    fn waits_for_end_of(&mut self, other: TaskId) -> bool {
        let task = self.current;
        if self.tasks[other as usize].phase == Phase::Ended {
            self.trail.join(task, other);
            return false;
        }
        if self.abandoning || thread::panicking() {
            return false;
        }
        let was_starting = self.tasks[task as usize].phase == Phase::Starting;
        self.tasks[other as usize].joiners |= 1 << task;
        self.tasks[task as usize].phase = Phase::Joining(other);
        if !was_starting {
            self.next = self.decide();
        }
        true
    }

    #[inline]
    fn grant(&mut self, position: usize) {
        let choice = self.trail.events()[position].footprint.choice;
        self.granted = Granted::new(self.trail.accesses(position), choice);
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

    /// The current task is about to do `pending`.
    #[inline(always)]
    fn announce(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        let task = self.current;
        if self.abandoning {
            return self.announce_in_vain(pending, condition);
        }
        let slot = &mut self.tasks[task as usize];
        if slot.unseen && !pending.opaque {
            return self.announce_opaque(pending, condition);
        }
        if self.trail.is_repeating() && slot.phase == Phase::Ready {
            // The common case while a prefix is repeated: the same task goes on with the operation that is known.
            let expected = self.trail.expected();
            if expected.footprint.task == task && pending.matches(expected) {
                if self.recording {
                    self.record.push(Recorded { pending: *pending, switch: None });
                }
                let position = self.trail.repeat(&mut self.registry);
                self.grant(position);
                return Announced::Done;
            }
        }
        if thread::panicking() {
            return self.unwind(pending, condition);
        }
        if OWED.get() > 0 && slot.rare.as_ref().is_some_and(|rare| !rare.released.is_empty()) {
            return Announced::Late;
        }
        let starts = slot.phase == Phase::Starting;
        self.set_pending(task, pending, condition);
        if starts {
            return Announced::Wait;
        }
        self.next = self.decide();
        match self.next {
            Some(turn) if turn.task == task => {
                self.execute(turn, false);
                Announced::Done
            }
            _ => Announced::Wait,
        }
    }

    /// An operation of the current task while it unwinds, when no other task may run.
    ///
    /// A lock that is given up is free at once for std, and for the other tasks as soon as the task has been unwound:
    /// until then it is an operation that the task has announced. For anything else the task needs to know now what comes
    /// of it. That is glued to its last step, and the search does not look for orders in which others come between.
    #[cold]
    fn unwind(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        let task = self.current as usize;
        if pending.is_release() {
            self.tasks[task].rare().released.push(*pending);
            OWED.set(OWED.get() + 1);
            self.granted = Granted::default();
            return Announced::Done;
        }
        for release in self.take_released() {
            if self.is_enabled(&release, None) {
                self.glue(&release, None);
            } else {
                self.apply(&release);
            }
        }
        if self.stopped.is_some() {
            self.apply(pending);
            return Announced::Done;
        }
        if !self.is_enabled(pending, condition) {
            self.give_up_for(pending);
            return Announced::Held;
        }
        self.glue(pending, condition);
        Announced::Done
    }

    fn owes_wakes(&self) -> bool {
        self.tasks[self.current as usize].rare.as_ref().is_some_and(|rare| !rare.wakes.is_empty())
    }

    /// The locks that the current task gave up while it unwound.
    fn take_released(&mut self) -> Vec<Pending> {
        let rare = self.tasks[self.current as usize].rare.as_mut();
        let released = rare.map_or_else(Vec::new, |rare| mem::take(&mut rare.released));
        OWED.set(OWED.get() - released.len());
        released
    }

    fn is_enabled(&self, pending: &Pending, condition: Option<&SharedCondition>) -> bool {
        pending.alternatives(&self.registry.states(pending), condition.map(|it| &**it)) > 0
    }

    /// The run ends here: the current task unwinds, and what it needs is held by a task that cannot go on before.
    fn give_up_for(&mut self, pending: &Pending) {
        self.find_races_of_blocked();
        let object = pending.actions().first().map_or("", |(location, _)| self.registry.name(*location));
        let holder = self.holder(self.current, pending).unwrap_or_default();
        let report = PanicReport {
            message: format!(
                "while it unwinds from a panic, a destructor waits to {} {object}{holder}. No other task can run while one \
                 unwinds: use try_lock in destructors",
                pending.describe()
            ),
            location: place(pending.source),
        };
        self.stopped = Some(Ending::Panic { task: self.task_name(self.current), report });
        self.survivor = Some(self.current);
        self.abandoning = true;
    }

    /// An operation in a run that is being given up: it changes the state, and is no event.
    #[cold]
    fn announce_in_vain(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        if self.survivor.is_some() && !thread::panicking() {
            // Its panic was caught. It has to be unwound in its turn.
            return Announced::Wait;
        }
        if !self.is_enabled(pending, condition) && self.youngest_suspended().is_some() {
            return Announced::Held;
        }
        self.apply(pending);
        Announced::Done
    }

    /// The youngest of the tasks that stand still somewhere.
    fn youngest_suspended(&self) -> Option<TaskId> {
        self.tasks.iter().rposition(|task| task.coroutine.is_some()).map(|task| task as TaskId)
    }

    /// Does one more step of the current task, right after its last: no other task can go between.
    fn glue(&mut self, pending: &Pending, condition: Option<&SharedCondition>) {
        if self.abandoning {
            self.apply(pending);
            return;
        }
        let task = self.current;
        self.set_pending(task, pending, condition);
        self.execute(Turn { task, choice: 0 }, true);
    }

    #[cold]
    fn announce_opaque(&mut self, pending: &Pending, condition: Option<&SharedCondition>) -> Announced {
        self.announce(&pending.made_opaque(), condition)
    }

    /// Does an operation that is no event: its task is being given up.
    fn apply(&mut self, pending: &Pending) {
        let before: States = self.registry.states(pending);
        let (footprint, after) = pending.outcome(self.current, &before, 0, 1);
        for ((location, mode), after) in footprint.touched().zip(after) {
            if mode != Mode::Nothing {
                self.registry.set_state(location, after);
            }
        }
        let [state, second, third] = before;
        self.granted = Granted { before: state, after: after[0], second, third, choice: 0 };
    }

    /// The current task has gone round in a loop once more. True if the run is given up for it.
    fn spin(&mut self, source: &'static Location<'static>) -> bool {
        if self.abandoning || thread::panicking() {
            return false;
        }
        let task = self.current;
        let slot = &mut self.tasks[task as usize];
        let new = &self.trail.events()[slot.looked..];
        let changes = |event: &Event| {
            let looks = |mode| matches!(mode, Mode::Nothing | Mode::Read | Mode::Glance | Mode::Probe);
            let Footprint { task: whose, opaque, .. } = event.footprint;
            whose != task && (opaque || !event.footprint.modes().iter().all(|&mode| looks(mode)))
        };
        slot.spins = if new.iter().any(changes) { 1 } else { slot.spins + 1 };
        slot.looked = self.trail.len();
        let is_too_long = slot.spins > MAX_SPINS;
        if is_too_long {
            self.stopped = Some(Ending::TooLong);
            self.spinning = Some(source);
            self.next = None;
        }
        is_too_long
    }

    /// How the run ended, now that no task goes on.
    fn ending(&self) -> Ending {
        if let Some(stopped) = &self.stopped {
            return stopped.clone();
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

    fn waits_for(&self, id: TaskId, task: &Task) -> Option<String> {
        match (task.phase, &task.pending) {
            (Phase::Joining(other), _) => {
                Some(format!("{} waits for the end of {}", self.task_name(id), self.task_name(other)))
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
}

impl Execution {
    /// Who holds the lock that `task` waits for, in words.
    fn holder(&self, task: TaskId, pending: &Pending) -> Option<String> {
        let &(location, _) = pending.actions().first()?;
        let last = self.trail.last_event(location, &self.registry)?;
        let (_, mode) = last.footprint.touched().find(|&(touched, _)| touched == location)?;
        if mode != Mode::Acquire {
            return None;
        }
        let holder = last.footprint.task;
        let whose = if holder == task { "it has itself".to_owned() } else { self.task_name(holder) };
        let has = if holder == task { "" } else { " has" };
        Some(format!(", which {whose}{has} held since {}", place(last.source)))
    }
}

fn place(source: &Location<'_>) -> String {
    format!("{}:{}", source.file(), source.line())
}

/// Runs `action` on the exploration of this OS thread.
///
/// # Panics
///
/// If there is none.
fn with<R>(action: impl FnOnce(&mut Execution) -> R) -> R {
    with_if_any(action).expect("this works only inside an exploration")
}

#[inline]
fn with_if_any<R>(action: impl FnOnce(&mut Execution) -> R) -> Option<R> {
    EXECUTION.with(|execution| match execution.try_borrow_mut() {
        Ok(mut execution) => execution.as_mut().map(|execution| action(execution)),
        Err(_) => condition::refuse(),
    })
}

/// Whether an exploration is going on on this OS thread.
pub(crate) fn exploring() -> bool {
    with_if_any(|_| ()).is_some()
}

/// Whether this run is one to be shown.
pub fn recording() -> bool {
    with_if_any(|execution| execution.recording).unwrap_or(false)
}

/// How many events this run has executed.
pub fn step() -> usize {
    with_if_any(|execution| execution.trail.len()).unwrap_or(0)
}

/// The name of the current task's next event: the task's number, and which of its events it is, from 1.
///
/// # Panics
///
/// Outside an exploration.
pub fn next_event() -> (u32, u32) {
    with(|execution| {
        let task = execution.current;
        let done = execution.trail.task_clock(task).get(task as usize).copied().unwrap_or(0);
        (u32::from(task), done + 1)
    })
}

/// Hands to `read` the vector clock of the current task: of each task, how many of its events happen before whatever the
/// current task does next, its own events included.
///
/// # Panics
///
/// Outside an exploration.
pub fn causal_clock<R>(read: impl FnOnce(&[u32]) -> R) -> R {
    with(|execution| read(execution.trail.task_clock(execution.current)))
}

/// The task that is running. `None` outside an exploration.
pub(crate) fn current_task() -> Option<TaskId> {
    with_if_any(|execution| execution.current)
}

/// How often a task's wait for one condvar may end for no reason in this run.
pub(crate) fn spurious_wakeups() -> u16 {
    with_if_any(|execution| execution.spurious_wakeups).unwrap_or(0)
}

/// The task that is running, and the run's number. `None` outside an exploration.
pub(crate) fn current() -> Option<(TaskId, u64)> {
    with_if_any(|execution| (execution.current, execution.registry.run()))
}

/// The name that the current task was given.
pub(crate) fn current_name() -> Option<String> {
    with_if_any(|execution| execution.tasks[execution.current as usize].name().cloned())?
}

/// The latest time that the current task knows of: what the clock was left at by the last of all that happens before what
/// it does next. No event: it is the same in all schedules of a class. `None` outside an exploration.
pub(crate) fn known_time() -> Option<u64> {
    with_if_any(|execution| {
        execution.trail.last_known(execution.current, CLOCK, &execution.registry).unwrap_or(0)
    })
}

/// Whether the task has ended. What it did last may be any operation of its own or of one that it joined: this must come
/// after an opaque event.
pub(crate) fn has_ended(task: TaskId) -> bool {
    with(|execution| execution.tasks[task as usize].phase == Phase::Ended)
}

/// From now on the operations of the current task are opaque, or not. Returns what was so before.
pub(crate) fn set_unseen(unseen: bool) -> bool {
    with_if_any(|execution| {
        let task = &mut execution.tasks[execution.current as usize];
        std::mem::replace(&mut task.unseen, unseen)
    })
    .unwrap_or(false)
}

/// The current task calls for a wake-up.
pub(super) fn owe(wake: Wake) {
    with_if_any(|execution| {
        let wakes = &mut execution.tasks[execution.current as usize].rare().wakes;
        if !wakes.contains(&wake) {
            wakes.push(wake);
            OWED.set(OWED.get() + 1);
        }
    });
}

/// Sends the wake-ups that the current task has called for.
#[inline]
pub(crate) fn send_wakes() {
    if OWED.get() > 0 {
        send_owed();
    }
}

#[cold]
fn send_owed() {
    let owed = with_if_any(|execution| {
        let rare = execution.tasks[execution.current as usize].rare.as_mut();
        let wakes = rare.map_or_else(Vec::new, |rare| mem::take(&mut rare.wakes));
        OWED.set(OWED.get() - wakes.len());
        wakes
    });
    for wake in owed.into_iter().flatten() {
        perform(wake.run, &Pending::one(wake.location, Action::Update(1), wake.source));
    }
}

/// The current task has gone round in a loop once more. Does not return if it has too often.
pub(crate) fn spin(source: &'static Location<'static>) {
    if with_if_any(|execution| execution.spin(source)) == Some(true) {
        coroutine::suspend();
    }
}

/// Waits until a condition on atomics holds. Outside an exploration it must hold already.
#[track_caller]
pub(crate) fn await_until(condition: impl Fn() -> bool + 'static) {
    let condition: Rc<dyn Fn() -> bool> = Rc::new(condition);
    let discover = || {
        with_if_any(|execution| {
            let run = execution.registry.run();
            (run, condition::discover(run, &*condition))
        })
    };
    let Some((run, (holds, locations))) = discover() else {
        assert!(condition(), "await_until works only inside an exploration");
        return;
    };
    if locations.is_empty() {
        assert!(holds, "a condition that loads no atomic of this crate can never come to hold");
        return;
    }
    let pending = Pending::each(&locations, Action::Await, Location::caller());
    let on_states = condition::on_states(Rc::clone(&condition), locations.clone());
    perform_when(run, &pending, Some(&on_states));
    let loaded = discover().map(|(_, (_, loaded))| loaded);
    assert!(
        loaded == Some(locations),
        "a condition that is waited for must load the same atomics whatever their values are. Load all of them first, and \
         compare then: with `a.load(SeqCst) == 1 || b.load(SeqCst) == 1` the second is loaded only sometimes"
    );
}

/// Registers an object of the current task. `None` outside an exploration.
pub(super) fn register(name: &'static str, state: u64, show: Option<Show>) -> Option<(LocationId, u64)> {
    with_if_any(|execution| {
        let creator = &mut execution.tasks[execution.current as usize];
        creator.objects += 1;
        let nth = creator.objects - 1;
        let location = execution.registry.object(execution.current, nth, name, state, show);
        (location, execution.registry.run())
    })
}

fn check_run(execution: &Execution, run: u64) {
    assert!(
        run == execution.registry.run(),
        "this object was not made in this run. Every run must make its own: create it inside the explored body, and not in \
         a static, in a captured variable or in another run"
    );
}

/// Checks that an object that was made in run `run` may be used now.
pub(super) fn check(run: u64) {
    with_if_any(|execution| check_run(execution, run));
}

/// The location of one key of an object that was made in run `run`. `None` outside an exploration.
pub(super) fn key_location(run: u64, object: LocationId, key: u64) -> Option<LocationId> {
    with_if_any(|execution| {
        check_run(execution, run);
        execution.registry.key(object, key)
    })
}

/// The first of the locations of an object's items. `None` outside an exploration.
pub(super) fn item_locations(run: u64, object: LocationId) -> Option<LocationId> {
    with_if_any(|execution| {
        check_run(execution, run);
        execution.registry.items(object)
    })
}

/// Does a step of the current task right after its last one. Whatever conflicts with it must conflict with that one, too,
/// or be possible only after it: the strategies look at the first of the two, and the other comes with it.
pub(super) fn glue(run: u64, pending: &Pending) {
    with_if_any(|execution| {
        check_run(execution, run);
        execution.glue(pending, None);
    });
}

/// Announces an operation of the current task on objects of run `run`, and returns once it has been executed. `None`
/// outside an exploration.
pub(super) fn perform(run: u64, pending: &Pending) -> Option<Granted> {
    perform_when(run, pending, None)
}

/// Like [`perform`], once `condition` holds of the location's state.
pub(super) fn perform_when(
    run: u64,
    pending: &Pending,
    condition: Option<&SharedCondition>,
) -> Option<Granted> {
    let mut granted = Granted::default();
    let announced = EXECUTION.with(|execution| match execution.try_borrow_mut() {
        Ok(mut execution) => execution.as_mut().map(|execution| {
            check_run(execution, run);
            if OWED.get() > 0 && execution.owes_wakes() {
                return Announced::Owing;
            }
            let announced = execution.announce(pending, condition);
            granted = execution.granted;
            announced
        }),
        Err(_) => None,
    });
    match announced {
        Some(Announced::Done) => Some(granted),
        Some(Announced::Late) => {
            catch_up();
            perform_when(run, pending, condition)
        }
        Some(Announced::Wait) => {
            coroutine::suspend();
            with_if_any(|execution| execution.granted)
        }
        Some(Announced::Owing) => {
            send_owed();
            perform_when(run, pending, condition)
        }
        Some(Announced::Held) => {
            abandon_suspended();
            perform_when(run, pending, None)
        }
        // It is outside an exploration, or part of a condition that the exploration asks about.
        None => {
            let is_asking = EXECUTION.with(|execution| execution.try_borrow().is_err());
            condition::load(run, pending, is_asking)
        }
    }
}

/// Whether any task has something to do before whatever it does next.
#[inline]
pub(crate) fn owing() -> bool {
    OWED.get() > 0
}

/// The current task has been unwound: other tasks may see that it gives up its locks.
#[inline]
pub(crate) fn catch_up() {
    if OWED.get() > 0 {
        release_owed();
    }
}

#[cold]
fn release_owed() {
    let released = with_if_any(|execution| (execution.registry.run(), execution.take_released()));
    let Some((run, released)) = released else { return };
    for release in &released {
        perform(run, release);
    }
}

/// Takes one of so many alternatives: every one is explored. The first outside an exploration.
#[track_caller]
pub(crate) fn choose(alternatives: u16) -> u16 {
    let pending = Pending::ruled(&[], &CHOOSE, u64::from(alternatives), Location::caller());
    let run = with_if_any(|execution| execution.registry.run()).unwrap_or(0);
    perform(run, &pending).map_or(0, |granted| granted.choice)
}

/// Notes whether a condition that should hold at some time holds now.
pub(crate) fn sometimes(name: &'static str, holds: bool) {
    with_if_any(|execution| {
        if !execution.abandoning {
            execution.sometimes.note(name, holds);
        }
    });
}

/// Announces something that is not known.
#[track_caller]
pub(crate) fn opaque() {
    let run = with_if_any(|execution| execution.registry.run()).unwrap_or(0);
    perform(run, &Pending::opaque(Location::caller()));
}

/// Spawns a task, with a stack of at least so many bytes: it runs at once up to its first announcement. Returns its number
/// and the run's.
pub(crate) fn spawn(name: Option<String>, stack_size: usize, body: impl FnOnce() + 'static) -> (TaskId, u64) {
    catch_up();
    send_wakes();
    let (parent, task, frame) = with(|execution| {
        let parent = execution.current;
        let task = execution.add_task(Some(parent), name);
        execution.current = task;
        (parent, task, execution.stacks.take(stack_size))
    });
    let (coroutine, ended) = start(frame, body);
    with(|execution| {
        // Nobody waits for its end yet.
        execution.leave(task, coroutine, ended);
        execution.current = parent;
        (task, execution.registry.run())
    })
}

fn start(frame: io::Result<Frame>, body: impl FnOnce() + 'static) -> (Coroutine, bool) {
    let frame = frame.expect("no memory for a task's stack");
    let mut coroutine = Coroutine::new(frame, body);
    let ended = coroutine.resume();
    (coroutine, ended)
}

/// `task` has ended: those that waited for it, a bit for each, go on to their next announcement.
fn resume_joiners(task: TaskId, mut joiners: u64) {
    while joiners != 0 {
        let joiner = joiners.trailing_zeros() as TaskId;
        joiners &= joiners - 1;
        let coroutine = with(|execution| {
            execution.trail.join(joiner, task);
            let joining = &mut execution.tasks[joiner as usize];
            joining.phase = Phase::Starting;
            execution.current = joiner;
            joining.coroutine.take()
        });
        if let Some(mut coroutine) = coroutine {
            let ended = coroutine.resume();
            let its = with(|execution| execution.leave(joiner, coroutine, ended));
            resume_joiners(joiner, its);
        }
    }
}

/// Waits for the end of `other`, unless the task cannot wait because it unwinds. Takes the panic of `other`, if it has
/// panicked and nobody has asked for its result: it is the caller's to judge, and no longer an outcome of the run.
pub(crate) fn join(other: TaskId) -> Option<PanicReport> {
    catch_up();
    send_wakes();
    let waits = with(|execution| execution.waits_for_end_of(other));
    if waits {
        coroutine::suspend();
    }
    take_panic(other)
}

/// Takes the panic of `other`, as [`join`] does, once it has ended.
pub(crate) fn take_panic(other: TaskId) -> Option<PanicReport> {
    with(|execution| execution.tasks[other as usize].take_panic())
}

/// The current task has panicked.
pub(crate) fn finish_panicked(report: PanicReport) {
    with(|execution| {
        let task = execution.current as usize;
        execution.tasks[task].rare().panicked = Some(report);
    });
}

/// Whether the tasks of the run are being given up, so that an unwinding is not a panic.
pub(crate) fn abandoning() -> bool {
    with_if_any(|execution| execution.abandoning && execution.survivor != Some(execution.current))
        .unwrap_or(false)
}

/// Runs `body` once as the main task, on the exploration `execution`, and says how it ended.
pub(crate) fn run(execution: Box<Execution>, body: Rc<dyn Fn()>) -> (Box<Execution>, Ending) {
    EXECUTION.with(|slot| {
        let outer = slot.borrow_mut().replace(ManuallyDrop::new(execution));
        assert!(outer.is_none(), "an exploration cannot be started inside another");
    });
    let frame = with(|execution| {
        execution.begin_run();
        execution.add_task(None, None);
        execution.stacks.take(0)
    });
    let (main, ended) = start(frame, move || {
        // Its panic is the run's ending already.
        crate::thread::live(move || body(), drop);
    });
    let mut turn = with(|execution| {
        execution.leave(0, main, ended);
        execution.next_turn()
    });
    while let Some((task, mut coroutine)) = turn {
        let ended = coroutine.resume();
        let (joiners, next) = with(|execution| match execution.leave(task, coroutine, ended) {
            // Who is suspended has asked already whose turn it is.
            0 if !ended => (0, execution.begin_turn()),
            0 => (0, execution.next_turn()),
            joiners => (joiners, None),
        });
        turn = next;
        if joiners != 0 {
            resume_joiners(task, joiners);
            turn = with(Execution::next_turn);
        }
    }
    let ending = with(|execution| {
        execution.find_races_of_blocked();
        execution.ending()
    });
    if ending != Ending::Complete {
        abandon_rest();
    }
    let execution =
        EXECUTION.with(|slot| slot.borrow_mut().take()).expect("the exploration that was put there");
    (ManuallyDrop::into_inner(execution), ending)
}

/// Drops what is left on the stacks of tasks that have not ended.
fn abandon_rest() {
    with(|execution| {
        execution.abandoning = true;
        execution.survivor = None;
    });
    abandon_suspended();
    with(|execution| execution.abandoning = false);
}

/// Unwinds the tasks that stand still, the youngest first.
fn abandon_suspended() {
    let current = with(|execution| execution.current);
    loop {
        let coroutine = with(|execution| {
            let task = execution.youngest_suspended()?;
            execution.current = task;
            execution.tasks[task as usize].coroutine.take()
        });
        let Some(coroutine) = coroutine else { break };
        let frame = coroutine.abandon();
        with(|execution| execution.stacks.put(frame));
    }
    with(|execution| execution.current = current);
}
