//! Any number of workers comes to the same classes, each once.

#[expect(dead_code, reason = "a few of the programs are enough here")]
mod programs;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread as os;

use programs::*;
use selvedge_engine::{Bound, Class, Explorer, Report, Run, choose, thread};

/// The classes of all executions, of which none is there twice.
fn classes(explorer: &Explorer, program: fn()) -> (Report, HashSet<Class>) {
    let (report, kept) = explorer.run_init(
        || (program, Vec::new()),
        |classes, run| {
            classes.push(run.class());
            ControlFlow::Continue(())
        },
    );
    assert_eq!(report.redundant, 0);
    let all: HashSet<_> = kept.into_iter().flatten().collect();
    assert_eq!(all.len() as u64, report.executions, "a class was run twice");
    (report, all)
}

/// Work is shared with whoever has none.
#[test]
fn classes_do_not_depend_on_the_number_of_workers() {
    let chooses = || {
        inc(3);
        choose(40);
        thread::spawn(|| choose(3));
    };
    let programs: [fn(); 4] = [|| fib_bench(3), || inc(4), || cache_aside(3, 1), chooses];
    for program in programs {
        let (one, expected) = classes(&Explorer::optimal(), program);
        assert!(one.executions > 550, "too small for several workers: {one:?}");
        for jobs in [2, 3, 8] {
            let (report, found) = classes(&Explorer::optimal().jobs(jobs), program);
            assert!(report.is_complete());
            assert_eq!(report.events, one.events);
            assert!(found == expected, "{jobs} workers: {} of {}", found.len(), expected.len());
        }
    }
}

#[test]
fn a_bound_on_executions_is_met_exactly() {
    for jobs in [1, 2, 3, 8] {
        let explorer = Explorer::optimal().jobs(jobs).sharing_always().max_executions(1_000);
        let (report, _) = classes(&explorer, || fib_bench(3));
        assert_eq!((report.executions, report.bound), (1_000, Some(Bound::Executions(1_000))), "{jobs}");
    }
}

#[test]
fn who_breaks_it_off_ends_it_for_all() {
    for jobs in [1, 2, 3] {
        let explorer = Explorer::optimal().jobs(jobs).sharing_always();
        let watch = |runs| if runs < 300 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let init = || (|| fib_bench(4), ());
        let (report, _) = explorer.run_init_while(init, |(), _| ControlFlow::Continue(()), watch);
        assert_eq!(report.bound, Some(Bound::Stopped));
        assert!((300..310).contains(&report.executions), "{jobs} workers: {report:?}");
    }
}

#[test]
fn a_panic_of_a_visitor_is_passed_on() {
    let explorer = Explorer::optimal().jobs(3).sharing_always();
    let runs = AtomicU32::new(0);
    let visit = |(): &mut (), _: &Run<'_>| {
        if runs.fetch_add(1, Relaxed) == 200 {
            panic::resume_unwind(Box::new("a visitor"));
        }
        ControlFlow::Continue(())
    };
    let search = panic::AssertUnwindSafe(|| explorer.run_init(|| (|| fib_bench(3), ()), visit));
    let panicked = panic::catch_unwind(search).unwrap_err();
    assert_eq!(panicked.downcast_ref(), Some(&"a visitor"));
}

#[test]
fn a_program_that_does_something_else_on_another_worker_is_found_out() {
    let explorer = Explorer::optimal().jobs(2).sharing_always();
    let found = (0..100).find_map(|_| {
        let body = || {
            let is_first = os::current().name().is_none_or(|name| !name.starts_with("worker"));
            if is_first { fib_bench(3) } else { inc(1) }
        };
        explorer.run_shared(body).nondeterminism
    });
    let difference = found.expect("the other worker had some work in one of these");
    assert!(difference.contains("is not possible now") || difference.contains("announce"), "{difference}");
}
