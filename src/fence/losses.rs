//! Lost writes: commands that may have been sent, and whose outcome is unknown.
//!
//! A stripe with a lost write must not close. This table records these stripes until it is certain
//! that none of the lost writes can take effect any more. A stripe has at most one row, whatever
//! the number of its lost writes, so that the table is bounded by the number of stripes. Stripe and
//! table change together, under the table's lock.

use std::collections::BTreeMap;
use std::fmt;

use crate::sync::{Mutex, Primitives};

/// The stripes that have lost writes.
pub(crate) struct Losses<P: Primitives>(P::Mutex<LostStripes>);

/// The table of the stripes that have lost writes.
#[derive(Debug, Default, Hash)]
pub struct LostStripes {
    /// For each stripe, the moment of its last loss.
    stripes: BTreeMap<usize, u64>,
    /// The last moment. Each loss has its own.
    now: u64,
}

/// A moment that separates earlier from later losses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon(u64);

impl<P: Primitives> Losses<P> {
    pub(crate) fn new() -> Self {
        Losses(P::Mutex::new("lost writes", LostStripes::default()))
    }

    /// Records that a write of this stripe was lost. `change` changes the stripe; its argument is
    /// whether this is the stripe's first loss.
    #[track_caller]
    pub(crate) fn add<T>(&self, stripe: usize, change: impl FnOnce(bool) -> T) -> T {
        self.0.with(|lost| {
            lost.now += 1;
            change(lost.stripes.insert(stripe, lost.now).is_none())
        })
    }

    /// The current moment, or `None` if no write is lost.
    #[track_caller]
    pub(crate) fn horizon(&self) -> Option<Horizon> {
        self.0.with(|lost| (!lost.stripes.is_empty()).then_some(Horizon(lost.now)))
    }

    /// Removes the stripes that have no loss after this moment, and calls `settle` with each.
    #[track_caller]
    pub(crate) fn settle(&self, until: Horizon, settle: impl Fn(usize)) {
        self.0.with(|lost| {
            let settled = lost.stripes.extract_if(.., |_, last| *last <= until.0);
            settled.for_each(|(stripe, _)| settle(stripe));
        });
    }
}

impl<P: Primitives> fmt::Debug for Losses<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Losses").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::sync::Std;

    #[test]
    fn earlier_losses_are_settled_and_later_ones_are_not() {
        let losses = Losses::<Std>::new();
        let settled = |until| {
            let settled = RefCell::new(Vec::new());
            losses.settle(until, |stripe| settled.borrow_mut().push(stripe));
            settled.into_inner()
        };
        assert!(losses.horizon().is_none());
        assert_eq!([3, 5, 3].map(|stripe| losses.add(stripe, |is_first| is_first)), [true, true, false]);
        let until = losses.horizon().expect("some are lost");
        assert_eq!([1, 5].map(|stripe| losses.add(stripe, |is_first| is_first)), [true, false]);
        assert_eq!(settled(until), [3]);
        assert_eq!(settled(losses.horizon().expect("two are lost")), [1, 5]);
        assert!(losses.horizon().is_none());
    }
}
