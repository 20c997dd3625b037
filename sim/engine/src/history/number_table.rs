//! Numbers of tasks and locations that are the same for all workers.
//!
//! A registry assigns numbers in the order in which it encounters tasks and locations, and each
//! worker encounters other schedules first. So the registries of a search take the numbers from
//! this table.

use std::fmt;
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use crate::event::{LocationId, TaskId};

/// Returns the number of a task: see [`TaskNumbers`](crate::TaskNumbers).
type TaskNumbers = dyn Fn(u32, u32, u64) -> u32 + Send + Sync;

/// The name of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LocationName {
    /// The `nth` object that a task creates after this many boundaries.
    Object { creator: TaskId, segment: u32, nth: usize },
    /// The key with this hash.
    Key { object: LocationId, hash: u64 },
    /// The items of an object.
    Items { object: LocationId },
}

/// The assigned numbers.
#[derive(Debug)]
pub(crate) struct NumberTable(Mutex<Assigned>);

struct Assigned {
    /// By parent, number of the parent's boundaries, and index among the children spawned since.
    tasks: FxHashMap<(TaskId, u32, usize), usize>,
    locations: FxHashMap<LocationName, LocationId>,
    /// The number of the next location.
    next: LocationId,
    /// The source of the tasks' numbers, if several processes share them.
    source: Option<Arc<TaskNumbers>>,
}

impl fmt::Debug for Assigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assigned").field("tasks", &self.tasks).finish_non_exhaustive()
    }
}

impl NumberTable {
    /// A table in which the numbers below `locations` are reserved for locations that exist in
    /// every run.
    pub(crate) fn from(locations: LocationId) -> Self {
        let (tasks, names) = (FxHashMap::default(), FxHashMap::default());
        NumberTable(Mutex::new(Assigned { tasks, locations: names, next: locations, source: None }))
    }

    /// Assigns these tasks the numbers from 1 on: see
    /// [`Checkpoint::tasks`](crate::Checkpoint::tasks).
    pub(crate) fn resumed(self, tasks: &[(u32, u32, u64)]) -> Self {
        let names = tasks.iter().map(|&(parent, segment, nth)| (parent as TaskId, segment, nth as usize));
        self.0.lock().expect("no thread panics while it holds the lock").tasks = names.zip(1..).collect();
        self
    }

    /// Takes the numbers of tasks from this source.
    pub(crate) fn numbered_by(self, source: Arc<TaskNumbers>) -> Self {
        self.0.lock().expect("no thread panics while it holds the lock").source = Some(source);
        self
    }

    /// The tasks with a number, in the order of the numbers.
    pub(crate) fn tasks(&self) -> Vec<(u32, u32, u64)> {
        let assigned = self.0.lock().expect("no thread panics while it holds the lock");
        let mut tasks: Vec<_> = assigned.tasks.iter().collect();
        tasks.sort_unstable_by_key(|(_, number)| **number);
        tasks.into_iter().map(|(&(parent, segment, nth), _)| (parent.into(), segment, nth as u64)).collect()
    }

    /// The number, from 1, of the `nth` child that `parent` spawns after this many boundaries. It
    /// may exceed the largest number of tasks.
    pub(crate) fn task(&self, parent: TaskId, segment: u32, nth: usize) -> usize {
        let mut assigned = self.0.lock().expect("no thread panics while it holds the lock");
        let next = match &assigned.source {
            Some(source) if !assigned.tasks.contains_key(&(parent, segment, nth)) => {
                source(parent.into(), segment, nth as u64) as usize
            }
            _ => assigned.tasks.len() + 1,
        };
        *assigned.tasks.entry((parent, segment, nth)).or_insert(next)
    }

    /// The number of a location; with `count` > 1, the first of `count` consecutive numbers.
    pub(crate) fn location(&self, name: LocationName, count: u32) -> LocationId {
        let assigned = &mut *self.0.lock().expect("no thread panics while it holds the lock");
        *assigned.locations.entry(name).or_insert_with(|| {
            let first = assigned.next;
            assigned.next += count;
            first
        })
    }
}
