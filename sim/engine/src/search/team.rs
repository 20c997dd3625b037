//! The OS threads of a search, and the propagation of their panics.

use std::panic;
use std::thread;

/// Calls `work` with each of `parts`: with the first on this OS thread, and with each other on a
/// thread of its own as soon as the first calls its callback. Returns the results of the parts that
/// were started.
///
/// # Panics
///
/// If `work` panics: with the panic of the first such part, once all parts have ended.
pub(super) fn work<P: Send, R: Send>(
    parts: Vec<P>,
    work: impl Fn(P, &mut dyn FnMut()) -> R + Sync,
) -> Vec<R> {
    let mut parts = parts.into_iter();
    let first = parts.next().expect("a part of the work");
    let work = &work;
    thread::scope(|scope| {
        let mut others = Vec::new();
        let mut call = || {
            for (nth, part) in parts.by_ref().enumerate() {
                let thread = thread::Builder::new().name(format!("worker {}", nth + 1));
                let other = thread.spawn_scoped(scope, move || work(part, &mut || {}));
                others.push(other.expect("an OS thread for a worker"));
            }
        };
        let mut results = vec![work(first, &mut call)];
        results.extend(
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic))),
        );
        results
    })
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use super::*;

    #[test]
    fn parts_start_only_when_the_first_calls_for_them() {
        assert_eq!(work(vec![1, 2, 3], |part, _| part * 10), [10]);
        let all = work(vec![1, 2, 3], |part, call| {
            call();
            part * 10
        });
        assert_eq!(all, [10, 20, 30]);
    }

    #[test]
    fn a_panic_propagates_when_all_parts_have_ended() {
        let calls = AssertUnwindSafe(|| {
            work(vec![1, 2, 3], |part, call| {
                call();
                if part > 1 {
                    panic::resume_unwind(Box::new(part));
                }
            })
        });
        let panicked = panic::catch_unwind(calls).unwrap_err();
        assert_eq!(panicked.downcast_ref(), Some(&2));
    }
}
