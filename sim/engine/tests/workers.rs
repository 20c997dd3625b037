//! Any number of workers finds the same classes, each once.

#[expect(dead_code, reason = "a few of the programs are enough here")]
mod programs;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread as os;

use programs::*;
use selvedge_engine::mode::{Optimal, Parallel};
use selvedge_engine::{Bound, Class, Explorer, Observer, Report, Run, choose, fold, thread};

/// The classes of all executions, without duplicates.
fn classes(explorer: &Explorer<Parallel<Optimal>>, program: fn()) -> (Report, HashSet<Class>) {
    let init = || {
        let visit = |classes: &mut Vec<Class>, run: &Run<'_>| {
            classes.push(run.class());
            ControlFlow::Continue(())
        };
        (program, fold(Vec::new(), visit))
    };
    let (report, observers) = explorer.observe(init);
    assert_eq!(report.redundant, 0);
    let all: HashSet<_> = observers.into_iter().flat_map(|observer| observer.state).collect();
    assert_eq!(all.len() as u64, report.executions, "a class was run twice");
    (report, all)
}

/// Idle workers receive work from others.
#[test]
fn classes_do_not_depend_on_the_number_of_workers() {
    let chooses = || {
        inc(3);
        choose(40);
        thread::spawn(|| choose(3));
    };
    let programs: [fn(); 4] = [|| fib_bench(3), || inc(4), || cache_aside(3, 1), chooses];
    for program in programs {
        let (one, expected) = classes(&Explorer::optimal().jobs(1), program);
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
fn a_bound_on_executions_is_exact() {
    for jobs in [1, 2, 3, 8] {
        let explorer = Explorer::optimal().jobs(jobs).sharing_always().max_executions(1_000);
        let (report, _) = classes(&explorer, || fib_bench(3));
        assert_eq!((report.executions, report.bound), (1_000, Some(Bound::Executions(1_000))), "{jobs}");
    }
}

/// Ends the search after this number of runs.
struct Until(u64);

impl Observer for Until {
    fn execution(&mut self, _: &Run<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn progress(&mut self, runs: u64) -> ControlFlow<()> {
        if runs < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

#[test]
fn an_observer_of_one_worker_ends_the_search_of_all() {
    for jobs in [1, 2, 3] {
        let explorer = Explorer::optimal().jobs(jobs).sharing_always();
        let (report, _) = explorer.observe(|| (|| fib_bench(4), Until(300)));
        assert_eq!(report.bound, Some(Bound::Stopped));
        assert!((300..310).contains(&report.executions), "{jobs} workers: {report:?}");
    }
}

#[test]
fn a_panic_of_an_observer_is_propagated() {
    let explorer = Explorer::optimal().jobs(3).sharing_always();
    let runs = AtomicU32::new(0);
    let visit = |(): &mut (), _: &Run<'_>| -> ControlFlow<()> {
        if runs.fetch_add(1, Relaxed) == 200 {
            panic::resume_unwind(Box::new("a visitor"));
        }
        ControlFlow::Continue(())
    };
    let search = panic::AssertUnwindSafe(|| explorer.observe(|| (|| fib_bench(3), fold((), visit))));
    let panicked = panic::catch_unwind(search).unwrap_err();
    assert_eq!(panicked.downcast_ref(), Some(&"a visitor"));
}

#[test]
fn a_program_that_differs_between_workers_is_reported() {
    let explorer = Explorer::optimal().jobs(2).sharing_always();
    let found = (0..100).find_map(|_| {
        let body = || {
            let is_first = os::current().name().is_none_or(|name| !name.starts_with("worker"));
            if is_first { fib_bench(3) } else { inc(1) }
        };
        explorer.run(body).nondeterminism
    });
    let difference = found.expect("the other worker had some work in one of these");
    assert!(difference.contains("is not enabled now") || difference.contains("announce"), "{difference}");
}
