//! Wakeup trees: for a node of the search, the sequences of events that are still to be explored from it.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM 64(4),
//! 2017, sections 6 and 7. A plain backtrack set says only which task is to go first; a wakeup tree says how to go on until
//! the race is really reversed, which is what makes sleep-set-blocked runs impossible.

use std::{iter, mem};

use crate::event::{Footprint, TaskId};
use crate::runtime::FEW;

/// A node of a tree, or none.
pub(super) type BranchId = u32;

/// No branch.
pub(super) const NONE: BranchId = u32::MAX;

/// One event of a sequence that is to be explored.
struct Branch {
    event: Footprint,
    /// The first of the events that may follow.
    child: BranchId,
    /// The next alternative to this event.
    sibling: BranchId,
}

/// All the trees of a search, in one arena.
pub(super) struct Forest {
    branches: Vec<Branch>,
    free: Vec<BranchId>,
    /// Of each branch of a [shared](super::shared) tree, whether there is no leaf from there on that nobody has taken.
    closed: Vec<bool>,
}

impl Forest {
    pub(super) fn new() -> Self {
        Forest { branches: Vec::with_capacity(FEW), free: Vec::with_capacity(FEW), closed: Vec::new() }
    }

    pub(super) fn event(&self, branch: BranchId) -> &Footprint {
        &self.branches[branch as usize].event
    }

    pub(super) fn child(&self, branch: BranchId) -> BranchId {
        self.branches[branch as usize].child
    }

    /// How many alternatives there are from this branch on, itself included.
    pub(super) fn siblings(&self, branch: BranchId) -> usize {
        let mut count = 0;
        let mut next = branch;
        while next != NONE {
            count += 1;
            next = self.branches[next as usize].sibling;
        }
        count
    }

    /// Gives up a branch, whose children have been given up or taken over; returns the next alternative.
    pub(super) fn remove(&mut self, branch: BranchId) -> BranchId {
        self.free.push(branch);
        self.branches[branch as usize].sibling
    }

    /// Adds an alternative in front of `sibling`.
    pub(super) fn push(&mut self, event: Footprint, sibling: BranchId) -> BranchId {
        self.add(Branch { event, child: NONE, sibling })
    }

    /// How many branches there are, given up ones included.
    pub(super) fn len(&self) -> usize {
        self.branches.len()
    }

    /// Takes away all alternatives after a branch; returns the first of them.
    pub(super) fn cut(&mut self, branch: BranchId) -> BranchId {
        mem::replace(&mut self.branches[branch as usize].sibling, NONE)
    }

    /// Moves the branches from `root` on, with all below them; returns the first.
    pub(super) fn move_to(&mut self, to: &mut Forest, root: BranchId) -> BranchId {
        let mut first = NONE;
        let mut left = vec![(root, NONE)];
        while let Some((mut branch, parent)) = left.pop() {
            let mut last = NONE;
            while branch != NONE {
                let Branch { event, child, sibling, .. } = self.branches[branch as usize];
                let moved = to.push(event, NONE);
                match (last, parent) {
                    (NONE, NONE) => first = moved,
                    (NONE, parent) => to.branches[parent as usize].child = moved,
                    (last, _) => to.branches[last as usize].sibling = moved,
                }
                if child != NONE {
                    left.push((child, moved));
                }
                self.free.push(branch);
                (last, branch) = (moved, sibling);
            }
        }
        first
    }

    /// There may be a leaf from this branch on that nobody has taken.
    pub(super) fn open(&mut self, branch: BranchId) {
        if let Some(closed) = self.closed.get_mut(branch as usize) {
            *closed = false;
        }
    }

    /// There is no leaf from this branch on that nobody has taken.
    pub(super) fn close(&mut self, branch: BranchId) {
        self.closed.resize(self.branches.len(), false);
        self.closed[branch as usize] = true;
    }

    /// Takes the first leaf that nobody has taken yet, of those from the branches from `root` on. Returns the way to it.
    pub(super) fn take_leaf(&mut self, root: BranchId) -> Option<Vec<BranchId>> {
        let (mut path, mut branch) = (Vec::new(), root);
        loop {
            if branch == NONE {
                branch = path.pop()?;
                self.close(branch);
            }
            let Branch { child, sibling, .. } = self.branches[branch as usize];
            if self.closed.get(branch as usize) == Some(&true) {
                branch = sibling;
                continue;
            }
            path.push(branch);
            if child == NONE {
                self.close(branch);
                return Some(path);
            }
            branch = child;
        }
    }

    /// The events of the branches from `first` on that come before another.
    pub(super) fn before(&self, first: BranchId, other: BranchId) -> Vec<Footprint> {
        let next = |&branch: &BranchId| Some(self.branches[branch as usize].sibling);
        iter::successors(Some(first), next)
            .take_while(|&branch| branch != other)
            .map(|branch| *self.event(branch))
            .collect()
    }

    /// Adds `sequence` to what is to be explored from a node whose first branch is `root`, unless it leads to nothing new.
    /// Returns the first branch. `asleep` are the alternatives of operations that have been explored from the node; of the
    /// sequence an unspecified part is left.
    ///
    /// Where the first event of a branch is a weak initial of the sequence (could have come first), the rest goes below
    /// that branch; one that ends there covers the sequence, because the search from it is free. Where an operation has
    /// alternatives, all of which are there, a sequence without the operation goes below each of them.
    pub(super) fn insert(
        &mut self,
        root: BranchId,
        asleep: &[Footprint],
        sequence: &mut Vec<Footprint>,
    ) -> BranchId {
        let (mut branch, mut last) = (root, NONE);
        while branch != NONE {
            let Branch { event, sibling, .. } = &self.branches[branch as usize];
            match weak_initial(event, sequence) {
                Some(Some(own)) => {
                    sequence.remove(own);
                    self.insert_below(branch, asleep, sequence);
                    return root;
                }
                Some(None) if event.alternatives == 1 => {
                    self.insert_below(branch, asleep, sequence);
                    return root;
                }
                Some(None) => {
                    let all = self.alternatives(root, event.task);
                    let explored = asleep.iter().filter(|its| its.task == event.task);
                    let of_all = explored.chain(all.iter().map(|&branch| self.event(branch)));
                    if covers_with_all(of_all, event.alternatives, sequence) {
                        for branch in all {
                            self.insert_below(branch, asleep, &mut sequence.clone());
                        }
                        return root;
                    }
                }
                None => {}
            }
            last = branch;
            branch = *sibling;
        }
        let mut new = NONE;
        for &event in sequence.iter().rev() {
            new = self.add(Branch { event, child: new, sibling: NONE });
        }
        if last == NONE {
            return new;
        }
        self.branches[last as usize].sibling = new;
        root
    }

    /// Adds what is left of a sequence below a branch that it begins with.
    fn insert_below(&mut self, branch: BranchId, asleep: &[Footprint], rest: &mut Vec<Footprint>) {
        let Branch { event, child, .. } = &self.branches[branch as usize];
        if *child != NONE {
            let asleep: Vec<Footprint> = asleep.iter().filter(|its| !its.conflicts(event)).copied().collect();
            self.branches[branch as usize].child = self.insert(*child, &asleep, rest);
            self.open(branch);
        }
    }

    /// The branches from `root` on that begin with an alternative of the task's operation.
    fn alternatives(&self, root: BranchId, task: TaskId) -> Vec<BranchId> {
        let mut all = Vec::new();
        let mut branch = root;
        while branch != NONE {
            if self.event(branch).task == task {
                all.push(branch);
            }
            branch = self.branches[branch as usize].sibling;
        }
        all
    }

    fn add(&mut self, branch: Branch) -> BranchId {
        match self.free.pop() {
            Some(id) => {
                self.branches[id as usize] = branch;
                id
            }
            None => {
                self.branches.push(branch);
                (self.branches.len() - 1) as BranchId
            }
        }
    }
}

/// Whether these alternatives of an operation that `sequence` does not have are all of them, and the sequence can follow each.
/// One that conflicts with it cannot: alternatives may touch different locations.
pub(super) fn covers_with_all<'a>(
    alternatives: impl Iterator<Item = &'a Footprint>,
    of: u16,
    sequence: &[Footprint],
) -> bool {
    let mut count = 0;
    for alternative in alternatives {
        if weak_initial(alternative, sequence) != Some(None) {
            return false;
        }
        count += 1;
    }
    count >= usize::from(of)
}

/// Whether some order of `sequence` that is equivalent to it, or one that follows it, begins with `event`: nothing of it
/// that comes before the task's own event conflicts. `Some(Some(i))`: the task's own event is the `i`-th.
pub(super) fn weak_initial(event: &Footprint, sequence: &[Footprint]) -> Option<Option<usize>> {
    for (i, other) in sequence.iter().enumerate() {
        if other.task == event.task {
            return (other.choice == event.choice).then_some(Some(i));
        }
        if event.conflicts(other) {
            return None;
        }
    }
    Some(None)
}
