//! Choices whose alternatives lead to different operations: each class once with any number of
//! workers, and the same classes as in the naive search.

mod agreement;
mod many;
#[expect(dead_code, reason = "searches of states have no part in it")]
mod naive;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use naive::{Seen, hold, hold_graphs};
use proptest::prelude::*;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::{Explorer, choose, thread};

/// The number of atomics of a program.
const ATOMICS: usize = 3;

/// One operation of a random program. The first number is the atomic.
#[derive(Clone, Debug)]
enum Op {
    Load(usize),
    Store(usize, u64),
    Swap(usize, u64),
    /// Chooses one of these operations; the last alternative performs none.
    Choose(Vec<Op>),
}

fn simple() -> impl Strategy<Value = Op> + Clone {
    let (atomic, value) = (0..ATOMICS, 1..3u64);
    prop_oneof![
        3 => atomic.clone().prop_map(Op::Load),
        2 => (atomic.clone(), value.clone()).prop_map(|(a, v)| Op::Store(a, v)),
        2 => (atomic, value).prop_map(|(a, v)| Op::Swap(a, v)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => simple(),
        2 => proptest::collection::vec(simple(), 1..=2).prop_map(Op::Choose),
    ]
}

fn program(most: usize) -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=most),
    ]
}

fn run_op(op: &Op, x: &[AtomicU64], see: &dyn Fn(u64)) {
    match op {
        Op::Load(a) => see(x[*a].load(SeqCst)),
        Op::Store(a, value) => x[*a].store(*value, SeqCst),
        Op::Swap(a, value) => see(x[*a].swap(*value, SeqCst)),
        Op::Choose(ops) => {
            let choice = choose(ops.len() + 1);
            see(100 + choice as u64);
            if let Some(op) = ops.get(choice) {
                run_op(op, x, see);
            }
        }
    }
}

fn body(threads: &[Vec<Op>], seen: &Seen) {
    let x: Arc<Vec<AtomicU64>> = Arc::new((0..ATOMICS).map(|_| AtomicU64::new(0)).collect());
    let run = {
        let seen = seen.clone();
        move |me: usize, ops: &[Op], x: &[AtomicU64]| {
            ops.iter().for_each(|op| run_op(op, x, &|value| seen.note(me, value)));
        }
    };
    for (me, ops) in threads.iter().enumerate().skip(1) {
        let (run, ops, x) = (run.clone(), ops.clone(), Arc::clone(&x));
        thread::spawn(move || run(me, &ops, &x));
    }
    run(0, &threads[0], &x);
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once(threads in program(3)) {
        hold(move |seen| body(&threads, seen))?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search(threads in program(3)) {
        hold_graphs(move |seen| body(&threads, seen))?;
    }

    /// Also for five tasks, for which the naive search takes too long.
    #[test]
    fn the_count_does_not_depend_on_the_number_of_workers(threads in program(5)) {
        let count = |jobs: usize| {
            let threads = threads.clone();
            let explorer = Explorer::optimal().max_executions(3_000).into_any().jobs(jobs).sharing_always();
            let (report, classes, _) = agreement::explored(
                &explorer,
                || {
                    let threads = threads.clone();
                    (move || body(&threads, &Seen::default()), ())
                },
                |(), _| (),
            );
            (report, classes)
        };
        let (one, _) = count(1);
        prop_assume!(one.is_complete());
        for jobs in 2..=4 {
            let (report, classes) = count(jobs);
            let distinct: std::collections::HashSet<_> = classes.iter().collect();
            prop_assert_eq!(distinct.len(), classes.len(), "{} workers: a class was run twice", jobs);
            prop_assert_eq!((report.executions, report.redundant), (one.executions, 0), "{} workers", jobs);
        }
    }
}

/// Two workers planned the same class in different orders.
#[test]
fn a_choice_runs_once_beside_independent_tasks() {
    for jobs in [1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4] {
        let body = || {
            let x: Arc<[AtomicU64; 2]> = Arc::default();
            let spawn = |work: fn(&[AtomicU64; 2])| {
                let x = Arc::clone(&x);
                thread::spawn(move || work(&x))
            };
            spawn(|x| x[0].store(2, SeqCst));
            spawn(|x| _ = x[1].swap(2, SeqCst));
            spawn(|x| {
                x[1].load(SeqCst);
                choose(3);
            });
            spawn(|x| _ = x[0].load(SeqCst));
            x[0].store(2, SeqCst);
        };
        let report = Explorer::optimal().jobs(jobs).sharing_always().run(body);
        assert_eq!((report.executions, report.redundant), (36, 0), "{jobs} workers");
    }
}
