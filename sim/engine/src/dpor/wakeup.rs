//! Wakeup trees: for a node of the search, the sequences of events that are still to be explored from it.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM 64(4),
//! 2017, sections 6 and 7. A plain backtrack set says only which task is to go first; a wakeup tree says how to go on until
//! the race is really reversed, which is what makes sleep-set-blocked runs impossible.

use std::{iter, mem};

use crate::event::Footprint;
use crate::history::FEW;

/// A node of a tree, or none.
pub(crate) type BranchId = u32;

/// No branch.
pub(crate) const NONE: BranchId = u32::MAX;

/// One event of a sequence that is to be explored.
struct Branch {
    event: Footprint,
    /// The first of the events that may follow.
    child: BranchId,
    /// The next alternative to this event.
    sibling: BranchId,
}

/// All the trees of a search, in one arena.
pub(crate) struct Forest {
    branches: Vec<Branch>,
    free: Vec<BranchId>,
    /// Of each branch of a [shared](super::shared) tree, whether there is no leaf from there on that nobody has taken.
    closed: Vec<bool>,
}

impl Forest {
    pub(crate) fn new() -> Self {
        Forest { branches: Vec::with_capacity(FEW), free: Vec::with_capacity(FEW), closed: Vec::new() }
    }

    pub(crate) fn event(&self, branch: BranchId) -> &Footprint {
        &self.branches[branch as usize].event
    }

    pub(crate) fn child(&self, branch: BranchId) -> BranchId {
        self.branches[branch as usize].child
    }

    /// How many alternatives there are from this branch on, itself included.
    pub(crate) fn siblings(&self, branch: BranchId) -> usize {
        let mut count = 0;
        let mut next = branch;
        while next != NONE {
            count += 1;
            next = self.branches[next as usize].sibling;
        }
        count
    }

    /// Gives up a branch, whose children have been given up or taken over; returns the next alternative.
    pub(crate) fn remove(&mut self, branch: BranchId) -> BranchId {
        self.free.push(branch);
        self.branches[branch as usize].sibling
    }

    /// Adds an alternative in front of `sibling`.
    pub(crate) fn push(&mut self, event: Footprint, sibling: BranchId) -> BranchId {
        self.add(Branch { event, child: NONE, sibling })
    }

    /// How many branches there are, given up ones included.
    pub(crate) fn len(&self) -> usize {
        self.branches.len()
    }

    /// Takes away all alternatives after a branch; returns the first of them.
    pub(crate) fn cut(&mut self, branch: BranchId) -> BranchId {
        mem::replace(&mut self.branches[branch as usize].sibling, NONE)
    }

    /// Moves the branches from `root` on, with all below them; returns the first.
    pub(crate) fn move_to(&mut self, to: &mut Forest, root: BranchId) -> BranchId {
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
    pub(crate) fn open(&mut self, branch: BranchId) {
        if let Some(closed) = self.closed.get_mut(branch as usize) {
            *closed = false;
        }
    }

    /// There is no leaf from this branch on that nobody has taken.
    pub(crate) fn close(&mut self, branch: BranchId) {
        self.closed.resize(self.branches.len(), false);
        self.closed[branch as usize] = true;
    }

    /// Takes the first leaf that nobody has taken yet, of those from the branches from `root` on. Returns the way to it.
    pub(crate) fn take_leaf(&mut self, root: BranchId) -> Option<Vec<BranchId>> {
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
    pub(crate) fn before(&self, first: BranchId, other: BranchId) -> Vec<Footprint> {
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
    /// that branch; one that ends there covers the sequence, because the search from it is free.
    ///
    /// A branch with one of several alternatives covers only the part of a sequence without the operation in which that
    /// alternative is chosen. What remains belongs to the branches on the right of it, in their order. Once all alternatives
    /// have been met, nothing remains, and the sequence goes below each of them.
    pub(crate) fn insert(
        &mut self,
        root: BranchId,
        asleep: &[Footprint],
        sequence: &mut Vec<Footprint>,
    ) -> BranchId {
        let (mut branch, mut last) = (root, NONE);
        // What sleeps below the branch: the alternatives on its left do, too.
        let mut asleep = asleep.to_vec();
        let mut parts = Vec::new();
        while branch != NONE {
            let Branch { event, sibling, .. } = self.branches[branch as usize];
            match weak_initial(&event, sequence) {
                Some(Some(own)) => {
                    sequence.remove(own);
                    self.insert_below(branch, &asleep, sequence);
                    return root;
                }
                Some(None) if event.alternatives == 1 => {
                    self.insert_below(branch, &asleep, sequence);
                    return root;
                }
                Some(None) => {
                    parts.push((branch, asleep.len()));
                    asleep.push(event);
                    if covers_all_alternatives(&asleep, &event, sequence) {
                        for (part, left) in parts {
                            if self.event(part).task == event.task {
                                self.insert_below(part, &asleep[..left], &mut sequence.clone());
                            }
                        }
                        return root;
                    }
                }
                None if event.alternatives > 1 => asleep.push(event),
                None => {}
            }
            last = branch;
            branch = sibling;
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

/// Whether each alternative of the operation that `event` is one of is among `explored`, and could come before all of
/// `sequence`, which does not have the operation: whichever is chosen after the sequence, that is explored already.
pub(crate) fn covers_all_alternatives(
    explored: &[Footprint],
    event: &Footprint,
    sequence: &[Footprint],
) -> bool {
    let is_before = |its: &&Footprint| its.task == event.task && weak_initial(its, sequence) == Some(None);
    explored.iter().filter(is_before).count() >= event.alternatives.into()
}

/// Whether some order of `sequence` that is equivalent to it, or one that follows it, begins with `event`: nothing of it
/// that comes before the task's own event conflicts. `Some(Some(i))`: the task's own event is the `i`-th.
pub(crate) fn weak_initial(event: &Footprint, sequence: &[Footprint]) -> Option<Option<usize>> {
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
