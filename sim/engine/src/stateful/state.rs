//! The current state of a run: the minimum of its symmetric views, one for each renaming of
//! symmetric tasks.

use std::rc::Rc;

use super::renaming::{self, Alike, Renaming};
use super::says::Says;
use super::side::Side;
use super::wakers::{Signal, Wakers};
use super::{Effect, Input, Monitor, Part, Step};
use crate::event::{Access, Event, Fingerprint, LocationId, Pending, TaskId};
use crate::history::Registry;
use crate::runtime::Task;

/// The current state of a run.
pub(crate) struct State {
    /// The views. Those beyond `in_use` are retained for their memory.
    sides: Vec<Side>,
    in_use: usize,
    /// The scripts of this run, if they are renamed, and their renamings.
    scripts: Vec<Alike>,
    renamings: Vec<Rc<Renaming>>,
    /// Whether states that differ only by an exchange of symmetric tasks are one state.
    is_symmetric: bool,
    /// Whether something names a symmetric task. Then the state is used without symmetry.
    is_named: bool,
    wakers: Wakers,
    /// The monitor's digest in each view.
    says: Vec<Says>,
    /// The step since the fingerprint was last computed, and the step before that.
    gathered: Step,
    step: Step,
}

impl State {
    pub(crate) fn new(is_symmetric: bool, left_out: Option<Part>) -> Self {
        State {
            sides: vec![Side::new(left_out)],
            in_use: 1,
            scripts: Vec::new(),
            renamings: Vec::new(),
            is_symmetric,
            is_named: false,
            wakers: Wakers::default(),
            says: Vec::new(),
            gathered: Step::default(),
            step: Step::default(),
        }
    }

    /// Begins a run.
    pub(crate) fn begin_run(&mut self, run: u64) {
        self.in_use = 1;
        self.sides[0].begin_run(run);
        self.is_named = false;
        self.wakers.begin_run();
        self.gathered.clear();
    }

    /// Declares the symmetry of the scripts that will be spawned next.
    pub(crate) fn begin_scripts(&mut self, scripts: Vec<Alike>) {
        if !self.is_symmetric || self.in_use > 1 {
            return;
        }
        if self.scripts != scripts {
            self.renamings = Renaming::all(&scripts);
            self.scripts = scripts;
        }
        self.in_use = self.renamings.len();
        if let [first, rest @ ..] = self.renamings.as_slice() {
            self.sides[0].rename(first);
            for (at, renaming) in rest.iter().enumerate() {
                if self.sides.len() == at + 1 {
                    let side = self.sides[0].clone();
                    self.sides.push(side);
                }
                let (first, others) = self.sides.split_at_mut(1);
                others[at].begin_as(&first[0], renaming);
            }
        }
    }

    /// Whether scripts are renamed in this run.
    fn is_renamed(&self) -> bool {
        self.is_symmetric && self.sides[0].has_scripts()
    }

    fn first(&self) -> &Side {
        &self.sides[0]
    }

    fn each(&mut self, mut change: impl FnMut(&mut Side)) {
        self.sides[..self.in_use].iter_mut().for_each(&mut change);
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        self.first().has(part)
    }

    /// Adds a task, its parent's `nth`. Its captured variables are a function of its parent's local
    /// state.
    pub(crate) fn spawned(&mut self, task: TaskId, parent: Option<TaskId>, nth: usize) {
        self.each(|side| side.spawned(task, parent, nth));
    }

    /// `task` has waited for the end of `other` and has received its result.
    pub(crate) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.each(|side| side.joined(task, other));
    }

    /// Records that the step depends on the end of the task and on its result.
    pub(crate) fn asked_for_end(&mut self, task: TaskId) {
        self.gathered.looked.push(Input::End(task));
    }

    /// Forgets the task's history up to this boundary of this script. Boundaries are numbered from
    /// 1.
    pub(crate) fn boundary(&mut self, task: TaskId, segment: u32, script: Option<usize>) {
        let script = script.filter(|_| self.is_symmetric);
        self.each(|side| side.boundary(task, segment, script));
    }

    /// The task's last boundary, from 1; 0 before the first.
    pub(crate) fn segment(&self, task: TaskId) -> u32 {
        self.first().segment(task)
    }

    /// Returns the latest time that the task can have observed, which the task thereby observes.
    pub(crate) fn tell_time(&mut self, task: TaskId) -> u64 {
        let mut known = 0;
        self.each(|side| known = side.tell_time(task));
        known
    }

    /// Marks that the task's local state or pending operation has changed.
    #[inline]
    pub(crate) fn change(&mut self, task: TaskId) {
        self.each(|side| side.change(task));
    }

    /// Adds an object. Its contents are a function of its creator's local state.
    pub(crate) fn created(
        &mut self,
        location: LocationId,
        creator: TaskId,
        nth: usize,
        registry: &mut Registry,
    ) {
        registry.set_of_alike(location, self.first().is_alike(creator));
        let registry = &*registry;
        self.each(|side| side.created(location, creator, nth, registry));
    }

    /// Removes an object that no task will access again.
    pub(crate) fn forget(&mut self, location: LocationId) {
        self.each(|side| side.forget(location));
    }

    /// Sets the fingerprint of the location's contents, independently of the writer's history.
    pub(crate) fn settle(
        &mut self,
        location: LocationId,
        value: impl Fn() -> Fingerprint,
        registry: &Registry,
    ) {
        self.each(|side| {
            let (value, is_ambiguous) = renaming::under(side.renaming(), side.names(), &value);
            side.is_named |= is_ambiguous;
            side.settle(location, value, registry);
        });
    }

    /// Marks that the task may have changed the contents of the location.
    pub(crate) fn meddled(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.each(|side| side.meddled(task, location, registry));
    }

    /// The task reads the contents of the location without an event, because no other task can
    /// access it.
    pub(crate) fn looked(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.gathered.looked.push(Input::Location(location));
        self.each(|side| side.looked(task, location, registry));
    }

    /// Adds an executed event: updates the observations of its task and the contents of its
    /// locations.
    pub(crate) fn executed(
        &mut self,
        pending: &Pending,
        event: &Event,
        accesses: &[Access],
        registry: &Registry,
    ) {
        self.wakers.look();
        self.gathered.looked.extend(event.footprint.locations().iter().copied().map(Input::Location));
        self.each(|side| side.executed(pending, event, accesses, registry));
    }

    /// Computes the fingerprint of the state.
    pub(crate) fn fingerprint(
        &mut self,
        tasks: &[Task],
        registry: &Registry,
        monitor: Option<&dyn Monitor>,
    ) -> Fingerprint {
        let monitor = monitor.filter(|_| self.has(Part::Monitor));
        std::mem::swap(&mut self.step, &mut self.gathered);
        self.gathered.clear();
        self.wakers.look();
        let mut changed = 0;
        self.each(|side| changed |= side.weigh_tasks(tasks, registry));
        self.step.tasks |= changed;
        self.step.moved.append(&mut self.sides[0].moved);
        self.each(|side| side.moved.clear());
        self.is_named = self.is_named_after(None);
        self.step.is_told |= monitor.is_some_and(Monitor::is_touched);
        self.least(monitor, tasks.len()).unwrap_or_else(|| {
            // The monitor names a task whose name is shared.
            self.is_named = true;
            self.least(monitor, tasks.len()).unwrap_or_default()
        })
    }

    /// Whether something names a symmetric task: a past event or a pending operation. With `step`,
    /// the pending operation of this task is replaced by the given value. This is a function of the
    /// past events and of the local states, and not of the points at which the fingerprint was
    /// computed: it is not computed while a prefix is repeated.
    fn is_named_after(&self, step: Option<(TaskId, bool)>) -> bool {
        self.is_renamed()
            && (self.sides[..self.in_use].iter().any(|side| side.is_named)
                || self.first().is_any_naming(step))
    }

    /// Whether each task is identified by its number in the current state.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// The minimum of the views. `None` if the monitor names a task whose name is shared.
    fn least(&mut self, monitor: Option<&dyn Monitor>, tasks: usize) -> Option<Fingerprint> {
        let mut says = std::mem::take(&mut self.says);
        let sides = self.sides();
        says.resize_with(sides, Says::default);
        let asked = self.sides[..sides].iter().zip(&mut says);
        let mut answers = asked.map(|(side, says)| match monitor {
            Some(monitor) => says.ask(monitor, side, tasks, self.is_named),
            None => says.nothing(),
        });
        let is_clear = answers.all(|is_clear| is_clear);
        let sums = self.sides[..sides].iter().zip(&says).map(|(side, says)| {
            let mut sum = side.sum(self.is_named, &says.of_tasks, None);
            sum.add(says.of_all);
            sum
        });
        let least = sums.min();
        self.says = says;
        least.filter(|_| is_clear)
    }

    /// The number of views in use.
    fn sides(&self) -> usize {
        if self.is_named { 1 } else { self.in_use }
    }

    /// The effect of the last step, which is the same wherever the step is taken. `before` are the
    /// sums of the [locations](State::locations) before it; `was_named` is
    /// [`is_named`](State::is_named) there. `None` if the step has changed another task or the
    /// naming.
    pub(crate) fn effect(
        &self,
        task: TaskId,
        before: &[Fingerprint],
        was_named: bool,
        monitor: Option<&dyn Monitor>,
    ) -> Option<Effect> {
        let is_renaming = was_named != self.is_named || before.len() != self.sides();
        if self.step.tasks & !(1 << task) != 0 || is_renaming {
            return None;
        }
        let told = match monitor.filter(|_| self.step.is_told) {
            Some(monitor) => Some(monitor.told()?),
            None => None,
        };
        let of_side = |(side, before): (&Side, &Fingerprint)| {
            let mut moved = side.locations();
            moved.take(*before);
            (moved, side.stand(task, self.is_named))
        };
        let sides = self.sides[..before.len()].iter().zip(before).map(of_side).collect();
        let (is_naming, ends) = (self.first().is_naming(task), self.first().has_ended(task));
        Some(Effect { sides, told, is_naming, ends })
    }

    /// The sum of the locations in each view.
    pub(crate) fn locations(&self) -> impl Iterator<Item = Fingerprint> {
        self.sides[..self.sides()].iter().map(Side::locations)
    }

    /// The state after a step with this effect. `None` if it cannot be computed.
    pub(crate) fn after(
        &self,
        task: TaskId,
        effect: &Effect,
        monitor: Option<&dyn Monitor>,
    ) -> Option<Fingerprint> {
        let sides = self.sides();
        let is_named = self.is_named_after(Some((task, effect.is_naming)));
        if effect.sides.len() != sides || is_named != self.is_named {
            return None;
        }
        // The findings of the last step are cleared by the next step.
        let is_other = effect.told.is_some() || monitor.is_some_and(|monitor| monitor.found() != 0);
        let other = match monitor.filter(|_| is_other && self.has(Part::Monitor)) {
            Some(monitor) => Some(monitor.after(task.into(), effect.told.as_deref())?),
            None => None,
        };
        let mut will_say = Says::default();
        let mut least: Option<Fingerprint> = None;
        for ((side, says), &(moved, stand)) in self.sides[..sides].iter().zip(&self.says).zip(&effect.sides) {
            let says = match &other {
                Some(monitor) => {
                    let is_clear = will_say.ask(&**monitor, side, says.of_tasks.len(), self.is_named);
                    is_clear.then_some(&will_say)?
                }
                None => says,
            };
            let mut sum = side.sum(self.is_named, &says.of_tasks, Some((task, stand)));
            sum.add(says.of_all);
            sum.add(moved);
            least = Some(least.map_or(sum, |least| least.min(sum)));
        }
        least
    }

    /// The task begins to run a future.
    pub(crate) fn begin_future(&mut self, task: TaskId, signal: Signal) {
        self.wakers.begin(task, signal);
    }

    /// The task wakes another one.
    pub(crate) fn wakes(&mut self) {
        self.wakers.wake();
    }

    /// The task has run a future to its end.
    pub(crate) fn end_future(&mut self, task: TaskId) {
        self.wakers.end(task);
    }

    /// Whether a step depends only on its task's local state and on its inputs.
    pub(crate) fn is_local(&self) -> bool {
        !self.wakers.are_kept()
    }

    /// The fingerprint of the task's local state and name.
    pub(crate) fn stand(&self, task: TaskId) -> Fingerprint {
        self.first().stand(task, self.is_named)
    }

    /// The fingerprint of everything that is observable at the input.
    pub(crate) fn holds(&self, input: Input) -> Fingerprint {
        match input {
            Input::Location(location) => self.first().holds(location),
            Input::End(task) if self.first().has_ended(task) => self.stand(task),
            Input::End(_) => Fingerprint::NONE,
        }
    }

    /// The step between the last two computations of the fingerprint.
    pub(crate) fn step(&self) -> &Step {
        &self.step
    }
}
