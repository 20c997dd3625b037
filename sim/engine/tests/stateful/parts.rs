//! Each part of a state is necessary: without it, the search merges different states and misses
//! outcomes.

use std::time::Duration;

use selvedge_engine::mode::Any;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::time::Instant;
use selvedge_engine::{Explorer, Part, Script, choose, scripted, thread};

use crate::outcomes::explore;

/// Checks that the search of states finds the outcomes of the naive search, but not without this
/// part.
fn missed(part: Part, body: fn() -> Vec<u64>) {
    let stateful = Explorer::stateful();
    let without = stateful.clone().leaving_out(part);
    missed_by([Explorer::naive().into_any(), stateful.into_any(), without.into_any()], body);
}

/// Like [`missed`]: the naive search, the search of states, and the one without the part.
fn missed_by([naive, stateful, without]: [Explorer<Any>; 3], body: fn() -> Vec<u64>) {
    let (_, expected) = explore(&naive, body);
    let (_, found) = explore(&stateful, body);
    assert_eq!(found, expected);
    let (report, found) = explore(&without, body);
    assert!(found.is_subset(&expected) && found != expected, "{report:?} {found:?}");
}

fn script<const N: usize, O>(operations: [O; N]) -> Script<O> {
    Script { name: "a script".to_owned(), operations: operations.into() }
}

#[test]
fn the_pending_operation_is_necessary() {
    missed(Part::Pending, || {
        // The first store changes no state, so that all but the next operation is as before.
        let flag = Arc::new(AtomicU64::new(1));
        let own = Arc::clone(&flag);
        let task = thread::spawn(move || {
            own.store(1, SeqCst);
            own.store(2, SeqCst);
        });
        task.join().unwrap();
        vec![flag.load(SeqCst)]
    });
}

#[test]
fn the_observations_are_necessary() {
    missed(Part::Observed, || {
        let flag = Arc::new(AtomicU64::new(0));
        let own = Arc::clone(&flag);
        let reader = thread::spawn(move || own.load(SeqCst));
        flag.store(1, SeqCst);
        vec![reader.join().unwrap()]
    });
}

#[test]
fn the_holder_of_a_lock_is_necessary() {
    missed(Part::Locks, || {
        // The task forgets whether the first operation has kept the lock forever.
        let lock = Arc::new(Mutex::new(()));
        let tasks = scripted(&lock, [script([true, false])], |lock, &keeps| {
            if !keeps {
                drop(lock.lock());
            } else if choose(2) == 1 {
                std::mem::forget(lock.lock());
            }
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![]
    });
}

#[test]
fn the_contents_of_an_object_are_necessary() {
    missed(Part::Values, || {
        let number = Arc::new(AtomicU64::new(0));
        let tasks = scripted(&number, [script([true, false])], |number, &writes| {
            if writes {
                number.store(choose(2) as u64, SeqCst);
            }
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![number.load(SeqCst)]
    });
}

#[test]
fn the_value_under_a_lock_is_necessary() {
    missed(Part::Values, || {
        let number = Arc::new(Mutex::new(0));
        let tasks = scripted(&number, [script([true, false])], |number, &writes| {
            if writes {
                let chosen = choose(2) as u64;
                *number.lock().unwrap() = chosen;
            }
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        let value = *number.lock().unwrap();
        vec![value]
    });
}

#[test]
fn the_clock_is_necessary() {
    missed(Part::Clock, || {
        let start = Instant::now();
        let tasks = scripted(&Arc::new(()), [script([true, false])], |(), &sleeps| {
            if sleeps {
                thread::sleep(Duration::from_secs(choose(3) as u64 + 1));
            }
        });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![start.elapsed().as_secs()]
    });
}

#[test]
fn the_observed_time_is_necessary() {
    // No task observes whether the second has read before the first has stored. If it has not, it
    // knows that a second has passed, and its five seconds count from there.
    missed(Part::Clock, || {
        let shared = Arc::new((Instant::now(), AtomicU64::new(0), AtomicU64::new(0)));
        let tasks =
            scripted(&shared, [script([1, 2, 3]), script([4, 5])], |(start, flag, time), &operation| {
                match operation {
                    1 => thread::sleep(Duration::from_secs(1)),
                    2 => flag.store(0, SeqCst),
                    3 => time.store(start.elapsed().as_secs(), SeqCst),
                    4 => drop(flag.load(SeqCst)),
                    _ => thread::sleep(Duration::from_secs(5)),
                }
            });
        tasks.into_iter().for_each(|task| task.join().unwrap());
        vec![shared.2.load(SeqCst), shared.0.elapsed().as_secs()]
    });
}

#[test]
fn the_preemption_budget_is_necessary() {
    let explorers = [
        Explorer::naive().max_preemptions(1).into_any(),
        Explorer::stateful().max_preemptions(1).into_any(),
        Explorer::stateful().leaving_out(Part::Budget).max_preemptions(1).into_any(),
    ];
    missed_by(explorers, || {
        // The first sees both, and the second of them late, only with a preemption before its last
        // read. No preemption may be spent to let the other run before its second operation: that
        // one must run first.
        let shared = Arc::new([0; 3].map(AtomicU64::new));
        let [a, b] = [Arc::clone(&shared), Arc::clone(&shared)];
        let own = Arc::clone(&shared);
        let first = thread::spawn(move || {
            own[2].store(1, SeqCst);
            vec![own[0].load(SeqCst), own[1].load(SeqCst), own[1].load(SeqCst)]
        });
        thread::spawn(move || a[0].store(1, SeqCst));
        thread::spawn(move || b[1].store(1, SeqCst));
        first.join().unwrap()
    });
}
