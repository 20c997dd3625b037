//! `sync::counted::Arc`: which task drops a value last is explored.

mod agreement;
mod many;
mod naive;

use std::sync::Arc as StdArc;

use naive::{Seen, hold, hold_graphs, hold_states};
use proptest::prelude::*;
use selvedge_engine::object::Cell;
use selvedge_engine::sync::Mutex;
use selvedge_engine::sync::counted::{Arc, Weak};
use selvedge_engine::{Explorer, Report, thread};

fn both(body: impl Fn() + Clone + 'static) -> (Report, Report) {
    (Explorer::optimal().run(body.clone()), Explorer::naive().run(body))
}

#[test]
fn unwrapping_by_either_task_is_explored() {
    let (optimal, naive) = both(|| {
        let shared = Arc::new(1);
        let other = Arc::clone(&shared);
        thread::spawn(move || drop(other));
        assert!(Arc::try_unwrap(shared).is_ok());
    });
    assert_eq!((optimal.executions, optimal.panics), (2, 1));
    // If no task unwraps it, the two drop in either order.
    assert_eq!((naive.executions, naive.panics), (3, 2));
}

#[test]
fn running_the_destructor_in_either_task_is_explored() {
    struct Noted(StdArc<Cell<u64>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.set(thread::current().name().map_or(2, |_| 1));
        }
    }
    let (optimal, naive) = both(|| {
        let by = StdArc::new(Cell::new(0));
        let value = Arc::new(Noted(StdArc::clone(&by)));
        let other = Arc::clone(&value);
        let task = thread::spawn(move || drop(other));
        drop(value);
        task.join().unwrap();
        assert_eq!(by.get(), 1, "the other task dropped it last");
    });
    assert_eq!((optimal.executions, optimal.panics), (2, 1));
    assert_eq!(naive.panics, 1);
}

#[test]
fn exactly_one_task_gets_the_value() {
    let report = Explorer::optimal().run(|| {
        let got = StdArc::new(Mutex::new(0));
        let value = Arc::new(7);
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let (got, value) = (StdArc::clone(&got), Arc::clone(&value));
                thread::spawn(move || {
                    if let Some(value) = Arc::into_inner(value) {
                        *got.lock().unwrap() += value;
                    }
                })
            })
            .collect();
        drop(value);
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert!([0, 7].contains(&*got.lock().unwrap()));
    });
    assert!(report.is_complete());
    assert_eq!(report.panics, 0, "{report:?}");
}

#[test]
fn clones_and_drops_without_a_destructor_commute() {
    let report = Explorer::optimal().run(|| {
        let value = Arc::new(7);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let value = Arc::clone(&value);
                thread::spawn(move || assert_eq!(*Arc::clone(&value), 7))
            })
            .collect();
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert_eq!(Arc::strong_count(&value), 1);
    });
    assert_eq!((report.executions, report.panics), (1, 0));
}

#[test]
fn a_weak_reference_is_upgraded_or_too_late() {
    let (optimal, naive) = both(|| {
        let value = Arc::new(1);
        let weak = Arc::downgrade(&value);
        thread::spawn(move || drop(value));
        assert!(weak.upgrade().is_some());
    });
    assert_eq!((optimal.executions, optimal.panics), (2, 1));
    assert_eq!(naive.panics, 1);
}

#[test]
fn outside_an_exploration_it_is_stds() {
    let mut value = Arc::new(1);
    assert_eq!(Arc::get_mut(&mut value).copied(), Some(1));
    let other = Arc::clone(&value);
    assert_eq!((Arc::strong_count(&value), Arc::weak_count(&value)), (2, 0));
    assert!(Arc::ptr_eq(&value, &other) && Arc::get_mut(&mut value).is_none());
    *Arc::make_mut(&mut value) += 1;
    assert_eq!((*value, *other), (2, 1));
    let weak = Arc::downgrade(&other);
    assert_eq!(weak.upgrade().as_deref(), Some(&1));
    assert_eq!(Arc::try_unwrap(other), Ok(1));
    assert!(weak.upgrade().is_none() && Weak::<u8>::new().upgrade().is_none());
    assert_eq!(Arc::into_inner(value), Some(2));
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Clone,
    Drop,
    TryUnwrap,
    IntoInner,
    Count,
    GetMut,
    Downgrade,
    Upgrade,
    Read,
    Write,
}

fn program() -> impl Strategy<Value = (bool, Vec<Vec<Op>>)> {
    use Op::{Clone, Count, Downgrade, Drop, GetMut, IntoInner, Read, TryUnwrap, Upgrade, Write};
    let op = proptest::sample::select(vec![
        Clone, Drop, Drop, TryUnwrap, IntoInner, Count, GetMut, Downgrade, Upgrade, Read, Write,
    ]);
    let threads = prop_oneof![
        proptest::collection::vec(proptest::collection::vec(op.clone(), 1..=3), 2..=2),
        proptest::collection::vec(proptest::collection::vec(op, 1..=2), 3..=3),
    ];
    (any::<bool>(), threads)
}

/// The cell that the destructor writes.
struct Value(StdArc<Cell<u64>>);

struct Dropping(Value);

impl Drop for Dropping {
    fn drop(&mut self) {
        self.0.0.set(9);
    }
}

fn run<T>(me: usize, ops: &[Op], mut own: Vec<Arc<T>>, cell: &Cell<u64>, seen: &Seen) {
    let mut weak = Vec::new();
    for &op in ops {
        match op {
            Op::Clone => own.extend(own.first().cloned()),
            Op::Drop => drop(own.pop()),
            Op::TryUnwrap => {
                if let Some(one) = own.pop() {
                    let result = Arc::try_unwrap(one);
                    seen.note(me, result.is_ok().into());
                    own.extend(result.err());
                }
            }
            Op::IntoInner => {
                let inner = own.pop().map(|one| Arc::into_inner(one).is_some());
                seen.note(me, inner.unwrap_or(false).into());
            }
            Op::Count => seen.note(me, own.first().map_or(0, Arc::strong_count) as u64),
            Op::GetMut => {
                let is_only = own.first_mut().is_some_and(|one| Arc::get_mut(one).is_some());
                seen.note(me, is_only.into());
            }
            Op::Downgrade => weak.extend(own.first().map(Arc::downgrade)),
            Op::Upgrade => {
                let upgraded = weak.first().and_then(Weak::upgrade);
                seen.note(me, upgraded.is_some().into());
                own.extend(upgraded);
            }
            Op::Read => seen.note(me, cell.get()),
            Op::Write => cell.set(me as u64 + 1),
        }
    }
}

fn body<T: Send + Sync + 'static>(program: &[Vec<Op>], make: fn(StdArc<Cell<u64>>) -> T, seen: &Seen) {
    let cell = StdArc::new(Cell::new(0));
    let value = Arc::new(make(StdArc::clone(&cell)));
    let mut tasks = Vec::new();
    for (me, ops) in program.iter().enumerate().skip(1) {
        let (ops, cell, seen, value) = (ops.clone(), StdArc::clone(&cell), seen.clone(), Arc::clone(&value));
        tasks.push(thread::spawn(move || run(me, &ops, vec![value], &cell, &seen)));
    }
    run(0, &program[0], vec![value], &cell, seen);
    tasks.into_iter().for_each(|task| task.join().unwrap());
    seen.note(0, cell.get());
}

fn any_body(drops: bool, program: &[Vec<Op>], seen: &Seen) {
    if drops {
        body(program, |cell| Dropping(Value(cell)), seen);
    } else {
        body(program, |_| 7, seen);
    }
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once((drops, program) in program()) {
        hold(move |seen| any_body(drops, &program, seen))?;
    }

    #[test]
    fn a_search_of_states_finds_each_outcome_of_the_naive_search((drops, program) in program()) {
        hold_states(move |seen| any_body(drops, &program, seen))?;
    }

    #[test]
    fn a_search_of_graphs_finds_each_outcome_of_the_naive_search((drops, program) in program()) {
        hold_graphs(move |seen| any_body(drops, &program, seen))?;
    }
}
