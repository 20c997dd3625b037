//! Runs with many events.

use std::sync::Arc;
use std::thread;

use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::{Explorer, thread as task};

/// Inserting a sequence into a wakeup tree descends by as many branches as the sequence has events.
/// The stack of a test's thread must suffice.
#[test]
fn a_long_sequence_is_inserted_on_a_small_stack() {
    let explored = thread::Builder::new().stack_size(256 << 10).spawn(|| {
        Explorer::optimal().run(|| {
            let shared = Arc::new(AtomicU32::new(0));
            let writers: Vec<_> = (0..2)
                .map(|n| {
                    let shared = Arc::clone(&shared);
                    task::spawn(move || shared.store(n, SeqCst))
                })
                .collect();
            let long = task::spawn(move || {
                let own = AtomicU32::new(0);
                for n in 0..4_000 {
                    own.store(n, SeqCst);
                }
                shared.store(2, SeqCst);
            });
            writers.into_iter().chain([long]).for_each(|it| it.join().unwrap());
        })
    });
    let report = explored.expect("a thread starts").join().expect("the search does not panic");
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.executions, 6);
}
