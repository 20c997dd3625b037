//! One view of the current state, in which symmetric tasks have the names of one
//! [renaming](super::renaming::Renaming).
//!
//! The view is a sum of fingerprints, one for each task and for each location that is not in its
//! initial state. So an event changes only the terms of its task and its locations.

use std::rc::Rc;

use crate::event::{
    Access, Event, Fingerprint, FingerprintKind, LocationId, MODES, Mode, Pending, Phase, TaskId,
};
use crate::history::{CLOCK, Registry};

use super::renaming::Renaming;
use super::{Part, TaskView};

/// The part of the state that belongs to a task.
#[derive(Clone, Copy, Debug, Default)]
struct TaskPart {
    /// The fingerprint of its observations since its last boundary.
    local: Fingerprint,
    /// The number of its events since then.
    steps: u32,
    /// Its last boundary, from 1; 0 before the first.
    segment: u32,
    /// The latest time that it can have observed.
    known: u64,
    /// It has ended.
    has_ended: bool,
    /// The index of its script among the renamed scripts.
    script: Option<usize>,
    /// Its name if it is a descendant of a renamed script: it is renamed with that script.
    inherited: Option<u64>,
    /// Whether its pending operation names a task.
    is_naming: bool,
    /// Its fingerprint, without its name.
    fingerprint: Fingerprint,
}

/// The part of the state that belongs to a location, except its state in the registry.
#[derive(Clone, Debug, Default)]
struct LocationPart {
    /// The run that the other fields belong to.
    run: u64,
    /// The fingerprint of the contents that are not in its state.
    value: Fingerprint,
    /// The sum of the contents of the object's keys.
    content: Fingerprint,
    /// Its term in the contents of the object whose key it is.
    content_term: Fingerprint,
    /// Its term in the sum.
    fingerprint: Fingerprint,
    /// For each mode, the latest time that a task could have observed when it accessed the location
    /// in this mode. `None` if all are 0.
    times: Option<Box<[u64; MODES]>>,
}

/// One view of the current state.
#[derive(Clone)]
pub(super) struct SymmetricView {
    tasks: Vec<TaskPart>,
    locations: Vec<LocationPart>,
    run: u64,
    /// The sum of the fingerprints of all locations.
    sum: Fingerprint,
    /// The set of tasks whose fingerprints have to be computed again, one bit each.
    changed: u64,
    renaming: Rc<Renaming>,
    /// Whether something in this run names a task with a shared name.
    pub(super) is_named: bool,
    /// The locations whose fingerprints or contents have changed, with their contents before.
    pub(super) changed_locations: Vec<(LocationId, Fingerprint)>,
    left_out: Option<Part>,
}

impl SymmetricView {
    pub(super) fn new(left_out: Option<Part>) -> Self {
        SymmetricView {
            tasks: Vec::new(),
            locations: Vec::new(),
            run: 0,
            sum: Fingerprint::NONE,
            changed: 0,
            renaming: Rc::default(),
            is_named: false,
            changed_locations: Vec::new(),
            left_out,
        }
    }

    /// Begins a run.
    pub(super) fn begin_run(&mut self, run: u64) {
        self.tasks.clear();
        self.run = run;
        self.sum = Fingerprint::NONE;
        self.changed = 0;
        self.renaming = Rc::default();
        self.is_named = false;
        self.changed_locations.clear();
    }

    /// Copies the other view, with another renaming.
    pub(super) fn begin_as(&mut self, other: &SymmetricView, renaming: &Rc<Renaming>) {
        self.clone_from(other);
        self.renaming = Rc::clone(renaming);
    }

    /// Sets the names of scripts from now on.
    pub(super) fn rename(&mut self, renaming: &Rc<Renaming>) {
        self.renaming = Rc::clone(renaming);
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.left_out != Some(part)
    }

    /// Adds a task, its parent's `nth`. Its captured variables are a function of its parent's local
    /// state.
    pub(super) fn spawned(&mut self, task: TaskId, parent: Option<TaskId>, nth: usize) {
        let local = match parent {
            None => Fingerprint::of_kind(FingerprintKind::Local),
            Some(parent) => self.knowledge(parent).with(nth as u64 + 1, 0),
        };
        let known = parent.map_or(0, |parent| self.tasks[parent as usize].known);
        if self.tasks.len() <= task as usize {
            self.tasks.resize(task as usize + 1, TaskPart::default());
        }
        // A child of a task with a shared name would lose its parent.
        self.is_named |= parent.is_some_and(|parent| self.is_shared(parent));
        let inherited = parent.filter(|&parent| self.is_symmetric(parent)).map(|parent| {
            let segment = self.tasks[parent as usize].segment.into();
            Fingerprint::of_kind(FingerprintKind::Task).with(self.name(parent), segment).with(0, nth as u64).0
                as u64
        });
        self.tasks[task as usize] = TaskPart { local, known, inherited, ..TaskPart::default() };
        self.changed |= 1 << task;
    }

    /// `task` has waited for the end of `other` and has received its result.
    pub(super) fn joined(&mut self, task: TaskId, other: TaskId) {
        let (end, whose) = (self.knowledge(other), self.tasks[other as usize]);
        let its = &mut self.tasks[task as usize];
        its.known = its.known.max(whose.known);
        // The end of a script contains no information except that it has ended, which is a part of
        // the state itself.
        if whose.script.is_none() || whose.steps > 0 {
            its.local = its.local.and(Fingerprint::of_kind(FingerprintKind::End)).and(end);
        }
        self.changed |= 1 << task;
    }

    /// Forgets the task's history up to this boundary, which is numbered from 1. `script` is the
    /// index of its script, if scripts are renamed.
    pub(super) fn boundary(&mut self, task: TaskId, segment: u32, script: Option<usize>) {
        self.tasks[task as usize].script = script;
        let name = self.name(task);
        let its = &mut self.tasks[task as usize];
        its.local = Fingerprint::of_kind(FingerprintKind::Local).with(name, segment.into());
        its.steps = 0;
        its.segment = segment;
        self.changed |= 1 << task;
    }

    /// The task's last boundary, from 1; 0 before the first.
    pub(super) fn segment(&self, task: TaskId) -> u32 {
        self.tasks[task as usize].segment
    }

    /// Returns the latest time that the task can have observed, which the task thereby observes.
    pub(super) fn observe_time(&mut self, task: TaskId) -> u64 {
        let its = &mut self.tasks[task as usize];
        its.local = its.local.with(0, its.known);
        self.changed |= 1 << task;
        its.known
    }

    /// The fingerprint of all data that the task's next action and captured variables depend on.
    fn knowledge(&self, task: TaskId) -> Fingerprint {
        let its = &self.tasks[task as usize];
        its.local.with(its.steps.into(), its.segment.into())
    }

    /// Marks that the task's local state or pending operation has changed.
    #[inline]
    pub(super) fn change(&mut self, task: TaskId) {
        self.changed |= 1 << task;
    }

    /// Whether the task is symmetric to another, or is a descendant of such a task.
    pub(super) fn is_symmetric(&self, task: TaskId) -> bool {
        let its = &self.tasks[task as usize];
        its.inherited.is_some() || its.script.is_some_and(|script| self.renaming.is_symmetric(script))
    }

    /// Whether another task has the same name.
    fn is_shared(&self, task: TaskId) -> bool {
        self.tasks[task as usize].script.is_some_and(|script| self.renaming.is_shared(script))
    }

    /// The name of the task in this view.
    fn name(&self, task: TaskId) -> u64 {
        let its = &self.tasks[task as usize];
        match (its.script, its.inherited) {
            (Some(script), _) => self.renaming.name(script),
            (None, Some(inherited)) => inherited,
            (None, None) => u64::from(task) + 1,
        }
    }

    /// Whether the task has ended.
    pub(super) fn has_ended(&self, task: TaskId) -> bool {
        self.tasks.get(task as usize).is_some_and(|its| its.has_ended)
    }

    /// Whether some tasks run renamed scripts.
    pub(super) fn has_scripts(&self) -> bool {
        self.tasks.iter().any(|its| its.script.is_some())
    }

    /// The name of each task in this view, by its number, and whether the name is shared.
    pub(super) fn names(&self) -> impl Iterator<Item = (u64, bool)> {
        (0..self.tasks.len() as TaskId).map(|task| (self.name(task), self.is_shared(task)))
    }

    /// The renaming of this view.
    pub(super) fn renaming(&self) -> &Rc<Renaming> {
        &self.renaming
    }

    /// Adds an object. Its contents are a function of its creator's local state.
    pub(super) fn created(&mut self, location: LocationId, creator: TaskId, nth: usize, registry: &Registry) {
        self.forget(location);
        if registry.holds(location).value {
            let value = self.knowledge(creator).with(nth as u64, FingerprintKind::Value as u64);
            self.part(location).value = value;
        }
        self.update_location(location, registry);
    }

    /// Removes an object that no task will access again.
    pub(super) fn forget(&mut self, location: LocationId) {
        let run = self.run;
        if let Some(part) = self.locations.get_mut(location as usize)
            && part.run == run
        {
            self.sum.take(part.fingerprint);
            self.changed_locations.push((location, part.holds()));
            *part = LocationPart { run, ..LocationPart::default() };
        }
    }

    /// Sets the fingerprint of the location's contents, independently of the writer's history.
    pub(super) fn set_value(&mut self, location: LocationId, value: Fingerprint, registry: &Registry) {
        self.part(location).value = value;
        self.update_location(location, registry);
    }

    /// Marks that the task may have changed the contents of the location.
    pub(super) fn may_have_changed(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        let by = self.knowledge(task);
        let part = self.part(location);
        part.value = part.value.and(by);
        self.update_location(location, registry);
    }

    /// The task reads the contents of the location without an event, because no other task can
    /// access it.
    pub(super) fn read_contents(&mut self, task: TaskId, location: LocationId, registry: &Registry) {
        let (value, content) = self.held(location);
        let its = &mut self.tasks[task as usize];
        its.local = its.local.with(1, registry.state(location)).and(value).and(content);
        self.changed |= 1 << task;
    }

    fn part(&mut self, location: LocationId) -> &mut LocationPart {
        let at = location as usize;
        if self.locations.len() <= at {
            self.locations.resize_with(at + 1, LocationPart::default);
        }
        let part = &mut self.locations[at];
        if part.run != self.run {
            *part = LocationPart { run: self.run, ..LocationPart::default() };
        }
        part
    }

    /// The fingerprints of the contents of the location, and of the contents of its keys.
    fn held(&self, location: LocationId) -> (Fingerprint, Fingerprint) {
        match self.locations.get(location as usize) {
            Some(part) if part.run == self.run && self.has(Part::Values) => (part.value, part.content),
            _ => (Fingerprint::NONE, Fingerprint::NONE),
        }
    }

    /// Adds an executed event: updates the observations of its task and the contents of its
    /// locations.
    pub(super) fn executed(
        &mut self,
        pending: &Pending,
        event: &Event,
        accesses: &[Access],
        registry: &Registry,
    ) {
        let task = event.footprint.task;
        let its = &mut self.tasks[task as usize];
        its.steps += 1;
        let (mut local, step) = (its.local, u64::from(its.steps));
        if event.footprint.alternatives > 1 {
            local = local.with(2, event.footprint.choice.into());
        }
        for (slot, ((location, mode), access)) in event.footprint.touched().zip(accesses).enumerate() {
            if mode == Mode::Nothing {
                continue;
            }
            if pending.observes_state(slot, mode) {
                local = local.with(slot as u64 + 3, access.before);
            }
            let (value, content) = self.held(location);
            // Include the step: finding something and then nothing differs from finding nothing and
            // then something.
            if looks(mode) && value != Fingerprint::NONE {
                local = local.with(FingerprintKind::Value as u64, step).and(value);
            }
            if looks(mode) && mode != Mode::Glance && content != Fingerprint::NONE {
                local = local.with(FingerprintKind::Content as u64, step).and(content);
            }
        }
        self.tasks[task as usize].local = local;
        self.changed |= 1 << task;
        let writer = self.knowledge(task);
        for (slot, (location, mode)) in event.footprint.touched().enumerate() {
            if mode == Mode::Nothing {
                continue;
            }
            let holds = registry.holds(location);
            if holds.value && matches!(mode, Mode::Write | Mode::Release) {
                let value = writer.with(slot as u64, FingerprintKind::Value as u64);
                let part = self.part(location);
                // Several items can share a location.
                part.value = if holds.many { part.value.and(value) } else { value };
            }
            self.update_location(location, registry);
        }
        self.propagate_time(event, accesses, registry);
    }

    /// Propagates the latest time that the event's task can have observed to the later events that
    /// conflict with the event.
    fn propagate_time(&mut self, event: &Event, accesses: &[Access], registry: &Registry) {
        let task = event.footprint.task as usize;
        let mut known = self.tasks[task].known;
        for ((location, mode), access) in event.footprint.touched().zip(accesses) {
            if location == CLOCK && mode != Mode::Nothing {
                known = known.max(access.after);
            }
            if let Some(times) =
                self.locations.get(location as usize).and_then(|part| part.times_in(self.run))
            {
                let conflicting = Mode::ALL.into_iter().filter(|other| mode.conflicts(*other));
                known = conflicting.map(|other| times[other as usize]).fold(known, u64::max);
            }
        }
        if known == 0 {
            return;
        }
        self.tasks[task].known = known;
        for (location, mode) in event.footprint.touched() {
            if mode != Mode::Nothing {
                let times = self.part(location).times.get_or_insert_default();
                times[mode as usize] = times[mode as usize].max(known);
                self.update_location(location, registry);
            }
        }
    }

    /// Computes the term of the location in the sum, and its term in the contents of its object.
    fn update_location(&mut self, location: LocationId, registry: &Registry) {
        let state = registry.state(location);
        let (holds, identity) = (registry.holds(location), registry.identity(location));
        let has_clock = self.has(Part::Clock);
        let (has_locks, has_values) = (self.has(Part::Locks), self.has(Part::Values));
        let part = self.part(location);
        let value = if has_values { part.value } else { Fingerprint::NONE };
        let is_kept = match (location, holds.word) {
            (CLOCK, _) => has_clock,
            (_, true) => has_values,
            (_, false) => has_locks,
        };
        let state = if is_kept { state } else { 0 };
        let mut word = Fingerprint::NONE;
        if state != 0 || value != Fingerprint::NONE {
            word = Fingerprint::of_kind(FingerprintKind::Location).and(identity).with(0, state).and(value);
        }
        if let Some(times) = &part.times
            && has_clock
        {
            let all = times
                .iter()
                .fold(Fingerprint::of_kind(FingerprintKind::Times).and(identity), |all, &time| {
                    all.with(0, time)
                });
            word.add(all);
        }
        let held = part.holds();
        let old = std::mem::replace(&mut part.fingerprint, word);
        let has_moved = old != word;
        let share = match (holds.value, value, state) {
            (true, Fingerprint::NONE, _) | (false, _, 0) => Fingerprint::NONE,
            (true, value, _) => Fingerprint::of_kind(FingerprintKind::Content).and(identity).and(value),
            (false, _, state) => Fingerprint::of_kind(FingerprintKind::Content).and(identity).with(0, state),
        };
        let before = std::mem::replace(&mut part.content_term, share);
        if has_moved {
            self.sum.take(old);
            self.sum.add(word);
            self.changed_locations.push((location, held));
            // Not in its initial state, and its name or its state identifies a task.
            self.is_named |= word != Fingerprint::NONE && registry.names_tasks(location);
        }
        if let Some(whole) = registry.details(location).whole
            && before != share
        {
            let part = self.part(whole);
            let held = part.holds();
            part.content.take(before);
            part.content.add(share);
            self.changed_locations.push((whole, held));
        }
    }

    /// Computes the fingerprints of the tasks that may have changed. Returns the set of tasks that
    /// have, one bit each.
    pub(super) fn update_tasks<'t>(
        &mut self,
        view: &impl Fn(TaskId) -> TaskView<'t>,
        registry: &Registry,
    ) -> u64 {
        let (mut candidates, mut changed) = (std::mem::take(&mut self.changed), 0);
        while candidates != 0 {
            let task = candidates.trailing_zeros() as TaskId;
            candidates &= candidates - 1;
            let of = view(task);
            let word = self.task_fingerprint(task, of, registry);
            let names = |&(location, _): &(LocationId, _)| registry.names_tasks(location);
            self.tasks[task as usize].is_naming =
                of.pending.is_some_and(|its| its.actions().iter().any(names));
            self.tasks[task as usize].has_ended = of.phase == Phase::Ended;
            if std::mem::replace(&mut self.tasks[task as usize].fingerprint, word) != word {
                changed |= 1 << task;
            }
        }
        changed
    }

    /// The fingerprint of everything that is observable at the location.
    pub(super) fn holds(&self, location: LocationId) -> Fingerprint {
        match self.locations.get(location as usize) {
            Some(part) if part.run == self.run => part.holds(),
            _ => LocationPart::default().holds(),
        }
    }

    /// Whether the task's pending operation names a task.
    pub(super) fn is_naming(&self, task: TaskId) -> bool {
        self.tasks[task as usize].is_naming
    }

    /// Whether any pending operation names a task. With `step`, the operation of this task is
    /// replaced by the given value.
    pub(super) fn is_any_naming(&self, step: Option<(TaskId, bool)>) -> bool {
        let will_be = |(at, its): (usize, &TaskPart)| match step {
            Some((task, names)) if usize::from(task) == at => names,
            _ => its.is_naming,
        };
        self.tasks.iter().enumerate().any(will_be)
    }

    /// The fingerprint of the task's local state and name.
    pub(super) fn local_state(&self, task: TaskId, is_named: bool) -> Fingerprint {
        let Some(its) = self.tasks.get(task as usize) else { return Fingerprint::NONE };
        let name = if is_named { u64::from(task) + 1 } else { self.name(task) };
        its.fingerprint.with(name, is_named.into())
    }

    /// The sum of the fingerprints of all locations.
    pub(super) fn locations(&self) -> Fingerprint {
        self.sum
    }

    /// The sum of all fingerprints. With `mover`, the fingerprint of this task is replaced.
    /// `beside` contains additional data of each task.
    pub(super) fn sum(
        &self,
        is_named: bool,
        beside: &[Fingerprint],
        mover: Option<(TaskId, Fingerprint)>,
    ) -> Fingerprint {
        let mut all = self.sum;
        for (task, _) in self.tasks.iter().enumerate().filter(|(_, its)| its.fingerprint != Fingerprint::NONE)
        {
            let word = match mover {
                Some((mover, local_state)) if usize::from(mover) == task => local_state,
                _ => self.local_state(task as TaskId, is_named),
            };
            all.add(beside.get(task).map_or(word, |beside| word.and(*beside)));
        }
        all
    }

    fn task_fingerprint(&self, task: TaskId, of: TaskView<'_>, registry: &Registry) -> Fingerprint {
        let its = &self.tasks[task as usize];
        let phase = match of.phase {
            Phase::Absent => return Fingerprint::NONE,
            Phase::Starting | Phase::Ready => 0,
            // A task that waits for all scripts also waits for the other ones, in any order.
            Phase::Joining(other) if self.tasks[other as usize].script.is_some() => 2,
            Phase::Joining(other) => self.tasks[other as usize].inherited.unwrap_or(3 + u64::from(other)),
            Phase::Quiescing => u64::MAX,
            Phase::Ended => 1,
        };
        let mut word = Fingerprint::of_kind(FingerprintKind::Task).with(phase, its.segment.into());
        if self.has(Part::Observed) {
            word = word.and(its.local);
        }
        if self.has(Part::Clock) {
            word = word.with(0, its.known);
        }
        if self.has(Part::Pending) {
            word = word.with(0, its.steps.into());
            if let Some(pending) = of.pending {
                word = pending.operands(word, |location| registry.identity(location));
            }
        }
        word
    }
}

impl LocationPart {
    /// The fingerprint of everything that is observable here.
    fn holds(&self) -> Fingerprint {
        self.fingerprint.and(self.content)
    }

    fn times_in(&self, run: u64) -> Option<&[u64; MODES]> {
        self.times.as_deref().filter(|_| self.run == run)
    }
}

/// Whether an access with this mode can observe contents of the location that are not in its state.
fn looks(mode: Mode) -> bool {
    !matches!(mode, Mode::Nothing | Mode::Update | Mode::Release | Mode::ReleaseShared | Mode::Probe)
}
