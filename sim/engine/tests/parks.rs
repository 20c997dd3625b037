//! Parks that return spuriously, as std allows.

mod agreement;
mod many;
mod naive;

use std::sync::Arc;
use std::time::Duration;

use naive::{EXECUTIONS, Seen, explore, hold, hold_graphs, hold_states};
use proptest::prelude::*;
use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::thread::{self, Thread};
use selvedge_engine::time::Instant;
use selvedge_engine::{Explorer, Report};

/// A task waits for a flag. With `again`, it checks the flag after each park.
fn wait_for_a_flag(again: bool) -> impl Fn() + 'static {
    move || {
        let flag = Arc::new(AtomicU32::new(0));
        let (main, other) = (thread::current(), Arc::clone(&flag));
        thread::spawn(move || {
            other.store(1, SeqCst);
            main.unpark();
        });
        if again {
            while flag.load(SeqCst) == 0 {
                thread::park();
            }
        } else {
            thread::park();
        }
        assert_eq!(flag.load(SeqCst), 1, "the park has returned, and the flag is not set");
    }
}

fn failures(report: &Report) -> (bool, u64, u64) {
    (report.is_complete(), report.panics, report.deadlocks)
}

#[test]
fn a_park_whose_condition_is_not_checked_again_is_found() {
    assert_eq!(failures(&Explorer::optimal().run(wait_for_a_flag(false))), (true, 0, 0));
    let report = Explorer::optimal().spurious_wakeups(1).run(wait_for_a_flag(false));
    assert!(report.is_complete() && report.panics > 0, "{report:?}");
    let naive = Explorer::naive().spurious_wakeups(1).run(wait_for_a_flag(false));
    assert!(naive.panics > 0);
    for explorer in
        [Explorer::optimal().into_any(), Explorer::naive().into_any(), Explorer::stateful().into_any()]
    {
        for most in 0..3 {
            let report = explorer.clone().spurious_wakeups(most).run(wait_for_a_flag(true));
            assert_eq!(failures(&report), (true, 0, 0), "{most}: {report:?}");
        }
    }
}

#[test]
fn a_park_with_a_timeout_may_return_spuriously() {
    let program = || {
        let start = Instant::now();
        thread::park_timeout(Duration::from_secs(1));
        assert!(start.elapsed() >= Duration::from_secs(1));
    };
    assert_eq!(failures(&Explorer::optimal().run(program)), (true, 0, 0));
    let report = Explorer::optimal().spurious_wakeups(1).run(program);
    assert_eq!((report.executions, report.panics), (2, 1));
}

#[test]
fn spurious_returns_of_park_are_bounded() {
    let parks = |most: u16, times: usize| {
        let report =
            Explorer::optimal().spurious_wakeups(most).run(move || (0..times).for_each(|_| thread::park()));
        (report.executions, report.deadlocks)
    };
    assert_eq!(parks(0, 1), (1, 1));
    assert_eq!(parks(1, 1), (1, 0));
    assert_eq!(parks(1, 2), (1, 1));
    assert_eq!(parks(2, 2), (1, 0));
}

/// The token is still available after a park that returned spuriously.
#[test]
fn a_spurious_return_does_not_take_the_token() {
    let report = Explorer::optimal().spurious_wakeups(1).run(|| {
        let main = thread::current();
        let task = thread::spawn(move || main.unpark());
        thread::park();
        task.join().unwrap();
        thread::park();
    });
    // The first park takes the token and the second returns spuriously, or the other way round.
    assert_eq!((report.executions, report.deadlocks), (2, 0), "{report:?}");
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Read(usize),
    Write(usize),
    Park,
    ParkTimeout(u64),
    ParkUntil(usize),
    Unpark(usize),
    Now,
}

fn op() -> impl Strategy<Value = Op> {
    let at = 0..2usize;
    prop_oneof![
        2 => at.clone().prop_map(Op::Read),
        2 => at.clone().prop_map(Op::Write),
        4 => Just(Op::Park),
        2 => (1..3u64).prop_map(Op::ParkTimeout),
        2 => at.prop_map(Op::ParkUntil),
        4 => (0..3usize).prop_map(Op::Unpark),
        1 => Just(Op::Now),
    ]
}

fn program() -> impl Strategy<Value = (u16, Vec<Vec<Op>>)> {
    let threads = prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op(), 1..=2), 3..=3),
    ];
    (0..=2u16, threads)
}

fn run(me: usize, ops: &[Op], cells: &[Cell<u64>; 2], others: &[Thread], start: Instant, seen: &Seen) {
    for &op in ops {
        match op {
            Op::Read(at) => seen.note(me, cells[at].get()),
            Op::Write(at) => cells[at].set(me as u64 + 1),
            Op::Park => thread::park(),
            Op::ParkTimeout(time) => thread::park_timeout(Duration::from_secs(time)),
            Op::ParkUntil(at) => {
                while cells[at].get() == 0 {
                    thread::park();
                }
            }
            Op::Unpark(other) => others.get(other).into_iter().for_each(Thread::unpark),
            Op::Now => seen.note(me, start.elapsed().as_secs()),
        }
    }
}

fn body(program: &[Vec<Op>], seen: &Seen) {
    let (cells, start) = (Arc::new(<[Cell<u64>; 2]>::default()), Instant::now());
    let mut others = vec![thread::current()];
    let mut tasks = Vec::new();
    for (me, ops) in program.iter().enumerate().skip(1) {
        let (ops, cells, known, seen) = (ops.clone(), Arc::clone(&cells), others.clone(), seen.clone());
        let task = thread::spawn(move || run(me, &ops, &cells, &known, start, &seen));
        others.push(task.thread().clone());
        tasks.push(task);
    }
    run(0, &program[0], &cells, &others[1..], start, seen);
    tasks.into_iter().for_each(|task| task.join().unwrap());
    seen.note(0, cells[0].get());
    seen.note(0, cells[1].get());
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once((most, program) in program()) {
        let body = move |seen: &Seen| body(&program, seen);
        match most {
            0 => hold(body)?,
            // One worker: several may run a class twice if the alternatives of an operation touch
            // different locations.
            _ => agreement::classes_on(&[], EXECUTIONS, |explorer| {
                explore(&explorer.clone().spurious_wakeups(most), body.clone())
            })?,
        }
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_the_naive_search((most, program) in program()) {
        let body = move |seen: &Seen| body(&program, seen);
        match most {
            0 => hold_states(body)?,
            _ => agreement::states(EXECUTIONS, |explorer| {
                explore(&explorer.clone().spurious_wakeups(most), body.clone())
            })?,
        }
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search((most, program) in program()) {
        let body = move |seen: &Seen| body(&program, seen);
        match most {
            0 => hold_graphs(body)?,
            _ => agreement::graphs(EXECUTIONS, |explorer| {
                explore(&explorer.clone().spurious_wakeups(most), body.clone())
            })?,
        }
    }
}
