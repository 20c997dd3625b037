//! Names that are the same in every schedule: tasks by who spawned them, objects by who created them.
//!
//! A number that went by the order of creation alone would change with the schedule, and the explorer would take one
//! object for another.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::foreign::Exploration;
use super::names::{Name, Names};
use super::trail::FEW;
use crate::event::{Fingerprint, ITEMS, LocationId, MAX_TASKS, Pending, SLOTS, States, TaskId};

/// What the identities of different locations begin with.
const CLOCK_KIND: u8 = 32;
const TOKENS_KIND: u8 = 33;
const OBJECT_KIND: u8 = 34;

/// The location of the virtual clock: its state is the time since the run began, in nanoseconds.
pub(crate) const CLOCK: LocationId = 0;

/// The object whose keys are the tasks, each with its token of [`park`](crate::thread::park): how often it has been
/// unparked since it last parked.
pub(crate) const TOKENS: LocationId = 1;

/// One location's state in the current run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocationState {
    pub(crate) state: u64,
    /// The run that set `state`: in another run it stands for the location's initial state.
    run: u64,
}

/// What an object keeps, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A word, which is its state. Each of its keys too.
    Word,
    /// Nothing: its state says how far something is. Each of its keys too.
    Marks,
    /// Nothing: its state says which tasks wait, or what has come to one of them. Each of its keys too.
    Tasks,
    /// A value that is not in its state, which says who has locked it. Each of its keys too.
    Value,
    /// Nothing itself; each of its keys a value.
    Parts,
}

/// What a location holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    /// Its state is what it holds.
    pub(crate) word: bool,
    /// It holds a value that is not in its state.
    pub(crate) value: bool,
    /// It may hold several.
    pub(crate) many: bool,
    /// Its state names tasks.
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

/// A location's state as a person reads it.
pub(crate) type Show = fn(u64) -> String;

/// An object that is made.
#[derive(Clone, Copy)]
pub(crate) struct New {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) initial: u64,
    pub(crate) show: Option<Show>,
}

/// What the search does not need to know of a location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    /// The object's name, for messages and traces.
    name: &'static str,
    /// How the state is shown, if it is a value.
    pub(crate) show: Option<Show>,
    /// The object, if the location is one of its keys.
    pub(crate) whole: Option<LocationId>,
    holding: Holding,
    /// What its keys hold, if it is an object.
    keys: Holding,
    /// It was made by a task that can take another's place.
    is_of_alike: bool,
    /// The same in every run, and in every exploration in which tasks have the same numbers.
    identity: Fingerprint,
    /// The key of the object that was asked for last, by its hash: mostly it is the next one, too.
    last_key: Option<(u64, LocationId)>,
}

/// Numbers for tasks and locations, kept over the whole exploration.
pub(crate) struct Registry {
    /// Of each task, its children: after which of its boundaries it spawns them (0: after its beginning), as which of
    /// those, and their numbers.
    children: Vec<BTreeMap<(u32, usize), TaskId>>,
    /// Of each task, the locations of its objects, in the order in which it creates them.
    objects: Vec<Vec<LocationId>>,
    /// The same of those that it creates after a boundary: task, boundary, and which of them it is.
    later: FxHashMap<(TaskId, u32, usize), LocationId>,
    keys: FxHashMap<(LocationId, u64), LocationId>,
    items: FxHashMap<LocationId, LocationId>,
    locations: Vec<LocationState>,
    details: Vec<Details>,
    run: u64,
    /// What the numbers of its runs are of.
    exploration: Exploration,
    /// Who gives out the numbers, if several registries are to have the same.
    names: Option<Arc<Names>>,
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
            names: None,
        }
    }
}

impl Registry {
    /// The names of a search whose registries are to have the same numbers.
    pub(crate) fn shared_names() -> Names {
        Names::from(TOKENS + 1)
    }

    /// From the start, tasks and locations have the numbers that these names have.
    pub(crate) fn share(&mut self, names: &Arc<Names>) {
        self.names = Some(Arc::clone(names));
    }

    /// A run begins: locations are as if newly made.
    pub(crate) fn begin_run(&mut self) {
        self.run += 1;
        if self.children.is_empty() {
            self.add_task(0);
            self.add_object(CLOCK, "the clock", Holds::Word, Fingerprint::of_kind(CLOCK_KIND));
            self.add_object(TOKENS, "an unpark", Holds::Tasks, Fingerprint::of_kind(TOKENS_KIND));
        }
    }

    /// What an OS thread that the engine does not schedule did to the objects of this exploration, if one did anything.
    #[inline]
    pub(crate) fn intrusion(&self) -> Option<String> {
        self.exploration.intrusion()
    }

    /// The run's number, above 0. No other run of the process has it.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// Makes room for a task. Between the tasks that are known here there may be some that are not.
    fn add_task(&mut self, id: usize) -> TaskId {
        assert!(id < MAX_TASKS, "an exploration has at most {} tasks", MAX_TASKS);
        let tasks = self.children.len().max(id + 1);
        self.children.resize_with(tasks, BTreeMap::new);
        self.objects.resize_with(tasks, Vec::new);
        id as TaskId
    }

    /// The number of the `nth` child that `parent` spawns after a boundary of its own (0: after its beginning).
    pub(crate) fn child(&mut self, parent: TaskId, segment: u32, nth: usize) -> TaskId {
        if let Some(&known) = self.children[parent as usize].get(&(segment, nth)) {
            return known;
        }
        let id = self.names.as_ref().map_or(self.children.len(), |names| names.task(parent, segment, nth));
        let id = self.add_task(id);
        self.children[parent as usize].insert((segment, nth), id);
        id
    }

    /// A task as the way to it from the main task: which child of which child. The same in every exploration, which a
    /// number is not: numbers go by which task is spawned first.
    pub(crate) fn path(&self, task: TaskId) -> Vec<(u32, usize)> {
        let is_it = |(&nth, &child): (&(u32, usize), &TaskId)| (child == task).then_some(nth);
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

    /// A task's name by its path: `task 2` is the second that the main task spawns, and `task 2.1` the first that this one
    /// spawns.
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

    /// The location of an object, in its initial state: the `nth` that `creator` makes after a boundary of its own (0:
    /// after its beginning).
    pub(crate) fn object(
        &mut self,
        creator: TaskId,
        segment: u32,
        nth: usize,
        New { name, holds, initial, show }: New,
    ) -> LocationId {
        let known = match segment {
            0 => self.objects[creator as usize].get(nth),
            _ => self.later.get(&(creator, segment, nth)),
        };
        let location = match known {
            Some(&known) => known,
            None => {
                let identity = Fingerprint::of_kind(OBJECT_KIND)
                    .with(creator.into(), segment.into())
                    .with(0, nth as u64);
                let location = self.number(Name::Object { creator, segment, nth }, 1);
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
        (details.name, details.show) = (name, show);
        location
    }

    /// The location of one key of an object, by the key's hash. Keys of one hash share a location: they are explored
    /// as if they were one.
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
                let location = self.number(Name::Key { object, hash }, 1);
                self.add_location(location, name, Some(object), holding, identity);
                self.keys.insert((object, hash), location);
                location
            }
        };
        self.details[object as usize].last_key = Some((hash, location));
        location
    }

    /// The first of the [`ITEMS`] locations of an object's items, which follow one another.
    pub(crate) fn items(&mut self, object: LocationId) -> LocationId {
        if let Some(&known) = self.items.get(&object) {
            return known;
        }
        let Details { name, keys, identity, .. } = self.details[object as usize];
        let first = self.number(Name::Items { object }, ITEMS);
        for item in 0..ITEMS {
            let holding = Holding { many: true, ..keys };
            self.add_location(first + item, name, Some(object), holding, identity.with(2, item.into()));
        }
        self.items.insert(object, first);
        first
    }

    /// The number of a location that was not met before; of the first, if there are `count` that follow one another.
    fn number(&self, name: Name, count: u32) -> LocationId {
        self.names.as_ref().map_or(self.locations.len() as LocationId, |names| names.location(name, count))
    }

    fn add_object(&mut self, location: LocationId, name: &'static str, holds: Holds, identity: Fingerprint) {
        self.add_location(location, name, None, holds.itself(), identity);
        self.details[location as usize].keys = holds.keys();
    }

    /// Makes room for a location. Between the locations that are known here there may be some that are not.
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
            show: None,
            whole,
            holding,
            keys: holding,
            is_of_alike: false,
            identity,
            last_key: None,
        };
        let count = self.locations.len().max(location as usize + 1);
        self.details.resize(count, details);
        self.details[location as usize] = details;
        self.locations.resize(count, LocationState { state: 0, run: 0 });
    }

    /// A location's state in this run.
    #[inline]
    pub(crate) fn state(&self, location: LocationId) -> u64 {
        let slot = &self.locations[location as usize];
        if slot.run == self.run { slot.state } else { 0 }
    }

    /// The states of an operation's locations.
    #[inline]
    pub(crate) fn states(&self, pending: &Pending) -> States {
        match pending.actions() {
            // By far the most operations.
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

    /// What the location holds.
    #[inline]
    pub(crate) fn holds(&self, location: LocationId) -> Holding {
        self.details[location as usize].holding
    }

    /// Whether the location's name or its state has a task in it that can take another's place.
    #[inline]
    pub(crate) fn names_tasks(&self, location: LocationId) -> bool {
        let details = &self.details[location as usize];
        let is_of_one = |of: &Details| of.holding.names_tasks || of.is_of_alike;
        is_of_one(details) || details.whole.is_some_and(|whole| is_of_one(&self.details[whole as usize]))
    }

    /// The object is one of a task's that can take another's place, in this run.
    pub(crate) fn set_of_alike(&mut self, object: LocationId, is_of_alike: bool) {
        self.details[object as usize].is_of_alike = is_of_alike;
    }

    /// What stands for the location in fingerprints.
    #[inline]
    pub(crate) fn identity(&self, location: LocationId) -> Fingerprint {
        self.details[location as usize].identity
    }

    pub(crate) fn name(&self, location: LocationId) -> &'static str {
        self.details[location as usize].name
    }

    pub(crate) fn details(&self, location: LocationId) -> &Details {
        &self.details[location as usize]
    }
}
