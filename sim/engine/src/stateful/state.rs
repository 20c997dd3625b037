//! The current state of a run: the minimum of its symmetric views, one for each renaming of
//! symmetric tasks.

use std::rc::Rc;

use super::monitor_digest::MonitorDigest;
use super::renaming::{self, Alike, Renaming};
use super::symmetric_view::SymmetricView;
use super::wakers::{Signal, Wakers};
use super::{Effect, Input, Monitor, Part, TaskView, Transition};
use crate::event::{Access, Event, Fingerprint, LocationId, Pending, TaskId};
use crate::history::Registry;

/// The current state of a run.
pub(crate) struct State {
    /// The views. Those beyond `in_use` are retained for their memory.
    views: Vec<SymmetricView>,
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
    digests: Vec<MonitorDigest>,
    /// The step since the fingerprint was last computed, and the step before that.
    current: Transition,
    last: Transition,
}

impl State {
    pub(crate) fn new(is_symmetric: bool, left_out: Option<Part>) -> Self {
        State {
            views: vec![SymmetricView::new(left_out)],
            in_use: 1,
            scripts: Vec::new(),
            renamings: Vec::new(),
            is_symmetric,
            is_named: false,
            wakers: Wakers::default(),
            digests: Vec::new(),
            current: Transition::default(),
            last: Transition::default(),
        }
    }

    /// Begins a run.
    pub(crate) fn begin_run(&mut self, run: u64) {
        self.in_use = 1;
        self.views[0].begin_run(run);
        self.is_named = false;
        self.wakers.begin_run();
        self.current.clear();
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
            self.views[0].rename(first);
            for (at, renaming) in rest.iter().enumerate() {
                if self.views.len() == at + 1 {
                    let view = self.views[0].clone();
                    self.views.push(view);
                }
                let (first, others) = self.views.split_at_mut(1);
                others[at].begin_as(&first[0], renaming);
            }
        }
    }

    /// Whether scripts are renamed in this run.
    fn is_renamed(&self) -> bool {
        self.is_symmetric && self.views[0].has_scripts()
    }

    fn first(&self) -> &SymmetricView {
        &self.views[0]
    }

    fn each(&mut self, mut change: impl FnMut(&mut SymmetricView)) {
        self.views[..self.in_use].iter_mut().for_each(&mut change);
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        self.first().has(part)
    }

    /// Adds a task, its parent's `nth`. Its captured variables are a function of its parent's local
    /// state.
    pub(crate) fn spawned(&mut self, task: TaskId, parent: Option<TaskId>, nth: usize) {
        self.each(|view| view.spawned(task, parent, nth));
    }

    /// `task` has waited for the end of `other` and has received its result.
    pub(crate) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.each(|view| view.joined(task, other));
    }

    /// Records that the step depends on the end of the task and on its result.
    pub(crate) fn read_end(&mut self, task: TaskId) {
        self.current.inputs_read.push(Input::End(task));
    }

    /// Forgets the task's history up to this boundary of this script. Boundaries are numbered from
    /// 1.
    pub(crate) fn boundary(&mut self, task: TaskId, segment: u32, script: Option<usize>) {
        let script = script.filter(|_| self.is_symmetric);
        self.each(|view| view.boundary(task, segment, script));
    }

    /// The task's last boundary, from 1; 0 before the first.
    pub(crate) fn segment(&self, task: TaskId) -> u32 {
        self.first().segment(task)
    }

    /// Returns the latest time that the task can have observed, which the task thereby observes.
    pub(crate) fn observe_time(&mut self, task: TaskId) -> u64 {
        let mut known = 0;
        self.each(|view| known = view.observe_time(task));
        known
    }

    /// Marks that the task's local state or pending operation has changed.
    #[inline]
    pub(crate) fn change(&mut self, task: TaskId) {
        self.each(|view| view.change(task));
    }

    /// Adds an object. Its contents are a function of its creator's local state.
    pub(crate) fn created(
        &mut self,
        location: LocationId,
        creator: TaskId,
        nth: usize,
        registry: &mut Registry,
    ) {
        registry.set_of_symmetric(location, self.first().is_symmetric(creator));
        let registry = &*registry;
        self.each(|view| view.created(location, creator, nth, registry));
    }

    /// Removes an object that no task will access again.
    pub(crate) fn forget(&mut self, location: LocationId) {
        self.each(|view| view.forget(location));
    }

    /// Sets the fingerprint of the location's contents, independently of the writer's history.
    pub(crate) fn set_value(
        &mut self,
        location: LocationId,
        value: impl Fn() -> Fingerprint,
        registry: &Registry,
    ) {
        self.each(|view| {
            let (value, is_ambiguous) = renaming::under(view.renaming(), view.names(), &value);
            view.is_named |= is_ambiguous;
            view.set_value(location, value, registry);
        });
    }

    /// Marks that the task may have changed the contents of the location.
    pub(crate) fn may_have_changed(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.each(|view| view.may_have_changed(task, location, registry));
    }

    /// The task reads the contents of the location without an event, because no other task can
    /// access it.
    pub(crate) fn read_contents(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        self.current.inputs_read.push(Input::Location(location));
        self.each(|view| view.read_contents(task, location, registry));
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
        self.current.inputs_read.extend(event.footprint.locations().iter().copied().map(Input::Location));
        self.each(|view| view.executed(pending, event, accesses, registry));
    }

    /// Computes the fingerprint of the state. `task` returns each of the `tasks` tasks.
    pub(crate) fn fingerprint<'t>(
        &mut self,
        tasks: usize,
        task: impl Fn(TaskId) -> TaskView<'t>,
        registry: &Registry,
        monitor: Option<&dyn Monitor>,
    ) -> Fingerprint {
        let monitor = monitor.filter(|_| self.has(Part::Monitor));
        std::mem::swap(&mut self.last, &mut self.current);
        self.current.clear();
        self.wakers.look();
        let mut changed = 0;
        self.each(|view| changed |= view.update_tasks(&task, registry));
        self.last.tasks |= changed;
        self.last.changed.append(&mut self.views[0].changed_locations);
        self.each(|view| view.changed_locations.clear());
        self.is_named = self.is_named_after(None);
        self.last.has_reports |= monitor.is_some_and(Monitor::is_touched);
        self.least(monitor, tasks).unwrap_or_else(|| {
            // The monitor names a task whose name is shared.
            self.is_named = true;
            self.least(monitor, tasks).unwrap_or_default()
        })
    }

    /// Whether something names a symmetric task: a past event or a pending operation. With `step`,
    /// the pending operation of this task is replaced by the given value. This is a function of the
    /// past events and of the local states, and not of the points at which the fingerprint was
    /// computed: it is not computed while a prefix is repeated.
    fn is_named_after(&self, step: Option<(TaskId, bool)>) -> bool {
        self.is_renamed()
            && (self.views[..self.in_use].iter().any(|view| view.is_named)
                || self.first().is_any_naming(step))
    }

    /// Whether each task is identified by its number in the current state.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }

    /// The minimum of the views. `None` if the monitor names a task whose name is shared.
    fn least(&mut self, monitor: Option<&dyn Monitor>, tasks: usize) -> Option<Fingerprint> {
        let mut digests = std::mem::take(&mut self.digests);
        let views = self.views();
        digests.resize_with(views, MonitorDigest::default);
        let updated = self.views[..views].iter().zip(&mut digests);
        let mut are_clear = updated.map(|(view, digest)| match monitor {
            Some(monitor) => digest.update(monitor, view, tasks, self.is_named),
            None => digest.clear(),
        });
        let is_clear = are_clear.all(|is_clear| is_clear);
        let sums = self.views[..views].iter().zip(&digests).map(|(view, digest)| {
            let mut sum = view.sum(self.is_named, &digest.by_task, None);
            sum.add(digest.common);
            sum
        });
        let least = sums.min();
        self.digests = digests;
        least.filter(|_| is_clear)
    }

    /// The number of views in use.
    fn views(&self) -> usize {
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
        let is_renaming = was_named != self.is_named || before.len() != self.views();
        if self.last.tasks & !(1 << task) != 0 || is_renaming {
            return None;
        }
        let reports = match monitor.filter(|_| self.last.has_reports) {
            Some(monitor) => Some(monitor.reports()?),
            None => None,
        };
        let of_view = |(view, before): (&SymmetricView, &Fingerprint)| {
            let mut difference = view.locations();
            difference.take(*before);
            (difference, view.local_state(task, self.is_named))
        };
        let views = self.views[..before.len()].iter().zip(before).map(of_view).collect();
        let (is_naming, ends) = (self.first().is_naming(task), self.first().has_ended(task));
        Some(Effect { views, reports, is_naming, ends })
    }

    /// The sum of the locations in each view.
    pub(crate) fn locations(&self) -> impl Iterator<Item = Fingerprint> {
        self.views[..self.views()].iter().map(SymmetricView::locations)
    }

    /// The state after a step with this effect. `None` if it cannot be computed.
    pub(crate) fn after(
        &self,
        task: TaskId,
        effect: &Effect,
        monitor: Option<&dyn Monitor>,
    ) -> Option<Fingerprint> {
        let views = self.views();
        let is_named = self.is_named_after(Some((task, effect.is_naming)));
        if effect.views.len() != views || is_named != self.is_named {
            return None;
        }
        // The findings of the last step are cleared by the next step.
        let is_other = effect.reports.is_some() || monitor.is_some_and(|monitor| monitor.found() != 0);
        let other = match monitor.filter(|_| is_other && self.has(Part::Monitor)) {
            Some(monitor) => Some(monitor.after(task.into(), effect.reports.as_deref())?),
            None => None,
        };
        let mut predicted = MonitorDigest::default();
        let mut least: Option<Fingerprint> = None;
        for ((view, digest), &(difference, local_state)) in
            self.views[..views].iter().zip(&self.digests).zip(&effect.views)
        {
            let digest = match &other {
                Some(monitor) => {
                    let is_clear = predicted.update(&**monitor, view, digest.by_task.len(), self.is_named);
                    is_clear.then_some(&predicted)?
                }
                None => digest,
            };
            let mut sum = view.sum(self.is_named, &digest.by_task, Some((task, local_state)));
            sum.add(digest.common);
            sum.add(difference);
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
    pub(crate) fn local_state(&self, task: TaskId) -> Fingerprint {
        self.first().local_state(task, self.is_named)
    }

    /// The fingerprint of everything that is observable at the input.
    pub(crate) fn holds(&self, input: Input) -> Fingerprint {
        match input {
            Input::Location(location) => self.first().holds(location),
            Input::End(task) if self.first().has_ended(task) => self.local_state(task),
            Input::End(_) => Fingerprint::NONE,
        }
    }

    /// The step between the last two computations of the fingerprint.
    pub(crate) fn last_transition(&self) -> &Transition {
        &self.last
    }
}
