//! `basic/condvar.rs`: waiting and notification.

use selvedge_engine::sync::atomic::AtomicUsize;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Condvar, Mutex};

use super::outcomes::{deadlocks, explore, outcomes, panics, set, task};

type Flag = (Mutex<bool>, Condvar);

fn wait_for((lock, condvar): &Flag) {
    let mut flag = lock.lock().unwrap();
    while !*flag {
        flag = condvar.wait(flag).unwrap();
    }
}

/// Tasks wait for a flag; the task that sets it calls `notify`. Returns the deadlocks and the
/// number of classes.
fn waiting(tasks: usize, notify: fn(&Condvar)) -> (u64, u64) {
    deadlocks(move || {
        let shared = Arc::new(Flag::default());
        for _ in 0..tasks {
            task(&shared, wait_for);
        }
        *shared.0.lock().unwrap() = true;
        notify(&shared.1);
    })
}

/// The notification is sent without the lock. The task finds the flag set, or is woken. A
/// notification before the wait is lost only if the task has not checked the flag.
#[test]
fn one_task_is_notified() {
    assert_eq!(waiting(1, Condvar::notify_one).0, 0);
}

#[test]
fn a_wait_with_a_condition() {
    let seen = outcomes(|| {
        let shared = Arc::new(Flag::default());
        let waiting = task(&shared, |(lock, condvar)| {
            let flag = lock.lock().unwrap();
            *condvar.wait_while(flag, |flag| !*flag).unwrap()
        });
        *shared.0.lock().unwrap() = true;
        shared.1.notify_one();
        waiting.join().unwrap()
    });
    assert_eq!(seen, set([true]));
}

#[test]
fn enough_notifications_for_two() {
    let enough: [fn(&Condvar); 4] = [
        Condvar::notify_all,
        |condvar| {
            condvar.notify_one();
            condvar.notify_one();
        },
        |condvar| {
            condvar.notify_one();
            condvar.notify_all();
        },
        |condvar| {
            condvar.notify_all();
            condvar.notify_one();
        },
    ];
    for notify in enough {
        assert_eq!(waiting(2, notify).0, 0);
    }
}

#[test]
fn one_notification_for_two_is_too_few() {
    let (deadlocks, all) = waiting(2, Condvar::notify_one);
    assert!(deadlocks > 0 && deadlocks < all, "{deadlocks} of {all}");
}

/// Both wait, and a notification may wake either one. (loom wakes the first.)
#[test]
fn any_waiting_task_may_be_woken() {
    let woken = outcomes(|| {
        let shared = Arc::new((Mutex::new((0, None)), Condvar::new(), Condvar::new()));
        let tasks = [1, 2].map(|me| {
            task(&shared, move |(lock, arrived, condvar)| {
                let mut state = lock.lock().unwrap();
                while state.0 != me - 1 {
                    state = arrived.wait(state).unwrap();
                }
                state.0 = me;
                arrived.notify_all();
                state = condvar.wait(state).unwrap();
                state.1.get_or_insert(me);
            })
        });
        let (lock, arrived, condvar) = &*shared;
        let mut state = lock.lock().unwrap();
        while state.0 != 2 {
            state = arrived.wait(state).unwrap();
        }
        condvar.notify_one();
        drop(state);
        // Wakes the other task, so that it ends.
        condvar.notify_all();
        for task in tasks {
            task.join().unwrap();
        }
        let first = lock.lock().unwrap().1;
        first.unwrap()
    });
    assert_eq!(woken, set([1, 2]));
}

/// "Operating Systems: Three Easy Pieces", figures 30.8, 30.10 and 30.12: two consumers and a
/// producer with a buffer for one item.
struct Buffer {
    lock: Mutex<()>,
    count: AtomicUsize,
    empty: Condvar,
    full: Condvar,
    /// One condition variable for both.
    shared: bool,
    /// Check again after a wait.
    again: bool,
}

impl Buffer {
    /// Waits until there are `from` items, and then sets the number to `to`.
    fn change(&self, from: usize, to: usize) {
        let (wait, notify) = match (self.shared, from) {
            (true, _) => (&self.full, &self.full),
            (false, 0) => (&self.empty, &self.full),
            (false, _) => (&self.full, &self.empty),
        };
        let mut held = self.lock.lock().unwrap();
        while self.count.load(SeqCst) != from {
            held = wait.wait(held).unwrap();
            if !self.again {
                break;
            }
        }
        assert_eq!(self.count.load(SeqCst), from, "nothing to get, or no space to put");
        self.count.store(to, SeqCst);
        notify.notify_one();
        drop(held);
    }
}

fn two_consumers(shared: bool, again: bool) -> impl Fn() + Copy + 'static {
    move || {
        let buffer = Arc::new(Buffer {
            lock: Mutex::new(()),
            count: AtomicUsize::new(0),
            empty: Condvar::new(),
            full: Condvar::new(),
            shared,
            again,
        });
        for _ in 0..2 {
            task(&buffer, |buffer| buffer.change(1, 0));
        }
        for _ in 0..2 {
            buffer.change(0, 1);
        }
    }
}

#[test]
fn a_wait_without_a_loop() {
    // It poisons the lock, so other tasks may panic after it.
    let messages = panics(two_consumers(false, false));
    let first: std::collections::BTreeSet<_> = messages.iter().map(|it| it.lines().next()).collect();
    assert_eq!(first.len(), 1, "{messages:?}");
}

#[test]
fn one_condvar_for_two_conditions() {
    let (report, _) = explore(two_consumers(true, true));
    assert_eq!(report.panics, 0);
    assert!(report.deadlocks > 0);
}

#[test]
fn a_condvar_for_each_condition() {
    let (report, _) = explore(two_consumers(false, true));
    assert_eq!((report.panics, report.deadlocks), (0, 0));
}
