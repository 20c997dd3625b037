//! The two checkers of weak memory: loom, and our engine under RC11.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use selvedge_engine::{Ending, Explorer};
use selvedge_sim::backends::{Engine, Loom, Simulated};
use selvedge_sim::verdict::Budget;

pub(crate) trait Checker: Simulated {
    /// The orderings of a queue's operations: one that changes it, and one that finds it empty.
    const OF_QUEUE: [Ordering; 2];

    /// Executed before and after a `SeqCst` access.
    fn fence_for_seq_cst();

    /// Waits while the condition, which loads one atomic, holds.
    fn wait_while(condition: impl Fn() -> bool + 'static);

    /// Whether the program holds in all its executions, which are several.
    fn holds(program: fn()) -> bool;
}

thread_local! {
    /// Whether loom's `SeqCst` accesses have no fences.
    static WITHOUT_FENCES: Cell<bool> = const { Cell::new(false) };
}

/// Calls `explore` without fences around loom's `SeqCst` accesses.
pub(crate) fn without_fences<T>(explore: impl FnOnce() -> T) -> T {
    WITHOUT_FENCES.set(true);
    let explored = explore();
    WITHOUT_FENCES.set(false);
    explored
}

impl Checker for Loom {
    /// With the fences of `SeqCst` accesses here too, those under test could be relaxed.
    const OF_QUEUE: [Ordering; 2] = [Ordering::AcqRel, Ordering::Acquire];

    /// loom treats sequentially consistent accesses as weaker ones, but supports such fences, which
    /// replace them.
    fn fence_for_seq_cst() {
        if WITHOUT_FENCES.get() {
            return;
        }
        loom::sync::atomic::fence(Ordering::SeqCst);
    }

    fn wait_while(condition: impl Fn() -> bool + 'static) {
        while condition() {
            loom::thread::yield_now();
        }
    }

    fn holds(program: fn()) -> bool {
        let explored = || {
            let search = Loom::explore(Budget::default(), program);
            assert!(search.complete && search.executions > 1, "{search:?}");
        };
        catch_unwind(AssertUnwindSafe(explored)).is_ok()
    }
}

impl Checker for Engine {
    const OF_QUEUE: [Ordering; 2] = [Ordering::SeqCst, Ordering::SeqCst];

    fn fence_for_seq_cst() {}

    fn wait_while(condition: impl Fn() -> bool + 'static) {
        selvedge_engine::await_until(move || !condition());
    }

    fn holds(program: fn()) -> bool {
        let mut holds = true;
        let report = Explorer::rc11().run_each(program, |run| {
            holds &= *run.ending() == Ending::Complete;
            if holds { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(!holds || report.is_complete() && report.executions > 1, "{}", report.verdict());
        holds
    }
}
