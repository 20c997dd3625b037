//! Barriers: passing and leaders.

use selvedge_engine::sync::{Arc, Barrier};
use selvedge_engine::{Explorer, thread};

use super::{check, lines};

/// `tasks` tasks meet `rounds` times at a barrier for `size`. Returns how often each led.
fn meet(tasks: usize, size: usize, rounds: usize) -> Vec<usize> {
    let barrier = Arc::new(Barrier::new(size));
    let meet = |_| {
        let barrier = Arc::clone(&barrier);
        thread::spawn(move || (0..rounds).filter(|_| barrier.wait().is_leader()).count())
    };
    let tasks: Vec<_> = (0..tasks).map(meet).collect();
    tasks.into_iter().map(|task| task.join().unwrap()).collect()
}

#[test]
fn each_task_is_the_leader_in_one_class() {
    for tasks in 1..=5 {
        let (leaders, _) = check(&Explorer::optimal(), tasks as u64, 0, move || meet(tasks, tasks, 1));
        assert_eq!(leaders.len(), tasks);
        assert!(leaders.iter().all(|led| led.iter().sum::<usize>() == 1));
    }
}

#[test]
fn rounds_do_not_mix() {
    let (leaders, _) = check(&Explorer::optimal(), 9, 0, || meet(3, 3, 2));
    assert!(leaders.iter().all(|led| led.iter().sum::<usize>() == 2));
}

#[test]
fn one_task_too_many_deadlocks() {
    // Three possible leaders, two possible partners for each, and the third comes before or after.
    let (_, waits) = check(&Explorer::optimal(), 0, 12, || meet(3, 2, 1));
    assert!(waits.is_superset(&lines(["task 1 waits to pass barrier", "task 3 waits to pass barrier"])));
}

#[test]
fn too_few_tasks_deadlock() {
    check(&Explorer::optimal(), 0, 1, || meet(2, 3, 1));
}

#[test]
fn a_barrier_for_zero_tasks_is_one_for_one() {
    check(&Explorer::optimal(), 1, 0, || assert_eq!(meet(1, 0, 2), [2]));
}
