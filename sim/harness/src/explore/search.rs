//! A search of a case: its bounds, its checkpoints and its observer.

use std::ops::ControlFlow;

use super::fleet::Fleet;
use super::{Kept, Reached};
use crate::scenario::Case;
use crate::verdict::Budget;

/// Receives the progress of a search from time to time, and stops the search if it returns `Break`.
pub type Watch<'w> = dyn FnMut(Reached) -> ControlFlow<()> + Send + 'w;

/// A search of a case.
pub(super) struct Search<'s, 'k> {
    pub(super) case: &'s Case,
    pub(super) budget: Budget,
    /// The checkpoints of a stateful search, if it has any.
    pub(super) kept: Option<&'s mut Kept<'k>>,
    pub(super) watch: &'s mut Watch<'s>,
    /// Whether a search by classes ends with the first schedule that breaks the required level,
    /// deadlocks or panics.
    pub(super) first_only: bool,
    /// The server over which a search by states is shared, if it is.
    pub(super) fleet: Option<&'s Fleet>,
}

impl<'k> Search<'_, 'k> {
    /// The same search within another budget: a part of this search.
    pub(super) fn within(&mut self, budget: Budget) -> Search<'_, 'k> {
        let Search { case, first_only, fleet, .. } = *self;
        Search { case, budget, kept: self.kept.as_deref_mut(), watch: &mut *self.watch, first_only, fleet }
    }
}
