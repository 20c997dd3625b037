//! Numbers for tasks and locations that are the same on each worker.
//!
//! A worker's registry numbers what it meets in the order in which it meets it, and another meets other schedules first.
//! So the first of them to meet a name asks for its number here, and so does each of the others when it meets it.

use std::sync::Mutex;

use rustc_hash::FxHashMap;

use crate::event::{LocationId, TaskId};

/// What a location is the location of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// The `nth` object that a task makes after so many boundaries.
    Object { creator: TaskId, segment: u32, nth: usize },
    /// The key of an object with this hash.
    Key { object: LocationId, hash: u64 },
    /// The items of an object.
    Items { object: LocationId },
}

/// The numbers that have been given out.
#[derive(Debug)]
pub(crate) struct Names(Mutex<Given>);

#[derive(Debug)]
struct Given {
    /// By parent, after how many of its boundaries, and as which of its children then.
    tasks: FxHashMap<(TaskId, u32, usize), usize>,
    locations: FxHashMap<Name, LocationId>,
    /// The next location's number.
    next: LocationId,
}

impl Names {
    /// The numbers below these are given out already: to what is there in every run.
    pub(crate) fn from(locations: LocationId) -> Self {
        let (tasks, names) = (FxHashMap::default(), FxHashMap::default());
        Names(Mutex::new(Given { tasks, locations: names, next: locations }))
    }

    /// Tasks have these numbers from the start, from 1 on: see [`Checkpoint::tasks`](crate::Checkpoint::tasks).
    pub(crate) fn resumed(self, tasks: &[(u32, u32, u64)]) -> Self {
        let names = tasks.iter().map(|&(parent, segment, nth)| (parent as TaskId, segment, nth as usize));
        self.0.lock().expect("nobody panics with the names").tasks = names.zip(1..).collect();
        self
    }

    /// The tasks that have numbers, in their order.
    pub(crate) fn tasks(&self) -> Vec<(u32, u32, u64)> {
        let given = self.0.lock().expect("nobody panics with the names");
        let mut tasks: Vec<_> = given.tasks.iter().collect();
        tasks.sort_unstable_by_key(|(_, number)| **number);
        tasks.into_iter().map(|(&(parent, segment, nth), _)| (parent.into(), segment, nth as u64)).collect()
    }

    /// The number, from 1, of the `nth` child that `parent` spawns after so many boundaries. It may be more than there can be
    /// tasks.
    pub(crate) fn task(&self, parent: TaskId, segment: u32, nth: usize) -> usize {
        let mut given = self.0.lock().expect("nobody panics with the names");
        let next = given.tasks.len() + 1;
        *given.tasks.entry((parent, segment, nth)).or_insert(next)
    }

    /// The number of a location; of the first, if there are `count` that follow one another.
    pub(crate) fn location(&self, name: Name, count: u32) -> LocationId {
        let given = &mut *self.0.lock().expect("nobody panics with the names");
        *given.locations.entry(name).or_insert_with(|| {
            let first = given.next;
            given.next += count;
            first
        })
    }
}
