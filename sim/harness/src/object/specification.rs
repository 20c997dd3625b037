//! The sequential specification of an object.

use std::fmt::Debug;
use std::hash::Hash;

/// The sequential specification of an object. The value is a state; its first value is that of a
/// new object.
pub trait Object: Clone + Eq + Hash + Send + Sync + 'static {
    /// An operation with its arguments.
    type Operation: Copy + Ord + Debug + Send + Sync + 'static;

    /// The answer of an operation.
    type Answer: Clone + Eq + Debug + Send + Sync + 'static;

    /// Applies the operation to the state, and returns its answer.
    fn apply(&mut self, operation: Self::Operation) -> Self::Answer;
}
