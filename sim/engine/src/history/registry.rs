//! NumberTable that are the same in every schedule: a task is named by its parent, an object by its
//! creator.
//!
//! A number by order of creation would change with the schedule, and the explorer would confuse
//! objects.

use std::panic::Location;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::foreign::Exploration;
use super::number_table::{LocationName, NumberTable};
use super::trail::FEW;
use crate::binding_name::{binding_name, is_default_name};
use crate::event::{
    Fingerprint, FingerprintKind, ITEMS, LocationId, LocationStates, MAX_TASKS, Pending, SLOTS, TaskId,
};

/// The location of the virtual clock. Its state is the time since the start of the run, in
/// nanoseconds.
pub(crate) const CLOCK: LocationId = 0;

/// The object whose keys are the tasks, each with its token of [`park`](crate::thread::park): the
/// number of calls of `unpark` since the task last parked.
pub(crate) const TOKENS: LocationId = 1;

/// The state of a location in the current run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocationState {
    pub(crate) state: u64,
    /// The run that set `state`. In any other run the location has its initial state.
    run: u64,
}

/// The contents of an object and of each of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A word, which is the state.
    Word,
    /// Nothing: the state is the progress of an activity.
    Marks,
    /// Nothing: the state is the set of waiting tasks, or the result for one of them.
    Tasks,
    /// A value that is not in the state; the state contains the holders of its lock.
    Value,
    /// The object has no value of its own; each of its keys has one.
    Parts,
}

/// The contents of a location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// The state is the contents.
    pub(crate) word: bool,
    /// It holds a value that is not in the state.
    pub(crate) value: bool,
    /// It may hold several values.
    pub(crate) many: bool,
    /// The state names tasks.
    pub(crate) names_tasks: bool,
}

impl Holds {
    fn itself(self) -> Holding {
        Holding {
            word: self == Holds::Word,
            value: self == Holds::Value,
            many: false,
            names_tasks: self == Holds::Tasks,
        }
    }

    fn keys(self) -> Holding {
        Holding { value: matches!(self, Holds::Value | Holds::Parts), ..self.itself() }
    }
}

/// Formats the state of a location for the user.
pub(crate) type Show = fn(u64) -> String;

/// The description of a new object.
#[derive(Clone, Copy)]
pub(crate) struct New {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) initial: u64,
    pub(crate) show: Option<Show>,
    /// The call that creates it.
    pub(crate) source: &'static Location<'static>,
}

/// The properties of a location that do not affect the search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    /// The object's name, for messages and traces. A default name has an article.
    name: &'static str,
    /// The call that created the object.
    source: &'static Location<'static>,
    /// The format of the state, if the state is a value.
    pub(crate) show: Option<Show>,
    /// The object, if the location is one of its keys.
    pub(crate) whole: Option<LocationId>,
    holding: Holding,
    /// The contents of its keys, if it is an object.
    keys: Holding,
    /// Its creator is a symmetric task.
    is_of_symmetric: bool,
    /// Its fingerprint: the same in every run, and in every exploration in which the tasks have the
    /// same numbers.
    identity: Fingerprint,
    /// The hash of the last key that was looked up. The next lookup usually has the same key.
    last_key: Option<(u64, LocationId)>,
}

/// The numbers of tasks and locations, which remain valid for the whole exploration.
pub(crate) struct Registry {
    /// The children of each task, in the order of their names: the number of the parent's
    /// boundaries before the spawn (0: before the first), and the index among the children spawned
    /// since.
    children: Vec<Vec<((u32, usize), TaskId)>>,
    /// The locations of each task's objects, in the order of creation, before its first boundary.
    objects: Vec<Vec<LocationId>>,
    /// The objects that are created after a boundary, by task, number of boundaries and index
    /// since.
    later: FxHashMap<(TaskId, u32, usize), LocationId>,
    keys: FxHashMap<(LocationId, u64), LocationId>,
    items: FxHashMap<LocationId, LocationId>,
    locations: Vec<LocationState>,
    details: Vec<Details>,
    run: u64,
    /// The source of the numbers of its runs.
    exploration: Exploration,
    /// The source of numbers, if several registries share them.
    numbers: Option<Arc<NumberTable>>,
}

impl Default for Registry {
    fn default() -> Self {
        let exploration = Exploration::begin();
        Registry {
            children: Vec::with_capacity(FEW),
            objects: Vec::with_capacity(FEW),
            later: FxHashMap::default(),
            keys: FxHashMap::default(),
            items: FxHashMap::default(),
            locations: Vec::with_capacity(FEW),
            details: Vec::with_capacity(FEW),
            run: exploration.first_run(),
            exploration,
            numbers: None,
        }
    }
}

impl Registry {
    /// New names for the registries of one search.
    pub(crate) fn shared_numbers() -> NumberTable {
        NumberTable::from(TOKENS + 1)
    }

    /// Takes all numbers from `numbers` from now on.
    pub(crate) fn share(&mut self, numbers: &Arc<NumberTable>) {
        self.numbers = Some(Arc::clone(numbers));
    }

    /// Begins a run, in which all locations have their initial states.
    pub(crate) fn begin_run(&mut self) {
        self.run += 1;
        if self.children.is_empty() {
            self.add_task(0);
            self.add_object(CLOCK, "the clock", Holds::Word, Fingerprint::of_kind(FingerprintKind::Clock));
            self.add_object(TOKENS, "an unpark", Holds::Tasks, Fingerprint::of_kind(FingerprintKind::Tokens));
        }
    }

    /// The use of an object of this exploration by an OS thread that the engine does not schedule,
    /// if there was one.
    #[inline]
    pub(crate) fn foreign_use(&self) -> Option<String> {
        self.exploration.foreign_use()
    }

    /// The run's number, above 0. No other run of the process has it.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// Makes room for a task. Tasks with smaller numbers may be unknown here.
    fn add_task(&mut self, id: usize) -> TaskId {
        assert!(id < MAX_TASKS, "an exploration has at most {} tasks", MAX_TASKS);
        let tasks = self.children.len().max(id + 1);
        self.children.resize_with(tasks, Vec::new);
        self.objects.resize_with(tasks, Vec::new);
        id as TaskId
    }

    /// The number of the `nth` child that `parent` spawns after `segment` boundaries.
    pub(crate) fn child(&mut self, parent: TaskId, segment: u32, nth: usize) -> TaskId {
        let (name, children) = ((segment, nth), &self.children[parent as usize]);
        // Before the first boundary, the name is also the place.
        let at = match children.get(nth) {
            Some(&(its, known)) if its == name => return known,
            _ => children.binary_search_by_key(&name, |&(its, _)| its),
        };
        let at = match at {
            Ok(at) => return children[at].1,
            Err(at) => at,
        };
        let id =
            self.numbers.as_ref().map_or(self.children.len(), |numbers| numbers.task(parent, segment, nth));
        let id = self.add_task(id);
        self.children[parent as usize].insert(at, (name, id));
        id
    }

    /// The path from the main task to a task: the name of each child. It is the same in every
    /// exploration, unlike a number, which depends on the order in which tasks are first spawned.
    pub(crate) fn path(&self, task: TaskId) -> Vec<(u32, usize)> {
        let is_it = |&(nth, child): &((u32, usize), TaskId)| (child == task).then_some(nth);
        let parent = self
            .children
            .iter()
            .enumerate()
            .find_map(|(parent, its)| Some((parent, its.iter().find_map(is_it)?)));
        parent.map_or_else(Vec::new, |(parent, nth)| {
            let mut path = self.path(parent as TaskId);
            path.push(nth);
            path
        })
    }

    /// A task's name by its path: `task 2` is the second task that the main task spawns, and `task
    /// 2.1` the first that this task spawns.
    pub(crate) fn task_name(&self, task: TaskId) -> String {
        if task == 0 {
            return "main".to_owned();
        }
        let part = |(segment, nth): (u32, usize)| match segment {
            0 => (nth + 1).to_string(),
            // After a boundary of a script, which counts anew.
            _ => format!("{segment}:{}", nth + 1),
        };
        let parts: Vec<String> = self.path(task).into_iter().map(part).collect();
        format!("task {}", parts.join("."))
    }

    /// The location of an object, in its initial state: the `nth` object that `creator` creates
    /// after a boundary (0: after its start).
    pub(crate) fn object(
        &mut self,
        creator: TaskId,
        segment: u32,
        nth: usize,
        New { name, holds, initial, show, source }: New,
    ) -> LocationId {
        let known = match segment {
            0 => self.objects[creator as usize].get(nth),
            _ => self.later.get(&(creator, segment, nth)),
        };
        let location = match known {
            Some(&known) => known,
            None => {
                let identity = Fingerprint::of_kind(FingerprintKind::Object)
                    .with(creator.into(), segment.into())
                    .with(0, nth as u64);
                let location = self.number(LocationName::Object { creator, segment, nth }, 1);
                self.add_object(location, name, holds, identity);
                match segment {
                    0 => self.objects[creator as usize].push(location),
                    _ => drop(self.later.insert((creator, segment, nth), location)),
                }
                location
            }
        };
        let slot = &mut self.locations[location as usize];
        slot.state = initial;
        slot.run = self.run;
        let details = &mut self.details[location as usize];
        (details.name, details.show, details.source) = (name, show, source);
        location
    }

    /// The location of a key of an object, by the key's hash. Keys with the same hash share a
    /// location and are explored as one.
    #[inline]
    pub(crate) fn key(&mut self, object: LocationId, hash: u64) -> LocationId {
        let details = &self.details[object as usize];
        if let Some((_, location)) = details.last_key.filter(|(its, _)| *its == hash) {
            return location;
        }
        let name = details.name;
        let location = match self.keys.get(&(object, hash)) {
            Some(&known) => known,
            None => {
                let holding = details.keys;
                let identity = details.identity.with(1, hash);
                let location = self.number(LocationName::Key { object, hash }, 1);
                self.add_location(location, name, Some(object), holding, identity);
                self.keys.insert((object, hash), location);
                location
            }
        };
        self.details[object as usize].last_key = Some((hash, location));
        location
    }

    /// The first of the [`ITEMS`] consecutive locations of an object's items.
    pub(crate) fn items(&mut self, object: LocationId) -> LocationId {
        if let Some(&known) = self.items.get(&object) {
            return known;
        }
        let Details { name, keys, identity, .. } = self.details[object as usize];
        let first = self.number(LocationName::Items { object }, ITEMS);
        for item in 0..ITEMS {
            let holding = Holding { many: true, ..keys };
            self.add_location(first + item, name, Some(object), holding, identity.with(2, item.into()));
        }
        self.items.insert(object, first);
        first
    }

    /// The number of a new location; with `count` > 1, the first of `count` consecutive numbers.
    fn number(&self, name: LocationName, count: u32) -> LocationId {
        self.numbers
            .as_ref()
            .map_or(self.locations.len() as LocationId, |numbers| numbers.location(name, count))
    }

    fn add_object(&mut self, location: LocationId, name: &'static str, holds: Holds, identity: Fingerprint) {
        self.add_location(location, name, None, holds.itself(), identity);
        self.details[location as usize].keys = holds.keys();
    }

    /// Makes room for a location. Locations with smaller numbers may be unknown here.
    fn add_location(
        &mut self,
        location: LocationId,
        name: &'static str,
        whole: Option<LocationId>,
        holding: Holding,
        identity: Fingerprint,
    ) {
        let details = Details {
            name,
            source: Location::caller(),
            show: None,
            whole,
            holding,
            keys: holding,
            is_of_symmetric: false,
            identity,
            last_key: None,
        };
        let count = self.locations.len().max(location as usize + 1);
        self.details.resize(count, details);
        self.details[location as usize] = details;
        self.locations.resize(count, LocationState { state: 0, run: 0 });
    }

    /// The state of a location in this run.
    #[inline]
    pub(crate) fn state(&self, location: LocationId) -> u64 {
        let slot = &self.locations[location as usize];
        if slot.run == self.run { slot.state } else { 0 }
    }

    /// The states of an operation's locations.
    #[inline]
    pub(crate) fn states(&self, pending: &Pending) -> LocationStates {
        match pending.actions() {
            // The most frequent case by far.
            [(location, _)] => [self.state(*location), 0, 0, 0],
            actions => {
                let mut states = [0; SLOTS];
                for (state, (location, _)) in states.iter_mut().zip(actions) {
                    *state = self.state(*location);
                }
                states
            }
        }
    }

    #[inline]
    pub(crate) fn set_state(&mut self, location: LocationId, state: u64) {
        let slot = &mut self.locations[location as usize];
        slot.state = state;
        slot.run = self.run;
    }

    /// Names a location for messages and traces, and sets the format of its state.
    pub(crate) fn set_name(&mut self, location: LocationId, name: &'static str, show: Show) {
        let details = &mut self.details[location as usize];
        (details.name, details.show) = (name, Some(show));
    }

    /// Sets the name of a location whose state is not shown.
    pub(crate) fn set_plain_name(&mut self, location: LocationId, name: &'static str) {
        if let Some(details) = self.details.get_mut(location as usize) {
            (details.name, details.show) = (name, None);
        }
    }

    /// The contents of the location.
    #[inline]
    pub(crate) fn holds(&self, location: LocationId) -> Holding {
        self.details[location as usize].holding
    }

    /// Whether the location's name or its state refers to a symmetric task.
    #[inline]
    pub(crate) fn names_tasks(&self, location: LocationId) -> bool {
        let details = &self.details[location as usize];
        let is_of_one = |of: &Details| of.holding.names_tasks || of.is_of_symmetric;
        is_of_one(details) || details.whole.is_some_and(|whole| is_of_one(&self.details[whole as usize]))
    }

    /// Sets whether the object's creator in this run is a symmetric task.
    pub(crate) fn set_of_symmetric(&mut self, object: LocationId, is_of_symmetric: bool) {
        self.details[object as usize].is_of_symmetric = is_of_symmetric;
    }

    /// The fingerprint that identifies the location.
    #[inline]
    pub(crate) fn identity(&self, location: LocationId) -> Fingerprint {
        self.details[location as usize].identity
    }

    /// The name of the location's object. An object that was created without a name has the name of
    /// the field or variable that holds it, if the source text shows one; otherwise a default name
    /// with an article.
    pub(crate) fn name(&self, location: LocationId) -> String {
        let details = &self.details[location as usize];
        let object = details.whole.map_or(details, |whole| &self.details[whole as usize]);
        let field = is_default_name(details.name).then(|| binding_name(object.source)).flatten();
        field.unwrap_or_else(|| details.name.to_owned())
    }

    pub(crate) fn details(&self, location: LocationId) -> &Details {
        &self.details[location as usize]
    }
}
