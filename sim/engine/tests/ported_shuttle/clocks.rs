//! `basic/clocks.rs`: happens-before.

use std::collections::BTreeSet;

use selvedge_engine::sync::atomic::AtomicBool;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Mutex, RwLock, mpsc};
use selvedge_engine::{causal_clock, next_event, thread};

use super::outcomes::{explore, outcomes, task};

/// The clock of a task that takes a lock contains all earlier holders, and no other task.
#[test]
fn a_lock_passes_the_clock_of_its_holders() {
    outcomes(|| {
        let shared = Arc::new((Mutex::new(BTreeSet::new()), AtomicBool::new(false)));
        let bystander = task(&shared, |(_, flag)| flag.store(true, SeqCst));
        let tasks = [0, 1].map(|_| {
            task(&shared, |(holders, _)| {
                let mut holders = holders.lock().unwrap();
                holders.insert(next_event().0);
                causal_clock(|clock| {
                    for (task, &seen) in clock.iter().enumerate() {
                        assert_eq!(seen > 0, holders.contains(&(task as u32)), "{clock:?}");
                    }
                });
            })
        });
        for task in tasks {
            task.join().unwrap();
        }
        bystander.join().unwrap();
    });
}

/// The clock of a reader contains the earlier writers, and only those readers that preceded a
/// writer.
#[test]
fn a_shared_lock_passes_the_clocks_of_writers() {
    outcomes(|| {
        let shared = Arc::new(RwLock::new(false));
        let writer = task(&shared, |lock| *lock.write().unwrap() = true);
        let readers = [2, 3].map(|me: usize| {
            task(&shared, move |lock| {
                let written = lock.read().unwrap();
                causal_clock(|clock| {
                    assert_eq!(clock[1] > 0, *written, "{clock:?}");
                    assert!(*written || clock[5 - me] == 0, "{clock:?}");
                });
            })
        });
        for task in readers {
            task.join().unwrap();
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_join_passes_the_clock_of_the_task() {
    let (report, _) = explore(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let tasks = [1, 2, 3].map(|me: usize| {
            task(&flag, move |flag| {
                causal_clock(|clock| assert!(clock.iter().all(|&seen| seen == 0), "{clock:?}"));
                flag.load(SeqCst);
                causal_clock(|clock| assert_eq!(clock[me], 1));
            })
        });
        for (joined, task) in tasks.into_iter().enumerate() {
            task.join().unwrap();
            let joined = joined + 1;
            causal_clock(|clock| {
                for (task, &seen) in clock.iter().enumerate() {
                    assert_eq!(seen > 0, (1..=joined).contains(&task), "{clock:?}");
                }
            });
        }
    });
    assert_eq!((report.executions, report.panics), (1, 0));
}

/// A message passes the clock of its sender.
#[test]
fn a_message_passes_the_clock_of_its_sender() {
    outcomes(|| {
        let (sender, receiver) = mpsc::channel();
        for me in [1, 2] {
            let sender = sender.clone();
            thread::spawn(move || sender.send(me).unwrap());
        }
        let first: usize = receiver.recv().unwrap();
        causal_clock(|clock| assert!(clock[first] > 0, "{clock:?}"));
        receiver.recv().unwrap();
        causal_clock(|clock| assert!(clock[1] > 0 && clock[2] > 0, "{clock:?}"));
    });
}
