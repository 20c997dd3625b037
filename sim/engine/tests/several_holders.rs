//! Operations that several events disable: to let such an operation go first, all of these events
//! must come later.

use std::sync::Arc;

use selvedge_engine::object::{Cell, Map};
use selvedge_engine::sync::RwLock;
use selvedge_engine::{Explorer, thread};

/// Checks the number of classes of the optimal strategy, each once.
fn check(classes: usize, body: impl Fn() + Clone + 'static) {
    let mut all = std::collections::HashSet::new();
    let naive = Explorer::naive().run_each(body.clone(), |run| {
        all.insert(run.class());
        std::ops::ControlFlow::Continue(())
    });
    assert!(naive.is_complete());
    assert_eq!(all.len(), classes);
    let mut found = std::collections::HashSet::new();
    let optimal = Explorer::optimal().run_each(body, |run| {
        found.insert(run.class());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!((optimal.executions, optimal.redundant), (classes as u64, 0));
    assert!(found == all);
}

/// Two readers never release the lock. In half of the classes the writer comes before both.
#[test]
fn a_writer_before_two_readers_that_never_unlock() {
    check(4, || {
        let shared = Arc::new((Cell::new(0), RwLock::new(0)));
        let of = || Arc::clone(&shared);
        let (writer, one, other) = (of(), of(), of());
        thread::spawn(move || {
            writer.0.set(1);
            *writer.1.write().unwrap() = 1;
        });
        thread::spawn(move || std::mem::forget(one.1.read().unwrap()));
        thread::spawn(move || {
            other.0.set(2);
            std::mem::forget(other.1.read().unwrap());
        });
    });
}

/// The same with readers that release it: each comes before or after the writer, if the writer gets
/// the lock at all.
#[test]
fn a_writer_before_readers_of_which_some_never_unlock() {
    check(5, || {
        let lock = Arc::new(RwLock::new(0));
        let writer = Arc::clone(&lock);
        thread::spawn(move || *writer.write().unwrap() = 1);
        for stays in [true, false, true, false] {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let held = lock.read().unwrap();
                if stays {
                    std::mem::forget(held);
                }
            });
        }
    });
}

/// Two tasks each lock a key forever and clear the map under it.
#[test]
fn a_map_is_cleared_before_two_keys_are_locked_for_good() {
    check(4, || {
        let shared = Arc::new((Cell::new(0), Map::new()));
        let of = || Arc::clone(&shared);
        let (clearing, one, other) = (of(), of(), of());
        thread::spawn(move || {
            clearing.0.set(1);
            clearing.1.clear();
        });
        thread::spawn(move || {
            let _entry = one.1.entry(1);
            one.1.clear();
        });
        thread::spawn(move || {
            other.0.set(2);
            let entry = other.1.entry(2);
            other.1.clear();
            entry.insert(0);
        });
    });
}
