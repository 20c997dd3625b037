//! Wakeup trees that several workers take from.
//!
//! What sleeps at a node is no promise that nothing has to be explored there: it says that another branch comes to the same
//! classes, for as long as it sleeps. Which sequences wake it, is found while that other branch is explored, and they are
//! planned below this one. A worker that is alone has the one behind it when it comes to the other. Here both may be under
//! way, and so a branch on the way to a leaf stays in the tree for as long as anybody can plan below it.
//!
//! A leaf is different. The sequence that ends there wakes all that slept on its way, or it would not have been planned: at a
//! leaf nothing sleeps, and the search from it is a search of its own. So what a worker takes is a leaf, and never a branch
//! above one; and a sequence that leads through a leaf is covered, whether somebody has taken the leaf or not.
//!
//! Branches stay in the order in which they were planned, and those on the left sleep for those on their right, whoever
//! comes to which of them first.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};

use super::wakeup::{BranchId, Forest, NONE};
use crate::event::{Footprint, Turn};

/// One event on the way to a leaf, and the node before it.
pub(crate) struct Step {
    pub(crate) turn: Turn,
    /// What slept at the node when its wakeup tree was first shared, or first led there.
    pub(crate) sleep: Vec<Footprint>,
    /// How many of the node's subtrees are on the left of it.
    pub(crate) explored: usize,
    /// `None` if the event is glued to the one before it, so that nothing is ever planned there.
    pub(crate) place: Option<Place>,
}

/// A part of a search: the way to a leaf, and what sleeps there. Without any steps it is the whole search.
#[derive(Default)]
pub(crate) struct Route {
    pub(crate) steps: Vec<Step>,
    pub(crate) sleep: Vec<Footprint>,
}

/// A node whose branches are in a shared tree.
#[derive(Clone)]
pub(crate) struct Place {
    tree: Arc<Shared>,
    /// The branch that leads to it; none if the tree is the node's own.
    above: BranchId,
}

/// The wakeup tree of a node.
struct Shared {
    /// How many subtrees of the node had been explored before.
    explored: usize,
    tree: Mutex<Tree>,
}

struct Tree {
    forest: Forest,
    root: BranchId,
    /// Of each branch on the way to a leaf that was taken, the one above it.
    parents: Vec<BranchId>,
}

impl Place {
    /// Shares the tree of a node, `explored` subtrees of which have been explored. `current` is under way; the branches of
    /// `forest` from `rest` on are planned, and are moved.
    pub(crate) fn new(explored: usize, current: Footprint, forest: &mut Forest, rest: BranchId) -> Self {
        let mut own = Forest::new();
        let rest = forest.move_to(&mut own, rest);
        let root = own.push(current, rest);
        own.close(root);
        let tree = Mutex::new(Tree { forest: own, root, parents: Vec::new() });
        Place { tree: Arc::new(Shared { explored, tree }), above: NONE }
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        self.tree.tree.lock().expect("nobody panics with a tree")
    }

    /// [`Forest::insert`], at this node.
    pub(crate) fn insert(&self, asleep: &[Footprint], sequence: &mut Vec<Footprint>) {
        let Tree { forest, root, parents } = &mut *self.lock();
        let first = if self.above == NONE { *root } else { forest.child(self.above) };
        forest.insert(first, asleep, sequence);
        let mut above = self.above;
        while above != NONE {
            forest.open(above);
            above = parents[above as usize];
        }
    }

    /// Takes the first leaf that nobody has taken yet, if the tree is the node's own. `sleep` is what sleeps at the node.
    pub(crate) fn take(&self, sleep: &[Footprint]) -> Option<Route> {
        if self.above != NONE {
            return None;
        }
        let Tree { forest, root, parents } = &mut *self.lock();
        let path = forest.take_leaf(*root)?;
        parents.resize(forest.len(), NONE);
        let mut route = Route { steps: Vec::with_capacity(path.len()), sleep: sleep.to_vec() };
        let (mut above, mut first) = (NONE, *root);
        for branch in path {
            let event = *forest.event(branch);
            let left = forest.before(first, branch);
            let asleep = route.sleep.iter().chain(left.iter()).filter(|its| !its.conflicts(&event));
            let below = asleep.copied().collect();
            let explored = left.len() + if above == NONE { self.tree.explored } else { 0 };
            route.steps.push(Step {
                turn: Turn { task: event.task, choice: event.choice },
                sleep: mem::replace(&mut route.sleep, below),
                explored,
                place: Some(Place { tree: Arc::clone(&self.tree), above }),
            });
            parents[branch as usize] = above;
            (above, first) = (branch, forest.child(branch));
        }
        Some(route)
    }

    /// How many subtrees the node has, as far as is known.
    pub(crate) fn width(&self) -> usize {
        let Tree { forest, root, .. } = &*self.lock();
        match self.above {
            NONE => self.tree.explored + forest.siblings(*root),
            above => forest.siblings(forest.child(above)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::event::{Action, Pending, States, TaskId};

    /// A task's write of a location: it conflicts with the writes of the same location and of the same task.
    fn write(task: TaskId, location: u32) -> Footprint {
        let pending = Pending::one(location, Action::Store(1), Location::caller());
        pending.outcome(task, &States::default(), 0, 1).0
    }

    /// A tree in which task 0 is under way.
    fn tree() -> Place {
        let mut forest = Forest::new();
        Place::new(0, write(0, 0), &mut forest, NONE)
    }

    fn tasks(route: &Route) -> Vec<TaskId> {
        route.steps.iter().map(|step| step.turn.task).collect()
    }

    #[test]
    fn each_leaf_is_taken_once_and_at_none_does_anything_sleep() {
        let node = tree();
        node.insert(&[], &mut vec![write(1, 1), write(2, 0)]);
        node.insert(&[], &mut vec![write(1, 1), write(3, 0)]);
        let first = node.take(&[]).unwrap();
        assert_eq!(tasks(&first), [1, 2]);
        assert_eq!(first.steps[1].sleep.len(), 1, "task 0 sleeps until task 2 writes the same");
        let second = node.take(&[]).unwrap();
        assert_eq!(tasks(&second), [1, 3]);
        assert!(first.sleep.is_empty() && second.sleep.is_empty());
        assert!(node.take(&[]).is_none());
    }

    #[test]
    fn below_a_branch_that_is_under_way_more_can_be_planned() {
        let node = tree();
        node.insert(&[], &mut vec![write(1, 1), write(2, 0)]);
        node.take(&[]).unwrap();
        // By whoever goes on from task 0, which sleeps there, and by whoever is there.
        node.insert(&[], &mut vec![write(1, 1), write(3, 2), write(3, 0)]);
        let route = node.take(&[]).unwrap();
        assert_eq!(tasks(&route), [1, 3, 3]);
        route.steps[2].place.as_ref().unwrap().insert(&[], &mut vec![write(4, 2), write(4, 0)]);
        assert_eq!(tasks(&node.take(&[]).unwrap()), [1, 3, 4, 4]);
        assert!(node.take(&[]).is_none());
    }

    #[test]
    fn what_leads_through_a_leaf_is_covered() {
        let node = tree();
        node.insert(&[], &mut vec![write(1, 0)]);
        for _ in 0..2 {
            node.insert(&[], &mut vec![write(1, 0), write(2, 0)]);
            node.insert(&[], &mut vec![write(3, 1), write(1, 0)]);
            node.take(&[]);
        }
        assert!(node.take(&[]).is_none());
    }
}
