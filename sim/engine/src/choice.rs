//! What the program does not decide, and what the engine does not see.

use crate::runtime;

/// Says that the task is about to do something that other tasks may observe and the engine does not see: touch a real
/// file, a foreign lock, a static of another crate. It conflicts with every event, so that every order of it is explored:
/// a program that the engine does not understand is explored more slowly, not wrongly.
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

/// One of `0..alternatives`: the exploration covers each. For what the program does not decide: which branch a random
/// number takes, whether this call fails, what a client sends.
///
/// Outside an exploration it is always 0.
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
