//! Choices of the program, and effects that the engine does not see.

use crate::runtime;

/// Declares that the task is about to have an effect that other tasks may observe and the engine
/// does not see: on a file, a foreign lock, a static of another crate. It conflicts with every
/// event, so that every order of it is explored: the search becomes slower, not wrong.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, opaque, thread};
///
/// let report = Explorer::optimal().run(|| {
///     thread::spawn(opaque);
///     opaque();
/// });
/// assert_eq!(report.executions, 2);
/// ```
#[track_caller]
pub fn opaque() {
    runtime::opaque();
}

/// Returns a number in `0..alternatives`; the exploration covers each. For external decisions: the
/// result of a random number, the failure of a call, the request of a client.
///
/// Outside an exploration it returns 0.
///
/// # Panics
///
/// If there are no alternatives, or more than 65,535.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, choose};
///
/// let report = Explorer::optimal().run(|| {
///     let (a, b) = (choose(2), choose(3));
///     assert!(a < 2 && b < 3);
/// });
/// assert_eq!(report.executions, 6);
/// ```
#[track_caller]
pub fn choose(alternatives: usize) -> usize {
    let count = u16::try_from(alternatives).ok().filter(|&count| count > 0);
    let count = count.expect("a choice is between 1 and 65,535 alternatives");
    runtime::choose(count).into()
}
