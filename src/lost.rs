//! Writes that were lost: sent, perhaps, and their outcome not known. Each keeps its stripes from being closed, and this is
//! the book of those stripes, until it is certain that nothing is still to come.
//!
//! A stripe stands here once, however many writes of it are lost: what is kept is bounded by the number of stripes. Stripe and
//! book change together, under the lock of the book.

use std::collections::BTreeMap;
use std::fmt;

use crate::sync::{Mutex, Primitives};

/// The stripes with lost writes.
pub(crate) struct Lost<P: Primitives>(P::Mutex<Book>);

/// What there is to be kept of them.
#[derive(Debug, Default, Hash)]
pub struct Book {
    /// For each stripe, when a write of it was lost last.
    stripes: BTreeMap<usize, u64>,
    /// The last moment. Every loss is one.
    now: u64,
}

/// A moment: what was lost until then, and what after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon(u64);

impl<P: Primitives> Lost<P> {
    pub(crate) fn new() -> Self {
        Lost(P::Mutex::new("book of the lost", Book::default()))
    }

    /// A write of this stripe was lost. `change` changes the stripe, and is told whether it is the first one.
    #[track_caller]
    pub(crate) fn add<T>(&self, stripe: usize, change: impl FnOnce(bool) -> T) -> T {
        self.0.with(|book| {
            book.now += 1;
            change(book.stripes.insert(stripe, book.now).is_none())
        })
    }

    /// This moment, or `None` if nothing is lost. To be taken before the remote tier is asked to settle: it answers for
    /// what was lost until then.
    #[track_caller]
    pub(crate) fn horizon(&self) -> Option<Horizon> {
        self.0.with(|book| (!book.stripes.is_empty()).then_some(Horizon(book.now)))
    }

    /// Nothing is still to come of what was lost until this moment. `settle` settles each stripe that has no later loss.
    #[track_caller]
    pub(crate) fn settle(&self, until: Horizon, settle: impl Fn(usize)) {
        self.0.with(|book| {
            let over = book.stripes.extract_if(.., |_, lost| *lost <= until.0);
            over.for_each(|(stripe, _)| settle(stripe));
        });
    }
}

impl<P: Primitives> fmt::Debug for Lost<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lost").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::sync::Std;

    #[test]
    fn what_was_lost_before_is_settled_and_what_came_later_is_not() {
        let lost = Lost::<Std>::new();
        let settled = |until| {
            let settled = RefCell::new(Vec::new());
            lost.settle(until, |stripe| settled.borrow_mut().push(stripe));
            settled.into_inner()
        };
        assert!(lost.horizon().is_none());
        assert_eq!([3, 5, 3].map(|stripe| lost.add(stripe, |is_first| is_first)), [true, true, false]);
        let until = lost.horizon().expect("some are lost");
        assert_eq!([1, 5].map(|stripe| lost.add(stripe, |is_first| is_first)), [true, false]);
        assert_eq!(settled(until), [3]);
        assert_eq!(settled(lost.horizon().expect("two are lost")), [1, 5]);
        assert!(lost.horizon().is_none());
    }
}
