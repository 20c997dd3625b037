//! Advice for nondeterministic programs.

/// Likely causes of nondeterminism.
macro_rules! mend {
    () => {
        "The body must behave the same in every run: look for random numbers, clocks, \
    iteration over a HashMap or HashSet (each RandomState has random keys: use a BTreeMap, or a hasher with fixed keys), \
    `tokio::select!` or `futures::select!` without `biased` (they poll their branches in random order: add `biased;`, or use \
    `select_biased!`), state that outlives a run (a static, a captured counter), or a thread that the engine does not know"
    };
}

/// Likely causes of nondeterminism.
pub(crate) const MEND_NONDETERMINISM: &str = mend!();

/// The message for a step of a planned schedule that is not enabled.
pub(crate) const IMPOSSIBLE: &str = concat!(
    "a step that was enabled in an earlier run after the same steps, perhaps on another worker, is not enabled now. ",
    mend!()
);
