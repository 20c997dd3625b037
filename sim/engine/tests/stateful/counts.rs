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
fn tasks_that_observe_nothing_have_a_state_for_each_subset_that_is_done() {
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
fn what_is_stored_last_stays() {
    // Nothing, one of two stored, or both, and then either of them last.
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
fn what_a_task_has_observed_tells_its_states_apart() {
    // Two adders. None, one of two, both: who was first is what they have seen.
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
fn between_the_operations_of_a_script_it_is_forgotten() {
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
fn a_lock_has_who_waits_and_who_has_it() {
    // Two tasks that lock and unlock: each is before, inside or after, and not both are inside. When both are through, the
    // value is that of whoever was last.
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
fn a_choice_is_a_step_with_several_states_after_it() {
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
fn the_bound_on_states_is_said() {
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
    // As many as there are is no bound.
    assert!(Explorer::stateful().max_states(64).run(program).is_complete());
}

#[test]
fn of_steps_that_have_nothing_to_do_with_each_other_one_order_is_gone() {
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
    // All ways lead through the grid; where two of them would meet, that is known beforehand.
    assert_eq!((states.count, states.transitions), (125, 3 * 4 * 25));
    assert_eq!((states.predicted, states.runs), (3 * 4 * 25 - 124, 25));
}
