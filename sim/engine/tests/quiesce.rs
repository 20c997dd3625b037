//! The wait until no other task can continue, compared with the naive search.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use selvedge_engine::mode::Any;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex, mpsc};
use selvedge_engine::{Ending, Explorer, quiesce, thread};

type Seen = Arc<std::sync::Mutex<BTreeSet<String>>>;

/// Runs the program under both searches: as many classes, and the same outcomes. Returns them.
#[track_caller]
fn check(program: fn(&Seen)) -> BTreeSet<String> {
    let run = |explorer: Explorer<Any>| {
        let (seen, classes) = (Seen::default(), std::cell::RefCell::new(std::collections::HashSet::new()));
        let its = Arc::clone(&seen);
        let report = explorer.run_each(
            move || program(&its),
            |run| {
                assert_eq!(*run.ending(), Ending::Complete);
                classes.borrow_mut().insert(run.class());
                ControlFlow::Continue(())
            },
        );
        assert!(report.is_complete());
        let outcomes = seen.lock().unwrap().clone();
        (report.executions, classes.into_inner().len(), outcomes)
    };
    let (executions, classes, optimal) = run(Explorer::optimal().into_any());
    let (_, all, naive) = run(Explorer::naive().into_any());
    assert_eq!((executions, classes), (all as u64, all), "as many executions as there are classes");
    assert_eq!(optimal, naive);
    optimal
}

fn note(seen: &Seen, what: String) {
    seen.lock().unwrap().insert(what);
}

#[test]
fn the_events_of_unjoined_tasks_happen_before() {
    let outcomes = check(|seen| {
        let x = Arc::new(AtomicU32::new(0));
        for value in 1..3 {
            let x = Arc::clone(&x);
            // The task spawns another.
            thread::spawn(move || {
                let its = Arc::clone(&x);
                thread::spawn(move || its.store(value, SeqCst));
                x.load(SeqCst);
            });
        }
        assert_eq!(quiesce(), [""; 0]);
        note(seen, x.load(SeqCst).to_string());
    });
    assert_eq!(outcomes, ["1", "2"].map(str::to_owned).into());
}

#[test]
fn a_blocked_task_is_named_and_can_be_woken_after() {
    let outcomes = check(|seen| {
        let (queue, jobs) = mpsc::channel::<u32>();
        let sum = Arc::new(AtomicU32::new(0));
        let its = Arc::clone(&sum);
        let task = thread::spawn(move || {
            for job in jobs.iter() {
                its.fetch_add(job, SeqCst);
            }
        });
        let other = queue.clone();
        thread::spawn(move || other.send(1).unwrap());
        queue.send(2).unwrap();
        assert_eq!(quiesce().len(), 1);
        assert_eq!(sum.load(SeqCst), 3);
        queue.send(4).unwrap();
        drop(queue);
        task.join().unwrap();
        note(seen, sum.load(SeqCst).to_string());
    });
    assert_eq!(outcomes, ["7".to_owned()].into());
}

#[test]
fn which_tasks_are_blocked_is_the_schedules() {
    let outcomes = check(|seen| {
        let flag = Arc::new(AtomicU32::new(0));
        let lock = Arc::new(Mutex::new(0));
        for _ in 0..2 {
            let (flag, lock) = (Arc::clone(&flag), Arc::clone(&lock));
            thread::spawn(move || {
                let first = { std::mem::replace(&mut *lock.lock().unwrap(), 1) == 0 };
                if !first {
                    flag.wait_until(|value| value == 1);
                }
            });
        }
        let blocked = quiesce();
        note(seen, blocked.concat().split(' ').take(2).collect());
        flag.store(1, SeqCst);
        assert_eq!(quiesce(), [""; 0]);
    });
    assert_eq!(outcomes, ["task1", "task2"].map(str::to_owned).into());
}
