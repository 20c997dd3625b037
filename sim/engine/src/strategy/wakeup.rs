//! Wakeup trees: for a node of the search, the sequences of events that are still to be explored from it.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM 64(4),
//! 2017, sections 6 and 7. A plain backtrack set says only which task is to go first; a wakeup tree says how to go on until
//! the race is really reversed, which is what makes sleep-set-blocked runs impossible.

use crate::event::Event;

/// A node of a tree, or none.
pub(super) type BranchId = u32;

/// No branch.
pub(super) const NONE: BranchId = u32::MAX;

/// One event of a sequence that is to be explored.
struct Branch {
    event: Event,
    /// The first of the events that may follow.
    child: BranchId,
    /// The next alternative to this event.
    sibling: BranchId,
}

/// All the trees of a search, in one arena.
#[derive(Default)]
pub(super) struct Forest {
    branches: Vec<Branch>,
    free: Vec<BranchId>,
}

impl Forest {
    pub(super) fn event(&self, branch: BranchId) -> &Event {
        &self.branches[branch as usize].event
    }

    pub(super) fn child(&self, branch: BranchId) -> BranchId {
        self.branches[branch as usize].child
    }

    /// Gives up a branch, whose children have been given up or taken over; returns the next alternative.
    pub(super) fn remove(&mut self, branch: BranchId) -> BranchId {
        self.free.push(branch);
        self.branches[branch as usize].sibling
    }

    /// Adds `sequence` to the alternatives that begin with `root`, unless one of them already leads to it. Returns the
    /// first alternative.
    ///
    /// `sequence` is consumed. Where an alternative is a weak initial of it (could have come first), the rest goes below
    /// that alternative; one that ends there covers the sequence, because the search from it is free.
    pub(super) fn insert(&mut self, root: BranchId, sequence: &mut Vec<Event>) -> BranchId {
        let mut first = root;
        let mut parent = NONE;
        let mut branch = root;
        let mut last = NONE;
        loop {
            if branch == NONE {
                break;
            }
            let Branch { event, child, sibling } = &self.branches[branch as usize];
            match weak_initial(event, sequence) {
                None => {
                    last = branch;
                    branch = *sibling;
                }
                Some(own) => {
                    if *child == NONE {
                        return first;
                    }
                    if let Some(own) = own {
                        sequence.remove(own);
                    }
                    parent = branch;
                    last = NONE;
                    branch = *child;
                }
            }
        }
        let mut new = NONE;
        for event in sequence.drain(..).rev() {
            new = self.add(Branch { event, child: new, sibling: NONE });
        }
        match (last, parent) {
            (NONE, NONE) => first = new,
            (NONE, parent) => self.branches[parent as usize].child = new,
            (last, _) => self.branches[last as usize].sibling = new,
        }
        first
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

/// Whether some order of `sequence` that is equivalent to it, or one that follows it, begins with `event`: nothing of it
/// that comes before the task's own event conflicts. `Some(Some(i))`: the task's own event is the `i`-th.
pub(super) fn weak_initial(event: &Event, sequence: &[Event]) -> Option<Option<usize>> {
    for (i, other) in sequence.iter().enumerate() {
        if other.task == event.task {
            return Some(Some(i));
        }
        if event.conflicts(other) {
            return None;
        }
    }
    Some(None)
}
