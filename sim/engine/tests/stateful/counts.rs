//! Programs whose states are counted by hand.

use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Explorer, Report, Script, States, Verdict, choose, scripted, thread};

fn search(body: impl Fn() + 'static) -> (Report, States) {
    let report = Explorer::stateful().run(body);
    assert!(report.is_complete(), "{report:?}");
    let states = report.states.clone().unwrap();
    assert_eq!(states.runs, report.executions + report.redundant);
    (report, states)
}

#[test]
fn a_program_without_events_has_one_state() {
    let (report, states) = search(|| {});
    assert_eq!((states.count, states.transitions, report.executions), (1, 0, 1));
}

#[test]
fn tasks_without_observations_have_one_state_per_completed_subset() {
    for tasks in 1..=6 {
        let (report, states) = search(move || {
            let flag = Arc::new(AtomicU32::new(0));
            for _ in 0..tasks {
                let flag = Arc::clone(&flag);
                thread::spawn(move || flag.store(1, SeqCst));
            }
        });
        // A step from each subset for each task that is not in it.
        let subsets = 1 << tasks;
        assert_eq!((states.count, states.transitions), (subsets, subsets / 2 * tasks));
        assert_eq!(report.executions, 1);
    }
}

#[test]
fn the_last_store_determines_the_state() {
    // None, one of two stored, or both, with either of them last.
    let (report, states) = search(|| {
        let flag = Arc::new(AtomicU32::new(0));
        for value in 1..=2 {
            let flag = Arc::clone(&flag);
            thread::spawn(move || flag.store(value, SeqCst));
        }
    });
    assert_eq!((states.count, states.transitions, report.executions), (1 + 2 + 2, 4, 2));
}

#[test]
fn observations_distinguish_states() {
    // Two adders: none, one of two, or both. They observe which of them was first.
    let (_, states) = search(|| {
        let sum = Arc::new(AtomicU32::new(0));
        for _ in 0..2 {
            let sum = Arc::clone(&sum);
            thread::spawn(move || sum.fetch_add(1, SeqCst));
        }
    });
    assert_eq!(states.count, 1 + 2 + 2);
}

#[test]
fn a_script_forgets_observations_between_operations() {
    let (_, states) = search(|| {
        let sum = Arc::new(AtomicU32::new(0));
        let adder = || Script { name: "adder".to_owned(), operations: vec![(); 3] };
        scripted(&sum, [adder(), adder()], |sum, ()| {
            sum.fetch_add(1, SeqCst);
        });
    });
    assert_eq!(states.count, 4 * 4);
}

#[test]
fn a_lock_distinguishes_waiting_and_holding_tasks() {
    // Two tasks that lock and unlock: each is before, inside or after, and not both are inside. At
    // the end, the value is that of the last holder.
    let (report, states) = search(|| {
        let lock = Arc::new(Mutex::new(()));
        for _ in 0..2 {
            let lock = Arc::clone(&lock);
            thread::spawn(move || drop(lock.lock().unwrap()));
        }
    });
    assert_eq!((states.count, report.executions), (1 + 2 + 2 + 2 + 2, 2));
}

#[test]
fn a_choice_is_a_step_with_several_successors() {
    let (report, states) = search(|| {
        choose(3);
    });
    assert_eq!((states.count, states.transitions, report.executions), (4, 3, 3));
}

#[test]
fn a_deadlock_is_a_state_and_is_found() {
    let program = || {
        let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
        for first in 0..2 {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let _first = locks[first].lock().unwrap();
                drop(locks[1 - first].lock().unwrap());
            });
        }
    };
    let (report, _) = search(program);
    assert_eq!(report.deadlocks, 1);
    let Verdict::Deadlock { schedule, .. } = report.verdict() else { panic!("{:?}", report.verdict()) };
    assert_eq!(Explorer::replay(schedule).run(program).deadlocks, 1);
}

#[test]
fn the_bound_on_states_is_reported() {
    let program = || {
        let flag = Arc::new(AtomicU32::new(0));
        for _ in 0..6 {
            let flag = Arc::clone(&flag);
            thread::spawn(move || flag.store(1, SeqCst));
        }
    };
    let report = Explorer::stateful().max_states(40).run(program);
    assert_eq!(report.states.as_ref().unwrap().count, 40);
    assert!(report.done > 0.0 && report.done < 1.0, "{}", report.done);
    let Verdict::Bounded { bound, .. } = report.verdict() else { panic!("{report:?}") };
    assert_eq!(bound.to_string(), "the bound of 40 states");
    // A bound equal to the number of states is not reached.
    assert!(Explorer::stateful().max_states(64).run(program).is_complete());
}

#[test]
fn independent_steps_are_explored_in_one_order() {
    let (_, states) = search(|| {
        for _ in 0..3 {
            thread::spawn(|| {
                let own = AtomicU32::new(0);
                for value in 1..=4 {
                    own.store(value, SeqCst);
                }
            });
        }
    });
    // All paths lead through the grid; where two of them would meet, the search knows it in
    // advance.
    assert_eq!((states.count, states.transitions), (125, 3 * 4 * 25));
    assert_eq!((states.predicted, states.runs), (3 * 4 * 25 - 124, 25));
}
