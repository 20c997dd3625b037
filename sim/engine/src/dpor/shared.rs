//! Wakeup trees that several workers share.
//!
//! A sleep set at a node does not mean that nothing has to be explored there: it means that another
//! branch covers these classes while they sleep. The sequences that wake it are found while the
//! other branch is explored, and are inserted below this one. A single worker has finished the
//! first branch when it reaches the second. Here both may be in progress, so that a branch on the
//! path to a leaf stays in the tree as long as a worker can insert sequences below it.
//!
//! A leaf is different. The sequence that ends there wakes all events that sleep on the path,
//! otherwise it would not have been inserted. So the sleep set of a leaf is empty, and the search
//! from it is independent. Therefore a worker takes a leaf, and never a branch above one; and a
//! sequence that leads through a leaf is covered, whether or not a worker has taken the leaf.
//!
//! Branches stay in the order of insertion. A branch sleeps in the branches on its right,
//! independently of the order in which workers reach them.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};

use super::wakeup::{BranchId, Forest, NONE};
use crate::event::{Decision, Footprint};

/// One event on the path to a leaf, and the node before it.
pub(crate) struct RouteStep {
    pub(crate) decision: Decision,
    /// The sleep set of the node when its wakeup tree was first shared, or first led there.
    pub(crate) sleep: Vec<Footprint>,
    /// The number of the node's subtrees on the left.
    pub(crate) explored: usize,
    /// `None` if the event is atomic with the previous one, so that nothing is ever inserted there.
    pub(crate) shared: Option<SharedNode>,
}

/// A part of a search: the path to a leaf, and the sleep set there. Without steps it is the whole
/// search.
#[derive(Default)]
pub(crate) struct Route {
    pub(crate) steps: Vec<RouteStep>,
    pub(crate) sleep: Vec<Footprint>,
}

/// A node whose branches are in a shared tree.
#[derive(Clone)]
pub(crate) struct SharedNode {
    tree: Arc<SharedTree>,
    /// The branch that leads to it; none if the node is the root of the tree.
    above: BranchId,
}

/// The wakeup tree of a node.
struct SharedTree {
    /// The number of the node's subtrees that had been explored before the tree was shared.
    explored: usize,
    tree: Mutex<Tree>,
}

struct Tree {
    forest: Forest,
    root: BranchId,
    /// For each branch on the path to a taken leaf, its parent.
    parents: Vec<BranchId>,
}

impl SharedNode {
    /// Shares the tree of a node, `explored` subtrees of which have been explored. `current` is in
    /// progress; the branches of `forest` from `rest` on are moved to the shared tree.
    pub(crate) fn new(explored: usize, current: Footprint, forest: &mut Forest, rest: BranchId) -> Self {
        let mut own = Forest::new();
        let rest = forest.move_to(&mut own, rest);
        let root = own.push(current, rest);
        own.close(root);
        let tree = Mutex::new(Tree { forest: own, root, parents: Vec::new() });
        SharedNode { tree: Arc::new(SharedTree { explored, tree }), above: NONE }
    }

    fn lock(&self) -> MutexGuard<'_, Tree> {
        self.tree.tree.lock().expect("no thread panics while it holds the lock")
    }

    /// Inserts a sequence at this node: see [`Forest::insert`].
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

    /// Takes the first leaf that no worker has taken, if this node is the root of the tree. `sleep`
    /// is the sleep set of the node.
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
            route.steps.push(RouteStep {
                decision: Decision { task: event.task, choice: event.choice },
                sleep: mem::replace(&mut route.sleep, below),
                explored,
                shared: Some(SharedNode { tree: Arc::clone(&self.tree), above }),
            });
            parents[branch as usize] = above;
            (above, first) = (branch, forest.child(branch));
        }
        Some(route)
    }

    /// The number of the node's known subtrees.
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
    use crate::event::{Action, LocationStates, Pending, TaskId};

    /// A task's write of a location. It conflicts with writes of the same location and of the same
    /// task.
    fn write(task: TaskId, location: u32) -> Footprint {
        let pending = Pending::one(location, Action::Store(1), Location::caller());
        pending.outcome(task, &LocationStates::default(), 0, 1).0
    }

    /// A tree in which task 0 is in progress.
    fn tree() -> SharedNode {
        let mut forest = Forest::new();
        SharedNode::new(0, write(0, 0), &mut forest, NONE)
    }

    fn tasks(route: &Route) -> Vec<TaskId> {
        route.steps.iter().map(|step| step.decision.task).collect()
    }

    #[test]
    fn each_leaf_is_taken_once_with_an_empty_sleep_set() {
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
    fn sequences_can_be_inserted_below_a_branch_in_progress() {
        let node = tree();
        node.insert(&[], &mut vec![write(1, 1), write(2, 0)]);
        node.take(&[]).unwrap();
        // Inserted by the worker that explores task 0, which sleeps there, and by the worker at
        // that branch.
        node.insert(&[], &mut vec![write(1, 1), write(3, 2), write(3, 0)]);
        let route = node.take(&[]).unwrap();
        assert_eq!(tasks(&route), [1, 3, 3]);
        route.steps[2].shared.as_ref().unwrap().insert(&[], &mut vec![write(4, 2), write(4, 0)]);
        assert_eq!(tasks(&node.take(&[]).unwrap()), [1, 3, 4, 4]);
        assert!(node.take(&[]).is_none());
    }

    #[test]
    fn a_sequence_through_a_leaf_is_covered() {
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
