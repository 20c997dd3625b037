//! Searches an order of the calls that explains their answers.
//!
//! The search is that of Wing and Gong ("Testing and verifying concurrent objects", JPDC 1993): it
//! selects a call that no other remaining call precedes, applies it to the state, and backtracks if
//! the answer differs. As in Lowe ("Testing for linearizability", CCPE 2017), a pair of remaining
//! calls and state is visited once.

use std::collections::HashSet;

use super::Object;
use super::history::History;

/// The maximum number of calls of a history: a set of them is one word.
pub(super) const MOST_CALLS: usize = 64;

/// Whether some order of the calls, which all have returned, explains their answers.
pub(super) fn is_linearizable<O: Object>(history: &History<O>, start: &O) -> bool {
    let all = (0..history.calls.len()).fold(0, |set, call| set | 1u64 << call);
    explains(history, start, all, &mut HashSet::new())
}

/// Whether some order of the calls in `left` explains their answers, from this state. `failed` has
/// the pairs from which there is none.
fn explains<O: Object>(history: &History<O>, state: &O, left: u64, failed: &mut HashSet<(u64, O)>) -> bool {
    if left == 0 {
        return true;
    }
    if failed.contains(&(left, state.clone())) {
        return false;
    }
    let remaining = || (0..history.calls.len()).filter(move |call| left >> call & 1 == 1);
    for call in remaining() {
        if remaining().any(|other| history.precedes(other, call)) {
            continue;
        }
        let mut next = state.clone();
        let answer = next.apply(history.calls[call].operation);
        let is_its = history.calls[call].returned.as_ref().is_some_and(|(returned, _)| *returned == answer);
        if is_its && explains(history, &next, left & !(1 << call), failed) {
            return true;
        }
    }
    failed.insert((left, state.clone()));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register: `Ok` writes, `Err` reads.
    #[derive(Clone, Default, PartialEq, Eq, Hash)]
    struct Register(u32);

    impl Object for Register {
        type Operation = Result<u32, ()>;
        type Answer = u32;

        fn apply(&mut self, operation: Result<u32, ()>) -> u32 {
            self.0 = operation.unwrap_or(self.0);
            self.0
        }
    }

    /// The events of two calls of two threads: `(call, Some(answer))` is a response.
    fn history(operations: &[Result<u32, ()>], events: &[(usize, Option<u32>)]) -> History<Register> {
        let mut history = History::default();
        let mut ids = vec![None; operations.len()];
        for &(call, answer) in events {
            match answer {
                None => ids[call] = Some(history.invoke(call, operations[call])),
                Some(answer) => history.respond(ids[call].expect("invoked"), answer),
            }
        }
        history
    }

    #[test]
    fn a_read_may_return_an_overlapping_write_but_no_overwritten_value() {
        let (write, read) = (Ok(1), Err(()));
        let overlapping =
            |answer| history(&[write, read], &[(0, None), (1, None), (1, Some(answer)), (0, Some(1))]);
        assert!(is_linearizable(&overlapping(0), &Register(0)));
        assert!(is_linearizable(&overlapping(1), &Register(0)));
        assert!(!is_linearizable(&overlapping(2), &Register(0)));
        let later =
            |answer| history(&[write, read], &[(0, None), (0, Some(1)), (1, None), (1, Some(answer))]);
        assert!(is_linearizable(&later(1), &Register(0)));
        assert!(!is_linearizable(&later(0), &Register(0)), "stale");
    }

    #[test]
    fn two_reads_do_not_go_back_in_time() {
        let operations = [Ok(1), Err(()), Err(())];
        let events = |first, second| {
            [(0, None), (1, None), (1, Some(first)), (2, None), (2, Some(second)), (0, Some(1))]
        };
        assert!(is_linearizable(&history(&operations, &events(0, 1)), &Register(0)));
        assert!(!is_linearizable(&history(&operations, &events(1, 0)), &Register(0)), "inverted");
    }
}
