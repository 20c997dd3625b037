//! Waits for conditions on several atomics, compared with the naive search. The conditions become
//! true and false repeatedly.

mod agreement;
mod many;
#[expect(dead_code, reason = "searches of states have no part in it")]
mod naive;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use naive::{Seen, hold, hold_graphs};
use proptest::prelude::*;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::{Bound, Explorer, Report, await_until, thread};

/// The number of atomics of a program.
const ATOMICS: usize = 4;

/// One operation of a random program. The first number is the atomic.
#[derive(Clone, Debug)]
enum Op {
    Load(usize),
    Store(usize, u64),
    Swap(usize, u64),
    Add(usize, u64),
    Max(usize, u64),
    CompareExchange(usize, u64, u64),
    /// Waits until these atomics satisfy the predicate: one bit for each combination of their
    /// values modulo 2, with the first atomic as the lowest digit.
    Await(Vec<usize>, u16),
    /// Waits until the sum of these atomics is at most this value.
    AwaitSum(Vec<usize>, u64),
}

fn op() -> impl Strategy<Value = Op> {
    let atomic = 0..ATOMICS;
    let value = 0..3u64;
    let several = || proptest::sample::subsequence((0..ATOMICS).collect::<Vec<_>>(), 1..=ATOMICS);
    prop_oneof![
        1 => atomic.clone().prop_map(Op::Load),
        3 => (atomic.clone(), value.clone()).prop_map(|(a, v)| Op::Store(a, v)),
        2 => (atomic.clone(), value.clone()).prop_map(|(a, v)| Op::Swap(a, v)),
        2 => (atomic.clone(), 1..3u64).prop_map(|(a, v)| Op::Add(a, v)),
        1 => (atomic.clone(), value.clone()).prop_map(|(a, v)| Op::Max(a, v)),
        2 => (atomic, value.clone(), value.clone()).prop_map(|(a, v, w)| Op::CompareExchange(a, v, w)),
        4 => (several(), any::<u16>()).prop_map(|(all, holds)| Op::Await(all, holds)),
        2 => (several(), value).prop_map(|(all, most)| Op::AwaitSum(all, most)),
    ]
}

/// The initial values, and the operations of each thread.
fn program() -> impl Strategy<Value = (Vec<u64>, Vec<Vec<Op>>)> {
    let threads = prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=4), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=3), 3..=3),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 4..=4),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=1), 5..=5),
    ];
    (proptest::collection::vec(0..2u64, ATOMICS), threads)
}

fn run_op(op: &Op, x: &Arc<Vec<AtomicU64>>) -> u64 {
    match *op {
        Op::Load(a) => x[a].load(SeqCst),
        Op::Store(a, value) => {
            x[a].store(value, SeqCst);
            0
        }
        Op::Swap(a, value) => x[a].swap(value, SeqCst),
        Op::Add(a, value) => x[a].fetch_add(value, SeqCst),
        Op::Max(a, value) => x[a].fetch_max(value, SeqCst),
        Op::CompareExchange(a, old, new) => match x[a].compare_exchange(old, new, SeqCst, SeqCst) {
            Ok(_) => 100,
            Err(value) => value,
        },
        Op::Await(ref all, holds) => {
            let (x, all) = (Arc::clone(x), all.clone());
            await_until(move || {
                let digits = all.iter().map(|&a| x[a].load(SeqCst) % 2);
                let combination = digits.enumerate().fold(0, |sum, (i, digit)| sum | digit << i);
                holds >> combination & 1 == 1
            });
            0
        }
        Op::AwaitSum(ref all, most) => {
            let (x, all) = (Arc::clone(x), all.clone());
            await_until(move || all.iter().map(|&a| x[a].load(SeqCst)).sum::<u64>() <= most);
            0
        }
    }
}

fn body(start: &[u64], threads: &[Vec<Op>], seen: &Seen) {
    let x: Arc<Vec<AtomicU64>> = Arc::new(start.iter().map(|&value| AtomicU64::new(value)).collect());
    let run = {
        let (x, seen) = (Arc::clone(&x), seen.clone());
        move |me: usize, ops: &[Op]| ops.iter().for_each(|op| seen.note(me, run_op(op, &x)))
    };
    for (me, ops) in threads.iter().enumerate().skip(1) {
        let (run, ops) = (run.clone(), ops.clone());
        thread::spawn(move || run(me, &ops));
    }
    run(0, &threads[0]);
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once((start, threads) in program()) {
        hold(move |seen| body(&start, &threads, seen))?;
    }

    /// With one atomic in each condition.
    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search((start, mut threads) in program()) {
        for op in threads.iter_mut().flatten() {
            if let Op::Await(all, _) | Op::AwaitSum(all, _) = op {
                all.truncate(1);
            }
        }
        hold_graphs(move |seen| body(&start, &threads, seen))?;
    }
}

/// Runs each of `writers` on a thread of its own, while main waits for the condition.
fn explore(start: &[u64], writers: &[fn(&[AtomicU64])], condition: fn(&[AtomicU64]) -> bool) -> [Report; 2] {
    [Explorer::optimal().into_any(), Explorer::naive().into_any()].map(|explorer| {
        let (start, writers) = (start.to_vec(), writers.to_vec());
        explorer.run(move || {
            let x: Arc<Vec<AtomicU64>> = Arc::new(start.iter().map(|&value| AtomicU64::new(value)).collect());
            for &write in &writers {
                let x = Arc::clone(&x);
                thread::spawn(move || write(&x));
            }
            await_until(move || condition(&x));
        })
    })
}

#[test]
fn each_of_two_events_makes_the_condition_false() {
    let writers: [fn(&[AtomicU64]); 2] = [|x| x[0].store(0, SeqCst), |x| x[1].store(0, SeqCst)];
    let [optimal, naive] = explore(&[1, 1], &writers, |x| x[0].load(SeqCst) + x[1].load(SeqCst) == 2);
    assert!(optimal.is_complete() && naive.is_complete());
    // The condition is met before both, or never.
    assert_eq!((optimal.executions, optimal.deadlocks), (2, 1));
    assert!(naive.executions > naive.deadlocks);
}

#[test]
fn any_two_of_three_events_make_the_condition_false() {
    let writers: [fn(&[AtomicU64]); 3] =
        [|x| x[0].store(1, SeqCst), |x| x[1].store(1, SeqCst), |x| x[2].store(1, SeqCst)];
    let at_most_one = |x: &[AtomicU64]| x.iter().map(|x| x.load(SeqCst)).sum::<u64>() <= 1;
    let [optimal, _] = explore(&[0, 0, 0], &writers, at_most_one);
    assert!(optimal.is_complete());
    // Met before all three, after one of them, or never.
    assert_eq!((optimal.executions, optimal.deadlocks), (5, 1));
}

#[test]
fn an_event_makes_the_condition_true_and_false() {
    let writers: [fn(&[AtomicU64]); 2] = [
        |x| {
            x[2].fetch_max(1, SeqCst);
        },
        |x| {
            x[0].swap(0, SeqCst);
        },
    ];
    let is_even = |x: &[AtomicU64]| x.iter().map(|x| x.load(SeqCst)).sum::<u64>() % 2 == 0;
    let [optimal, _] = explore(&[1, 1, 0], &writers, is_even);
    assert!(optimal.is_complete());
    // Before both, or after both.
    assert_eq!((optimal.executions, optimal.deadlocks), (2, 0));
}

/// If too many sets of events can delay a condition, the search is bounded, and the report says so.
#[test]
fn too_many_sets_of_delaying_events_bound_the_search() {
    let report = Explorer::optimal().run(|| {
        let x: Arc<Vec<AtomicU64>> = Arc::new((0..3).map(|_| AtomicU64::new(0)).collect());
        for i in 0..3 {
            let x = Arc::clone(&x);
            thread::spawn(move || (0..40).for_each(|_| _ = x[i].fetch_add(1, SeqCst)));
        }
        await_until(move || x.iter().map(|x| x.load(SeqCst)).sum::<u64>() == 1_000);
    });
    assert!(!report.is_complete());
    assert!(matches!(report.bound, Some(Bound::Removals { .. })), "{report:?}");
    assert!(report.deadlocks > 0);
}
