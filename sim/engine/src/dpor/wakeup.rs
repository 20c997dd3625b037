//! Wakeup trees: the sequences of events that remain to be explored from a node of the search.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation for Optimal Dynamic Partial Order
//! Reduction", JACM 64(4), 2017, sections 6 and 7. A backtrack set contains only the first task of
//! a sequence; a wakeup tree contains the whole sequence up to the reversal of the race. This
//! excludes sleep-set-blocked runs.

use std::{iter, mem};

use crate::event::Footprint;
use crate::history::FEW;

/// A node of a tree, or [`NONE`].
pub(crate) type BranchId = u32;

/// No branch.
pub(crate) const NONE: BranchId = u32::MAX;

/// One event of a sequence that remains to be explored.
struct Branch {
    event: Footprint,
    /// The first of the next events.
    child: BranchId,
    /// The next alternative to this event.
    sibling: BranchId,
}

/// All trees of a search, in one arena.
pub(crate) struct Forest {
    branches: Vec<Branch>,
    free: Vec<BranchId>,
    /// For each branch of a [shared](super::shared) tree, whether all leaves below it have been
    /// taken.
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

    /// The number of alternatives from this branch on, including itself.
    pub(crate) fn siblings(&self, branch: BranchId) -> usize {
        let mut count = 0;
        let mut next = branch;
        while next != NONE {
            count += 1;
            next = self.branches[next as usize].sibling;
        }
        count
    }

    /// Frees a branch, whose children have been freed or moved. Returns the next alternative.
    pub(crate) fn remove(&mut self, branch: BranchId) -> BranchId {
        self.free.push(branch);
        self.branches[branch as usize].sibling
    }

    /// Adds an alternative in front of `sibling`.
    pub(crate) fn push(&mut self, event: Footprint, sibling: BranchId) -> BranchId {
        self.add(Branch { event, child: NONE, sibling })
    }

    /// The number of branches, including the free ones.
    pub(crate) fn len(&self) -> usize {
        self.branches.len()
    }

    /// Removes all alternatives after a branch. Returns the first of them.
    pub(crate) fn cut(&mut self, branch: BranchId) -> BranchId {
        mem::replace(&mut self.branches[branch as usize].sibling, NONE)
    }

    /// Moves the branches from `root` on with their subtrees. Returns the first.
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

    /// Marks that a leaf below this branch may remain to be taken.
    pub(crate) fn open(&mut self, branch: BranchId) {
        if let Some(closed) = self.closed.get_mut(branch as usize) {
            *closed = false;
        }
    }

    /// Marks that all leaves below this branch have been taken.
    pub(crate) fn close(&mut self, branch: BranchId) {
        self.closed.resize(self.branches.len(), false);
        self.closed[branch as usize] = true;
    }

    /// Takes the first leaf below the branches from `root` on that has not been taken. Returns the
    /// path to it.
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

    /// The events of the branches from `first` on that precede `other`.
    pub(crate) fn before(&self, first: BranchId, other: BranchId) -> Vec<Footprint> {
        let next = |&branch: &BranchId| Some(self.branches[branch as usize].sibling);
        iter::successors(Some(first), next)
            .take_while(|&branch| branch != other)
            .map(|branch| *self.event(branch))
            .collect()
    }

    /// Inserts `sequence` at a node whose first branch is `root`, unless it is redundant. Returns
    /// the first branch. `asleep` are the alternatives of operations that have been explored from
    /// the node. Leaves an unspecified part of `sequence`.
    ///
    /// If the event of a branch is a weak initial of the sequence, the rest of the sequence is
    /// inserted below that branch. A leaf covers the sequence, because the search from it is
    /// unrestricted.
    ///
    /// A branch with one of several alternatives covers only the part of a sequence that does not
    /// contain the operation with that choice. The rest belongs to the branches on its right, in
    /// their order. If all alternatives are present, nothing remains, and the sequence is inserted
    /// below each of them.
    pub(crate) fn insert(
        &mut self,
        root: BranchId,
        asleep: &[Footprint],
        sequence: &mut Vec<Footprint>,
    ) -> BranchId {
        if root == NONE {
            return self.chain(sequence);
        }
        self.insert_at(root, asleep.to_vec(), sequence);
        root
    }

    /// Inserts at a node that has branches. Descends in a loop: a sequence may have as many events
    /// as a run. It recurses only where the sequence is inserted below several branches.
    fn insert_at(&mut self, root: BranchId, asleep: Vec<Footprint>, sequence: &mut Vec<Footprint>) {
        let mut at = Some((root, asleep));
        while let Some((root, asleep)) = at {
            at = self.insert_here(root, asleep, sequence);
        }
    }

    /// Inserts among the branches of a node, or returns the node below one of them at which the
    /// rest of the sequence is to be inserted, with the sleep set there.
    fn insert_here(
        &mut self,
        root: BranchId,
        mut asleep: Vec<Footprint>,
        sequence: &mut Vec<Footprint>,
    ) -> Option<(BranchId, Vec<Footprint>)> {
        let (mut branch, mut last) = (root, NONE);
        // The sleep set below the branch includes the alternatives on its left.
        let mut parts = Vec::new();
        while branch != NONE {
            let Branch { event, sibling, .. } = self.branches[branch as usize];
            match weak_initial(&event, sequence) {
                Some(Some(own)) => {
                    sequence.remove(own);
                    return self.below(branch, &asleep);
                }
                Some(None) if event.alternatives == 1 => return self.below(branch, &asleep),
                Some(None) => {
                    parts.push((branch, asleep.len()));
                    asleep.push(event);
                    if covers_all_alternatives(&asleep, &event, sequence) {
                        for (part, left) in parts {
                            if self.event(part).task == event.task
                                && let Some((child, asleep)) = self.below(part, &asleep[..left])
                            {
                                self.insert_at(child, asleep, &mut sequence.clone());
                            }
                        }
                        return None;
                    }
                }
                None if event.alternatives > 1 => asleep.push(event),
                None => {}
            }
            last = branch;
            branch = sibling;
        }
        let new = self.chain(sequence);
        self.branches[last as usize].sibling = new;
        None
    }

    /// Adds the sequence as a chain of branches. Returns the first.
    fn chain(&mut self, sequence: &[Footprint]) -> BranchId {
        let mut new = NONE;
        for &event in sequence.iter().rev() {
            new = self.add(Branch { event, child: new, sibling: NONE });
        }
        new
    }

    /// The node below a branch that is a weak initial of a sequence, and the sleep set there.
    /// `None` if it is a leaf, which covers the sequence.
    fn below(&mut self, branch: BranchId, asleep: &[Footprint]) -> Option<(BranchId, Vec<Footprint>)> {
        let Branch { event, child, .. } = &self.branches[branch as usize];
        if *child == NONE {
            return None;
        }
        let child = *child;
        let asleep = asleep.iter().filter(|its| !its.conflicts(event)).copied().collect();
        self.open(branch);
        Some((child, asleep))
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

/// Whether `explored` contains each alternative of the operation of `event`, and each could precede
/// all of `sequence`, which does not contain the operation. Then each choice after the sequence has
/// been explored already.
pub(crate) fn covers_all_alternatives(
    explored: &[Footprint],
    event: &Footprint,
    sequence: &[Footprint],
) -> bool {
    let is_before = |its: &&Footprint| its.task == event.task && weak_initial(its, sequence) == Some(None);
    explored.iter().filter(is_before).count() >= event.alternatives.into()
}

/// Whether `event` is a weak initial of `sequence`: some continuation of an equivalent order begins
/// with `event`, because no event before the task's own conflicts with it. `Some(Some(i))`: the
/// task's own event is the `i`-th.
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
