//! The state of the run that is going on: the least of its sides, one for each way to name tasks that are alike.

use std::rc::Rc;

use super::renaming::{self, Alike, Renaming};
use super::says::Says;
use super::side::Side;
use super::wakers::{Signal, Wakers};
use super::{Effect, Input, Monitor, Part, Step};
use crate::event::{Access, Event, Fingerprint, LocationId, Pending, TaskId};
use crate::history::Registry;
use crate::runtime::Task;

/// The state of the run that is going on.
pub(crate) struct State {
    /// Those beyond the ones in use are kept for their memory.
    sides: Vec<Side>,
    in_use: usize,
    /// The scripts of this run, if they are renamed, and their renamings.
    scripts: Vec<Alike>,
    renamings: Vec<Rc<Renaming>>,
    /// Whether tasks may take the places of others that are like them.
    is_symmetric: bool,
    /// Something names a task that can take another's place: then nobody does.
    is_named: bool,
    wakers: Wakers,
    /// What the monitor says, of each side.
    says: Vec<Says>,
    /// What has happened since the fingerprint was last worked out, and between the last two times.
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

    /// A run begins.
    pub(crate) fn begin_run(&mut self, run: u64) {
        self.in_use = 1;
        self.sides[0].begin_run(run);
        self.is_named = false;
        self.wakers.begin_run();
        self.gathered.clear();
    }

    /// The scripts that are about to begin can take each other's places.
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

    /// A task begins, its parent's `nth`: what it has captured is a function of what its parent knows.
    pub(crate) fn spawned(&mut self, task: TaskId, parent: Option<TaskId>, nth: usize) {
        self.each(|side| side.spawned(task, parent, nth));
    }

    /// `task` has waited for the end of `other`, and has its result.
    pub(crate) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.each(|side| side.joined(task, other));
    }

    /// Somebody wants to know whether the task has ended, and what its result is.
    pub(crate) fn asked_for_end(&mut self, task: TaskId) {
        self.gathered.looked.push(Input::End(task));
    }

    /// Nothing of the task's past matters but that this boundary, from 1, has been reached, of this script.
    pub(crate) fn boundary(&mut self, task: TaskId, segment: u32, script: Option<usize>) {
        let script = script.filter(|_| self.is_symmetric);
        self.each(|side| side.boundary(task, segment, script));
    }

    /// The task's last boundary, from 1; 0 before the first.
    pub(crate) fn segment(&self, task: TaskId) -> u32 {
        self.first().segment(task)
    }

    /// The latest time that the task can know of, which it is told.
    pub(crate) fn tell_time(&mut self, task: TaskId) -> u64 {
        let mut known = 0;
        self.each(|side| known = side.tell_time(task));
        known
    }

    /// Where the task stands has changed, or what it has announced.
    #[inline]
    pub(crate) fn change(&mut self, task: TaskId) {
        self.each(|side| side.change(task));
    }

    /// An object has been made. What it holds is a function of what its creator knows.
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

    /// An object is gone: nobody will ever touch it.
    pub(crate) fn forget(&mut self, location: LocationId) {
        self.each(|side| side.forget(location));
    }

    /// What the location holds is this, whatever was known of who put it there.
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

    /// The task may have changed something in what the location holds.
    pub(crate) fn meddled(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.each(|side| side.meddled(task, location, registry));
    }

    /// The task looks at what the location holds, without an event: nobody else can get at it.
    pub(crate) fn looked(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.gathered.looked.push(Input::Location(location));
        self.each(|side| side.looked(task, location, registry));
    }

    /// An event has been executed: its task learns what it is given, and what it leaves is put in its place.
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

    /// The fingerprint of the state.
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
            // The monitor names a task that has no name of its own.
            self.is_named = true;
            self.least(monitor, tasks.len()).unwrap_or_default()
        })
    }

    /// Whether something names a task that can take another's place: something that has happened, or what a task is about to
    /// do. After a step of this task it is the other tasks, and whether it will be about to. A function of what has happened
    /// and of where the tasks stand, and not of when anybody asked: a run that repeats a prefix is not asked on the way.
    fn is_named_after(&self, step: Option<(TaskId, bool)>) -> bool {
        self.is_renamed()
            && (self.sides[..self.in_use].iter().any(|side| side.is_named)
                || self.first().is_any_naming(step))
    }

    /// Whether tasks have their own names alone in the state that the run is in.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// The least of the sides. `None` if the monitor tells of a task by a name that others have, too.
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

    /// How many sides there are to be looked at.
    fn sides(&self) -> usize {
        if self.is_named { 1 } else { self.in_use }
    }

    /// What the step that has led here comes to wherever it is taken. `before` are the sums of the
    /// [locations](State::locations) before it, under such names. `None` if it is not the task's alone.
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

    /// The sums of the locations, of each side.
    pub(crate) fn locations(&self) -> impl Iterator<Item = Fingerprint> {
        self.sides[..self.sides()].iter().map(Side::locations)
    }

    /// The state that a step of this effect leads to. `None` if that cannot be told.
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
        // What was found in the last step is no longer so after the next.
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

    /// Somebody is to be woken.
    pub(crate) fn wakes(&mut self) {
        self.wakers.wake();
    }

    /// The task has run a future to its end.
    pub(crate) fn end_future(&mut self, task: TaskId) {
        self.wakers.end(task);
    }

    /// Whether what a step does depends on nothing but where its task stands and what it touches.
    pub(crate) fn is_local(&self) -> bool {
        !self.wakers.are_kept()
    }

    /// Where the task stands, and who it is.
    pub(crate) fn stand(&self, task: TaskId) -> Fingerprint {
        self.first().stand(task, self.is_named)
    }

    /// All that can be seen of it.
    pub(crate) fn holds(&self, input: Input) -> Fingerprint {
        match input {
            Input::Location(location) => self.first().holds(location),
            Input::End(task) if self.first().has_ended(task) => self.stand(task),
            Input::End(_) => Fingerprint::NONE,
        }
    }

    /// What has happened between the last two times that the fingerprint was worked out.
    pub(crate) fn step(&self) -> &Step {
        &self.step
    }
}
