//! The search: each consistent execution graph once.
//!
//! Each run executes the program from its beginning. First it repeats the events of the current
//! graph, in an order that agrees with program order and reads-from. Then it adds the next
//! operation of some task, in each consistent way: the first now, the others in later runs. A write
//! also revisits earlier reads; each revisit is a graph of its own.

use std::panic::Location;

use rustc_hash::{FxHashMap, FxHashSet};

use super::event::{Event, EventId, INITIAL, Label};
use super::execution_graph::{Clock, Graph, contains};
use super::level::{Alternative, Level};
use super::operation::{
    Announced, Kind, WaitCondition, complete, effect, holds, kind, of_whole, ordered, states_by_slot,
};
use super::plan::{Unit, plan};
use super::replay::RecordedStep;
use super::seq_cst;
use crate::event::{Decision, LocationId, LocationStates, Mode, Pending, SLOTS, TaskId};

/// The next step of a run.
pub(crate) enum Move {
    /// This decision. The states of the operation's locations are as given.
    Take(Decision, Option<LocationStates>),
    /// No task can continue.
    End,
    /// The run is cut short: its graph cannot be continued.
    Redundant,
    /// The program does not repeat the graph, for this reason.
    Mismatch(String),
    /// Nothing orders these two accesses of the plain data at this location. The run ends: a
    /// program with a data race has no defined behaviour.
    Race(LocationId, [PlainAccess; 2]),
    /// The model does not cover an operation: it does this, at this place.
    Refuse(&'static str, &'static Location<'static>),
}

/// The state of a search of execution graphs.
pub(crate) struct Search {
    pub(super) levels: Vec<Level>,
    pub(super) run: RunState,
    /// Whether the next new operation is that of the last choice of the level.
    resumes: bool,
    /// The stuck graphs that were found by the removal of awaits.
    pub(super) stuck: FxHashSet<Vec<u32>>,
    pub(super) options: Options,
    keyed: Keyed,
    /// The steps of the only graph, if one is replayed.
    pub(super) recorded: Option<Vec<RecordedStep>>,
}

/// The variant of the model.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// The order of SeqCst operations is the published one: see [`seq_cst`].
    pub(crate) is_published: bool,
    /// Each operation of an object synchronizes with all earlier ones, as under sequential
    /// consistency.
    pub(crate) orders_objects: bool,
}

/// The uses of objects with keys, in all runs.
#[derive(Default)]
struct Keyed {
    /// The objects of which single keys are used.
    by_key: FxHashSet<LocationId>,
    /// The objects that are used as a whole.
    as_whole: FxHashSet<LocationId>,
}

/// The state of the current run.
#[derive(Default)]
pub(super) struct RunState {
    plan: Vec<Unit>,
    next: usize,
    is_planned: bool,
    /// Of each task, the events that are executed.
    pub(super) executed: Vec<u32>,
    /// Of each task, for each executed event of the graph, the number of steps of the task up to
    /// it.
    steps: Vec<Vec<u32>>,
    /// Of each task, the spawns and joins that its next event follows.
    pub(super) edges: Vec<Vec<(TaskId, u32)>>,
    initial: FxHashMap<LocationId, u64>,
    /// Whether a task waits for a place that is held for another.
    pub(super) waits_for_held: bool,
    /// The operations that may wait or depend on what they read, by their first event.
    pub(super) operations: FxHashMap<EventId, (Pending, Option<WaitCondition>)>,
}

/// An access of plain data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainAccess {
    pub(crate) task: TaskId,
    pub(crate) writes: bool,
    pub(crate) source: &'static Location<'static>,
}

impl PlainAccess {
    fn of(event: &Event) -> Self {
        PlainAccess { task: event.task, writes: event.label == Label::PlainWrite, source: event.source }
    }
}

/// Whether an operation could be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    Yes,
    /// The task waits.
    Disabled,
    /// Each way to add it is inconsistent, or was left to other runs.
    Dead,
}

impl Search {
    /// A search that begins with the empty graph.
    pub(crate) fn new(options: Options) -> Self {
        Search {
            levels: vec![Level::default()],
            run: RunState::default(),
            resumes: false,
            stuck: FxHashSet::default(),
            options,
            keyed: Keyed::default(),
            recorded: None,
        }
    }

    /// The replay of one graph. It may have any order of SeqCst operations that some option
    /// permits.
    pub(crate) fn replay(steps: Vec<RecordedStep>) -> Self {
        let options = Options { is_published: true, ..Options::default() };
        Search { recorded: Some(steps), ..Search::new(options) }
    }

    /// Whether it replays one graph.
    pub(crate) fn is_replay(&self) -> bool {
        self.recorded.is_some()
    }

    /// The number of steps of the run so far.
    pub(super) fn steps(&self) -> usize {
        self.run.steps.iter().filter_map(|steps| steps.last()).map(|&last| last as usize).sum()
    }

    /// Whether the SeqCst operations of a graph can be ordered.
    pub(super) fn is_ordered(&self, graph: &Graph) -> bool {
        seq_cst::is_ordered(graph, self.options.is_published)
    }

    pub(super) fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("a run has a graph")
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.levels.last().expect("a run has a graph").graph
    }

    pub(super) fn graph_mut(&mut self) -> &mut Graph {
        &mut self.level().graph
    }

    /// Prepares the next run. False if all graphs were visited.
    pub(crate) fn next_run(&mut self) -> bool {
        self.run = RunState::default();
        self.resumes = false;
        while let Some(level) = self.levels.last_mut() {
            if let Some(child) = level.children.pop() {
                self.levels.push(child);
                return true;
            }
            if level.backtrack() {
                self.resumes = true;
                return true;
            }
            self.levels.pop();
        }
        false
    }

    /// The part of the search that is done.
    pub(crate) fn done(&self) -> f64 {
        let (mut part, mut share) = (0.0, 1.0);
        for level in &self.levels {
            for choice in &level.choices {
                share /= choice.alternatives.len().max(1) as f64;
                part += share * choice.tried.saturating_sub(1) as f64;
            }
            share /= 1.0 + level.children.len() as f64;
        }
        part.clamp(0.0, 0.999)
    }

    /// The current task has spawned `child`.
    pub(crate) fn spawned(&mut self, parent: TaskId, child: TaskId) {
        self.fit(parent.max(child));
        let mut edges = self.run.edges[parent as usize].clone();
        edges.push((parent, self.run.executed[parent as usize]));
        self.run.edges[child as usize] = edges;
    }

    /// A join of `other` by `task` has completed.
    pub(crate) fn joined(&mut self, task: TaskId, other: TaskId) {
        self.fit(task.max(other));
        let mut edges = self.run.edges[other as usize].clone();
        edges.push((other, self.run.executed[other as usize]));
        self.run.edges[task as usize].extend(edges);
    }

    pub(super) fn fit(&mut self, task: TaskId) {
        if self.run.executed.len() <= task as usize {
            self.run.executed.resize(task as usize + 1, 0);
            self.run.edges.resize(task as usize + 1, Vec::new());
            self.run.steps.resize(task as usize + 1, Vec::new());
        }
        self.graph_mut().fit(task);
        let width = self.graph().width();
        debug_assert!(width > task as usize);
    }

    /// The value of an object after its last operation that happens before the next operation of
    /// `task`. `None` if there is no such operation.
    pub(crate) fn last_known(&self, task: TaskId, location: LocationId) -> Option<u64> {
        let graph = self.graph();
        let done = self.run.executed.get(task as usize).copied().unwrap_or(0);
        let edges = self.run.edges.get(task as usize).map_or(&[][..], Vec::as_slice);
        let clock = graph.clock_after(task, done, edges, Clock::HappensBefore);
        let accesses = |event: &Event| {
            event.slot(location).is_some_and(|slot| event.synchronization[slot].mode != Mode::Nothing)
        };
        let is_known = |&&id: &&EventId| contains(&clock, graph.event(id)) && accesses(graph.event(id));
        let last = graph.writes(location).iter().rfind(is_known).map(|&id| graph.event(id))?;
        Some(last.values[last.slot(location)?])
    }

    /// The state of each location after the last write in coherence order, or the last operation.
    pub(crate) fn last_states(&self) -> Vec<(LocationId, u64)> {
        let graph = self.graph();
        let last = |location: LocationId| {
            let state = match graph.writes(location).last() {
                Some(&last) => graph.event(last).values[graph.event(last).slot(location)?],
                None => *self.run.initial.get(&location)?,
            };
            Some((location, state))
        };
        graph.locations().filter_map(last).collect()
    }

    /// The value of a location before all events.
    pub(super) fn initial(&mut self, view: &dyn Announced, location: LocationId) -> u64 {
        *self.run.initial.entry(location).or_insert_with(|| view.state(location))
    }

    /// The value of a location after a write or an operation on it.
    pub(super) fn value(&mut self, view: &dyn Announced, location: LocationId, write: EventId) -> u64 {
        if write == INITIAL {
            return self.initial(view, location);
        }
        let event = self.graph().event(write);
        event.values[event.slot(location).unwrap_or(0)]
    }

    /// Chooses the next step.
    pub(crate) fn choose(&mut self, view: &dyn Announced) -> Move {
        if view.tasks() > 0 {
            self.fit(view.tasks() - 1);
        }
        if self.recorded.is_some() {
            return self.choose_recorded(view);
        }
        if !self.run.is_planned {
            self.run.plan = plan(self.graph());
            self.run.is_planned = true;
        }
        if let Some(&unit) = self.run.plan.get(self.run.next) {
            self.run.next += 1;
            return self.repeat(view, unit);
        }
        if self.level().is_stuck {
            return Move::End;
        }
        if self.resumes {
            self.resumes = false;
            return self.resume(view);
        }
        self.run.waits_for_held = false;
        // First an operation for which a place is held: others may wait for it.
        let mut tasks: Vec<TaskId> = (0..view.tasks()).collect();
        if !self.graph().held.is_empty() {
            tasks.sort_by_key(|&task| !self.graph().holds_for(task));
        }
        for task in tasks {
            let Some(pending) = view.pending(task).copied() else { continue };
            let kind = self.kind_of(view, &pending);
            if let Kind::Refused(what) = kind {
                return Move::Refuse(what, pending.source);
            }
            if let Some((location, race)) = self.find_race(task, &pending, kind) {
                return Move::Race(location, race);
            }
            match self.extend(view, task, &pending, kind) {
                Added::Yes => return self.taken(view, task, &pending),
                Added::Dead => return Move::Redundant,
                Added::Disabled => {}
            }
        }
        let is_held = self.run.waits_for_held;
        if let Err(first) = self.end(view, !is_held) {
            let source = self.graph().event(first).source;
            return Move::Refuse(
                "waits for a value that it may miss, beside other SeqCst operations,",
                source,
            );
        }
        if is_held { Move::Redundant } else { Move::End }
    }

    /// The kind of an operation. An object of which both single keys and the whole are used is
    /// refused: an operation on the whole would order those on all keys.
    pub(super) fn kind_of(&mut self, view: &dyn Announced, pending: &Pending) -> Kind {
        let kind = kind(pending);
        if kind != Kind::Object {
            return kind;
        }
        let of_whole = of_whole(pending);
        for (slot, &(location, _)) in pending.actions().iter().enumerate() {
            if of_whole == Some(slot) {
                self.keyed.by_key.insert(location);
            } else if view.whole(location).is_none() {
                self.keyed.as_whole.insert(location);
            }
            if self.keyed.by_key.contains(&location) && self.keyed.as_whole.contains(&location) {
                return Kind::Refused(
                    "accesses all keys of an object whose keys are also accessed one by one",
                );
            }
        }
        kind
    }

    /// Tries the next alternative of the last choice.
    fn resume(&mut self, view: &dyn Announced) -> Move {
        let task = self.level().choices.last().expect("a choice was resumed").task;
        let Some(pending) = view.pending(task).copied() else {
            return Move::Mismatch(format!(
                "task {task} announces no operation where it announced one before"
            ));
        };
        let kind = kind(&pending);
        match self.next_alternative(view, task, &pending, kind) {
            Added::Yes => self.taken(view, task, &pending),
            _ => Move::Redundant,
        }
    }

    /// Counts the events of a step of `task`.
    fn executes(&mut self, task: TaskId, events: usize) {
        self.run.executed[task as usize] += events as u32;
        let steps = &mut self.run.steps[task as usize];
        let step = steps.last().map_or(0, |&last| last) + 1;
        steps.extend(std::iter::repeat_n(step, events));
    }

    /// For each task, the number of its steps that must come before the next step of `task`,
    /// whichever order of the steps is taken: those that precede it in program order, reads-from
    /// and the orders of objects.
    pub(crate) fn causal_clock(&self, task: TaskId) -> Vec<u32> {
        let done = self.run.executed.get(task as usize).copied().unwrap_or(0);
        let edges = self.run.edges.get(task as usize).map_or(&[][..], Vec::as_slice);
        self.in_steps(&self.graph().clock_after(task, done, edges, Clock::Causes))
    }

    /// Like [`causal_clock`](Search::causal_clock), for the `step`-th step of `task` (from 1), with
    /// itself.
    pub(crate) fn clock_of_step(&self, task: TaskId, step: u32) -> Vec<u32> {
        let first = self.run.steps[task as usize].partition_point(|&its| its < step);
        let id = self.graph().of_task(task)[first];
        self.in_steps(self.graph().clock(id, Clock::Causes))
    }

    /// A clock that counts events, as one that counts steps.
    fn in_steps(&self, clock: &[u32]) -> Vec<u32> {
        let counts = clock.iter().zip(&self.run.steps);
        counts.map(|(&events, steps)| events.checked_sub(1).map_or(0, |last| steps[last as usize])).collect()
    }

    /// The step that executes the operation that was just added.
    pub(super) fn taken(&mut self, view: &dyn Announced, task: TaskId, pending: &Pending) -> Move {
        let first = self.graph().of_task(task)[self.run.executed[task as usize] as usize];
        self.take(view, task, pending, first)
    }

    /// The step that executes the operation whose events begin with `first`.
    fn take(&mut self, view: &dyn Announced, task: TaskId, pending: &Pending, first: EventId) -> Move {
        for &(location, _) in pending.actions() {
            self.initial(view, location);
        }
        let event = *self.graph().event(first);
        let is_update = event.is_read() && self.follower(first).is_some();
        self.executes(task, 1 + usize::from(is_update));
        self.run.edges[task as usize].clear();
        let before = match event.label {
            Label::Read => Some([self.value(view, event.location(), event.reads_from), 0, 0, 0]),
            Label::Object => {
                let states = self.states_before(view, first);
                Some(states_by_slot(view, pending, &states))
            }
            _ => None,
        };
        if event.waits || pending.can_wait() || event.is_read() {
            let condition = view.condition(task).cloned();
            self.run.operations.insert(first, (*pending, condition));
        }
        Move::Take(Decision { task, choice: if event.is_read() { 0 } else { event.choice } }, before)
    }

    /// The write of a read-modify-write, by its read.
    pub(super) fn follower(&self, read: EventId) -> Option<EventId> {
        let event = self.graph().event(read);
        let next = *self.graph().of_task(event.task).get(event.index as usize)?;
        let its = self.graph().event(next);
        (its.is_write() && its.is_update).then_some(next)
    }

    /// The states of an object operation's locations before it.
    pub(super) fn states_before(&mut self, view: &dyn Announced, id: EventId) -> LocationStates {
        let event = *self.graph().event(id);
        let mut states = [0; SLOTS];
        for (state, &location) in states.iter_mut().zip(event.all_locations()) {
            let place = self.graph().place(location, id);
            let previous = self.graph().write_at(location, place - 1);
            *state = self.value(view, location, previous);
        }
        states
    }

    /// Repeats an operation of the graph.
    fn repeat(&mut self, view: &dyn Announced, unit: Unit) -> Move {
        let task = unit.task;
        let event = *self.graph().event(unit.first);
        let Some(pending) = view.pending(task).copied() else {
            return Move::Mismatch(format!(
                "task {task} announces nothing; in an earlier run with the same graph it announced the operation at {}:{}",
                event.source.file(),
                event.source.line()
            ));
        };
        if let Err(difference) = self.matches(&pending, &event) {
            return Move::Mismatch(format!(
                "task {task} announces {difference} at {}:{}; in an earlier run with the same graph it announced the operation at {}:{}",
                pending.source.file(),
                pending.source.line(),
                event.source.file(),
                event.source.line()
            ));
        }
        if let Err(difference) = self.refresh(view, &pending, unit.first) {
            return Move::Mismatch(difference);
        }
        self.take(view, task, &pending, unit.first)
    }

    /// Whether the announced operation can be the event.
    fn matches(&self, pending: &Pending, event: &Event) -> Result<(), &'static str> {
        let is_same_kind = match (kind(pending), event.label) {
            (Kind::Read, Label::Read) => !event.waits,
            (Kind::Await, Label::Read) => event.waits,
            (Kind::Write(_), Label::Write)
            | (Kind::Fence, Label::Fence)
            | (Kind::PlainRead, Label::PlainRead)
            | (Kind::PlainWrite, Label::PlainWrite)
            | (Kind::Choice(_), Label::Choice)
            | (Kind::Object, Label::Object) => true,
            _ => false,
        };
        let locations = ordered(pending).map(|(_, _, location)| location);
        if !is_same_kind {
            Err("an operation of another kind")
        } else if event.label != Label::Choice && !locations.eq(event.all_locations().iter().copied()) {
            Err("an operation on another object")
        } else {
            Ok(())
        }
    }

    /// Sets the values of an operation to those of this run. They must be equal if they are the
    /// same in each run.
    fn refresh(&mut self, view: &dyn Announced, pending: &Pending, first: EventId) -> Result<(), String> {
        let event = *self.graph().event(first);
        let differs = |what: &str| {
            format!(
                "the operation at {}:{} {what} than in an earlier run with the same graph",
                pending.source.file(),
                pending.source.line()
            )
        };
        let (write, values) = match event.label {
            Label::Write => {
                let Kind::Write(value) = kind(pending) else {
                    return Err(differs("does something else"));
                };
                (first, [value, 0, 0, 0])
            }
            Label::Read => {
                let read = self.value(view, event.location(), event.reads_from);
                let (new, order) = effect(pending, read);
                if order != event.order {
                    return Err(differs("has another outcome"));
                }
                match (new, self.follower(first)) {
                    (Some(value), Some(write)) => (write, [value, 0, 0, 0]),
                    (None, None) => return Ok(()),
                    // The read was revisited: its write is added now.
                    (Some(value), None) => {
                        let added = self.add_write(view, event.task, pending, value, true, true);
                        return if added == Added::Yes { Ok(()) } else { Err(differs("cannot write")) };
                    }
                    (None, Some(_)) => return Err(differs("has another outcome")),
                }
            }
            Label::Object => {
                let states = self.states_before(view, first);
                let states = states_by_slot(view, pending, &states);
                let condition = view.condition(event.task).cloned();
                let of = pending.alternatives(&states, condition.as_deref());
                if of <= event.choice {
                    return Err(differs("has fewer alternatives"));
                }
                let mut its = event;
                complete(&mut its, pending, &states, event.choice, of, self.options.orders_objects);
                (first, its.values)
            }
            _ => return Ok(()),
        };
        let old = self.graph().event(write).values;
        let locations = self.graph().event(write).locations;
        let slots = self.graph().event(write).slots as usize;
        self.graph_mut().event_mut(write).values = values;
        for slot in 0..slots {
            if old[slot] != values[slot] && view.is_repeatable(locations[slot]) {
                return Err(differs("leaves another value"));
            }
        }
        Ok(())
    }

    /// Adds the next operation of a task, in the first way. The other ways become choices, and
    /// revisits become children of the level.
    fn extend(&mut self, view: &dyn Announced, task: TaskId, pending: &Pending, kind: Kind) -> Added {
        let alternatives = match kind {
            Kind::Read | Kind::Await => self.sources(view, task, pending, kind == Kind::Await),
            Kind::Write(value) => return self.add_write(view, task, pending, value, false, true),
            Kind::Choice(of) => (0..of).map(Alternative::Choice).collect(),
            Kind::Fence | Kind::PlainRead | Kind::PlainWrite => vec![Alternative::Choice(0)],
            Kind::Object => self.object_choices(view, task, pending),
            Kind::Refused(_) => return Added::Dead,
        };
        if alternatives.is_empty() {
            // A read-modify-write whose sources have all been taken is left to the revisits.
            return if kind == Kind::Read { Added::Dead } else { Added::Disabled };
        }
        if kind == Kind::Object {
            self.take_places(view, task, pending);
        }
        self.begin_choice(task, alternatives);
        self.next_alternative(view, task, pending, kind)
    }

    /// Begins a choice at the end of the graph.
    pub(super) fn begin_choice(&mut self, task: TaskId, alternatives: Vec<Alternative>) {
        let position = self.graph().len();
        self.level().choices.push(super::level::ChoicePoint { position, task, alternatives, tried: 0 });
    }

    /// Takes the next alternative of the last choice that is consistent.
    fn next_alternative(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        kind: Kind,
    ) -> Added {
        loop {
            let choice = self.level().choices.last_mut().expect("a choice was begun");
            let position = choice.position;
            let Some(&alternative) = choice.alternatives.get(choice.tried) else { return Added::Dead };
            choice.tried += 1;
            self.graph_mut().truncate(position);
            let added = match alternative {
                Alternative::Source(source) => {
                    self.add_read(view, task, pending, source, kind == Kind::Await, false)
                }
                Alternative::Place(place) => self.place_write(task, pending, kind, place),
                Alternative::Choice(nth) => self.add_other(view, task, pending, kind, nth),
            };
            if added == Added::Yes {
                return Added::Yes;
            }
        }
    }

    /// The writes that the next read of a task can consistently read from, the newest first. The
    /// write of a read-modify-write revisits earlier reads here, for each of its sources, also for
    /// those from which it cannot read before such a revisit.
    fn sources(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        waits: bool,
    ) -> Vec<Alternative> {
        let Some(&(location, _)) = pending.actions().first() else { return Vec::new() };
        let edges = self.run.edges[task as usize].clone();
        let clock = self.graph().next_clock(task, &edges, Clock::HappensBefore);
        let floor = self.graph().floor(location, &clock);
        let condition = view.condition(task).cloned();
        let position = self.graph().len();
        let mut sources = Vec::new();
        for place in (floor..=self.graph().writes(location).len()).rev() {
            let source = self.graph().write_at(location, place);
            let value = self.value(view, location, source);
            if waits && !holds(condition.as_ref(), value) {
                continue;
            }
            let added = self.add_read(view, task, pending, source, waits, true);
            self.graph_mut().truncate(position);
            if added == Added::Yes {
                sources.push(Alternative::Source(source));
            }
        }
        sources
    }

    fn read_event(
        &self,
        task: TaskId,
        pending: &Pending,
        location: LocationId,
        source: EventId,
        value: u64,
        waits: bool,
    ) -> Event {
        let (_, order) = effect(pending, value);
        let event = Event::new(task, Label::Read, order, pending.source).at(location);
        Event { reads_from: source, waits, ..event }
    }

    /// Adds a read from this write; with the write of its operation, if it has one.
    fn add_read(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        source: EventId,
        waits: bool,
        revisits: bool,
    ) -> Added {
        let Some(&(location, _)) = pending.actions().first() else { return Added::Dead };
        let value = self.value(view, location, source);
        let event = self.read_event(task, pending, location, source, value, waits);
        let edges = self.run.edges[task as usize].clone();
        let position = self.graph().len();
        self.graph_mut().add(event, &edges, 0);
        if !self.is_ordered(self.graph()) {
            return Added::Dead;
        }
        let (new, _) = effect(pending, value);
        match new {
            None => Added::Yes,
            Some(new) => {
                let condition = view.condition(task).cloned();
                self.run.operations.insert(position as EventId, (*pending, condition));
                self.add_write(view, task, pending, new, true, revisits)
            }
        }
    }

    /// Adds a write at its first consistent place. The other places become a choice; the revisits
    /// become children of the level.
    fn add_write(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        value: u64,
        is_update: bool,
        revisits: bool,
    ) -> Added {
        let Some(&(location, _)) = pending.actions().first() else { return Added::Dead };
        let event = Event::new(task, Label::Write, pending.orders.success, pending.source).at(location);
        let event = Event { is_update, values: [value, 0, 0, 0], ..event };
        let edges = if is_update { Vec::new() } else { self.run.edges[task as usize].clone() };
        if revisits {
            self.revisit_reads(view, event, &edges);
        }
        let is_published = self.options.is_published;
        let places = super::revisit::places(self.graph(), &event, &edges);
        let places: Vec<usize> = places
            .into_iter()
            .filter(|&place| {
                let graph = self.graph_mut();
                let position = graph.len();
                graph.add(event, &edges, place);
                let is_ordered = seq_cst::is_ordered(graph, is_published);
                graph.truncate(position);
                is_ordered
            })
            .collect();
        match places[..] {
            [] => Added::Dead,
            [place] if is_update => {
                self.graph_mut().add(event, &edges, place);
                Added::Yes
            }
            _ => {
                self.begin_choice(task, places.into_iter().rev().map(Alternative::Place).collect());
                self.next_alternative(view, task, pending, Kind::Write(value))
            }
        }
    }

    fn place_write(&mut self, task: TaskId, pending: &Pending, kind: Kind, place: usize) -> Added {
        let (Some(&(location, _)), Kind::Write(value)) = (pending.actions().first(), kind) else {
            return Added::Dead;
        };
        let event = Event::new(task, Label::Write, pending.orders.success, pending.source).at(location);
        let edges = self.run.edges[task as usize].clone();
        self.graph_mut().add(Event { values: [value, 0, 0, 0], ..event }, &edges, place);
        Added::Yes
    }

    /// Adds an operation that is no access of an atomic.
    pub(super) fn add_other(
        &mut self,
        view: &dyn Announced,
        task: TaskId,
        pending: &Pending,
        kind: Kind,
        choice: u16,
    ) -> Added {
        let edges = self.run.edges[task as usize].clone();
        let order = pending.orders.success;
        let event = match kind {
            Kind::Fence => Event::new(task, Label::Fence, order, pending.source),
            Kind::Choice(_) => Event::new(task, Label::Choice, order, pending.source),
            Kind::PlainRead | Kind::PlainWrite => {
                let Some(&(location, _)) = pending.actions().first() else { return Added::Dead };
                let label = if kind == Kind::PlainRead { Label::PlainRead } else { Label::PlainWrite };
                Event::new(task, label, order, pending.source).at(location)
            }
            _ => {
                let sources = self.ends(pending);
                self.object_event(view, task, pending, &sources, choice).0
            }
        };
        self.graph_mut().add(Event { choice, ..event }, &edges, 0);
        if self.is_ordered(self.graph()) { Added::Yes } else { Added::Dead }
    }

    /// The next access of plain data by `task`, and an earlier one that conflicts with it and does
    /// not happen before it.
    pub(super) fn find_race(
        &self,
        task: TaskId,
        pending: &Pending,
        kind: Kind,
    ) -> Option<(LocationId, [PlainAccess; 2])> {
        if !matches!(kind, Kind::PlainRead | Kind::PlainWrite) {
            return None;
        }
        let &(location, _) = pending.actions().first()?;
        let writes = kind == Kind::PlainWrite;
        let clock = self.graph().next_clock(task, &self.run.edges[task as usize], Clock::HappensBefore);
        let others = self.graph().reads(location).iter().map(|&id| self.graph().event(id));
        let mut races =
            others.filter(|other| (PlainAccess::of(other).writes || writes) && !contains(&clock, other));
        let second = PlainAccess { task, writes, source: pending.source };
        races.next().map(|first| (location, [PlainAccess::of(first), second]))
    }

    /// Adds an operation of the current task that no scheduling point separates from its last one.
    pub(crate) fn add_joined(&mut self, view: &dyn Announced, task: TaskId, pending: &Pending) {
        let done = self.run.executed[task as usize] as usize;
        self.executes(task, 1);
        for &(location, _) in pending.actions() {
            self.initial(view, location);
        }
        let id = match self.graph().of_task(task).get(done) {
            Some(&id) => id,
            None => {
                let sources = self.ends(pending);
                let (event, _) = self.object_event(view, task, pending, &sources, 0);
                let last =
                    self.graph().of_task(task).last().map_or(0, |&last| self.graph().event(last).joined);
                self.graph_mut().add(Event { joined: last + 1, ..event }, &[], 0);
                return;
            }
        };
        let states = self.states_before(view, id);
        let states = states_by_slot(view, pending, &states);
        let mut event = *self.graph().event(id);
        complete(&mut event, pending, &states, 0, 1, self.options.orders_objects);
        *self.graph_mut().event_mut(id) = event;
    }
}
