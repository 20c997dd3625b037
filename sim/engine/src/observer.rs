//! Observers, which are notified of the runs of a search.

use std::fmt;
use std::ops::ControlFlow;

use crate::run::Run;

/// Receives the executions of a search, each when it has ended.
///
/// `()` ignores them. [`fold`] makes an observer from a closure and a state.
pub trait Observer {
    /// An execution has ended. [`Break`](ControlFlow::Break) ends the search. Runs that were cut
    /// short, because all continuations have been explored, are not shown.
    fn execution(&mut self, run: &Run<'_>) -> ControlFlow<()>;

    /// A run has ended, including those that were cut short. `runs` is the number of runs of all
    /// workers so far. [`Break`](ControlFlow::Break) ends the search.
    fn progress(&mut self, runs: u64) -> ControlFlow<()> {
        let _ = runs;
        ControlFlow::Continue(())
    }
}

impl Observer for () {
    fn execution(&mut self, _run: &Run<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Creates an observer that calls `visit` with `state` and each execution.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
///
/// use selvedge_engine::{Explorer, choose, fold};
///
/// let lengths = fold(Vec::new(), |lengths: &mut Vec<usize>, run| {
///     lengths.push(run.steps().len());
///     ControlFlow::Continue(())
/// });
/// let (_, lengths) = Explorer::optimal().observe(|| assert!(choose(3) < 3), lengths);
/// assert_eq!(lengths.state, [1, 1, 1]);
/// ```
pub fn fold<S, F>(state: S, visit: F) -> Fold<S, F>
where
    F: FnMut(&mut S, &Run<'_>) -> ControlFlow<()>,
{
    Fold { state, visit }
}

/// The observer that [`fold`] returns.
#[derive(Clone)]
pub struct Fold<S, F> {
    /// The state after the last execution.
    pub state: S,
    visit: F,
}

impl<S: fmt::Debug, F> fmt::Debug for Fold<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<S, F: FnMut(&mut S, &Run<'_>) -> ControlFlow<()>> Observer for Fold<S, F> {
    fn execution(&mut self, run: &Run<'_>) -> ControlFlow<()> {
        (self.visit)(&mut self.state, run)
    }
}
