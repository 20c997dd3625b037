//! The nodes' answers to the writes that this node has opened.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::task::Waker;

use crate::sync::{Mutex, Primitives};

/// The open writes of a node, with the answers to them.
pub(crate) struct Answers<P: Primitives>(P::Mutex<OpenWrites>);

/// The open writes of a node, by number.
#[derive(Debug, Default)]
pub struct OpenWrites {
    open: BTreeMap<u64, OpenWrite>,
    /// The last number. Each write has its own.
    last: u64,
}

#[derive(Debug, Default)]
struct OpenWrite {
    answered: BTreeSet<u64>,
    /// The task that waits for the answers.
    waiting: Option<Waker>,
}

/// Without the wakers, which identify tasks.
impl Hash for OpenWrites {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.last.hash(state);
        for (number, write) in &self.open {
            (number, &write.answered, write.waiting.is_some()).hash(state);
        }
    }
}

impl<P: Primitives> Answers<P> {
    pub(crate) fn new() -> Self {
        Answers(P::Mutex::new("answers", OpenWrites::default()))
    }

    /// Begins a write, before its keys are opened: an answer can precede the reply to that.
    #[track_caller]
    pub(crate) fn begin(&self) -> AwaitedWrite<'_, P> {
        let number = self.0.with(|writes| {
            writes.last += 1;
            writes.open.insert(writes.last, OpenWrite::default());
            writes.last
        });
        AwaitedWrite { answers: self, number, is_ended: false }
    }

    /// Adds the node's answer to this write, if the write is still open.
    #[track_caller]
    pub(crate) fn add(&self, write: u64, node: u64) {
        let waiting = self.0.with(|writes| {
            let write = writes.open.get_mut(&write)?;
            write.answered.insert(node);
            write.waiting.take()
        });
        // Without the lock: a waker runs code of an executor.
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}

/// A write that waits for answers. Dropping it ends that.
pub(crate) struct AwaitedWrite<'a, P: Primitives> {
    answers: &'a Answers<P>,
    number: u64,
    is_ended: bool,
}

impl<P: Primitives> AwaitedWrite<'_, P> {
    /// Identifies the write on its node.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether all these nodes have answered, and the write is ended. If not, wakes the task at
    /// each further answer.
    #[track_caller]
    pub(crate) fn have_all(&mut self, mut nodes: impl Iterator<Item = u64>, waker: &Waker) -> bool {
        let number = self.number;
        self.is_ended = self.answers.0.with(|writes| {
            let Some(write) = writes.open.get_mut(&number) else { return true };
            let have_all = nodes.all(|node| write.answered.contains(&node));
            if have_all {
                writes.open.remove(&number);
            } else {
                write.waiting = Some(waker.clone());
            }
            have_all
        });
        self.is_ended
    }

    /// Ends the write. Returns whether a node has answered, for each of the nodes.
    #[track_caller]
    pub(crate) fn end(mut self) -> BTreeSet<u64> {
        self.is_ended = true;
        let number = self.number;
        let write = self.answers.0.with(|writes| writes.open.remove(&number));
        write.map(|write| write.answered).unwrap_or_default()
    }
}

impl<P: Primitives> Drop for AwaitedWrite<'_, P> {
    fn drop(&mut self) {
        if !self.is_ended {
            let number = self.number;
            self.answers.0.with(|writes| writes.open.remove(&number));
        }
    }
}

impl<P: Primitives> fmt::Debug for Answers<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Std;

    #[test]
    fn a_write_waits_for_each_node_and_for_no_other_write() {
        let answers = Answers::<Std>::new();
        let (mut first, mut second) = (answers.begin(), answers.begin());
        assert_ne!(first.number(), second.number());
        let waker = Waker::noop();
        let both = || [7, 8].into_iter();
        answers.add(first.number(), 7);
        assert!(!first.have_all(both(), waker));
        answers.add(first.number(), 8);
        assert!(first.have_all(both(), waker));
        assert!(!second.have_all(both(), waker));
        answers.add(second.number(), 8);
        assert_eq!(second.end(), BTreeSet::from([8]));
        // It comes too late, and leaves nothing.
        answers.add(1, 7);
        answers.0.with(|writes| assert!(writes.open.is_empty()));
    }

    #[test]
    fn a_dropped_write_leaves_nothing() {
        let answers = Answers::<Std>::new();
        drop(answers.begin());
        answers.0.with(|writes| assert!(writes.open.is_empty()));
    }
}
