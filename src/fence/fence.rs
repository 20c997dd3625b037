//! The stripes, losses and fills of one cache.

use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;

use super::fills::{FillId, Fills};
use super::losses::{Horizon, Losses};
use super::stripe::{Stripe, Stripes};
use crate::sync::Primitives;

/// The stripes, losses and fills of one cache. `A` is the remote tier's answer to a fill.
pub(crate) struct Fence<A: Send + 'static, P: Primitives> {
    stripes: Stripes<P>,
    losses: Losses<P>,
    pub(super) fills: Fills<A, P>,
}

impl<A: Send + 'static, P: Primitives> Fence<A, P> {
    /// A fence with this many stripes, all closed.
    pub(crate) fn new(stripes: NonZeroUsize) -> Self {
        Fence { stripes: Stripes::new(stripes), losses: Losses::new(), fills: Fills::new() }
    }

    /// The index of the key's stripe.
    pub(crate) fn stripe_of<K: Hash>(&self, key: &K) -> usize {
        self.stripes.of(key)
    }

    /// The indices of the keys' stripes: in ascending order, without duplicates.
    pub(crate) fn stripes_of<'k, K: Hash + 'k>(&self, keys: impl Iterator<Item = &'k K>) -> Vec<usize> {
        let mut stripes: Vec<_> = keys.map(|key| self.stripes.of(key)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        stripes
    }

    /// The stripe with this index.
    pub(crate) fn stripe(&self, index: usize) -> &Stripe<P> {
        &self.stripes[index]
    }

    /// All stripes, in order.
    pub(crate) fn stripes(&self) -> impl Iterator<Item = &Stripe<P>> {
        self.stripes.iter()
    }

    /// The current moment, or `None` if no write is lost. Call it before [`Remote::settle`]: that
    /// covers the writes that were lost before it was called.
    ///
    /// [`Remote::settle`]: crate::remote::Remote::settle
    #[track_caller]
    pub(crate) fn horizon(&self) -> Option<Horizon> {
        self.losses.horizon()
    }

    /// Settles each stripe that has lost no write after `until`.
    #[track_caller]
    pub(crate) fn settle(&self, until: Horizon) {
        self.losses.settle(until, |stripe| self.stripes[stripe].settle());
    }

    /// Records that a write which had opened the stripe was lost.
    #[track_caller]
    pub(super) fn lose_write(&self, stripe: usize) {
        let its = &self.stripes[stripe];
        self.losses.add(stripe, |is_first| if is_first { its.lose() } else { its.close() });
    }

    /// Ends or loses the fill of a stripe, and wakes the writes that wait for it. `shared`
    /// identifies its command if that was shared.
    #[track_caller]
    pub(super) fn end_fill(&self, stripe: usize, is_lost: bool, shared: Option<FillId>) {
        let its = &self.stripes[stripe];
        let lose = |is_first| if is_first { its.lose_fill() } else { its.end_fill() };
        let before = if is_lost { self.losses.add(stripe, lose) } else { its.end_fill() };
        if shared.is_some() || before.writers() > 0 {
            self.fills.ended(stripe, shared);
        }
    }
}

impl<A: Send + 'static, P: Primitives> fmt::Debug for Fence<A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("stripes", &self.stripes).finish_non_exhaustive()
    }
}
