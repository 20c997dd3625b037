//! Aborted runs: destructors read the last value of each atomic.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering};
use selvedge_engine::{Explorer, thread};

/// The second task reads 0 although 1 was written, and waits forever. Its destructor runs after the
/// store in each schedule.
#[test]
fn a_destructor_reads_the_last_value() {
    struct OnDrop(Arc<AtomicU32>, std::sync::Arc<Mutex<BTreeSet<u32>>>);

    impl Drop for OnDrop {
        fn drop(&mut self) {
            let value = self.0.load(Ordering::SeqCst);
            self.1.lock().unwrap_or_else(PoisonError::into_inner).insert(value);
        }
    }

    let seen = std::sync::Arc::<Mutex<BTreeSet<u32>>>::default();
    let own = std::sync::Arc::clone(&seen);
    let report = Explorer::rc11().run(move || {
        let x = Arc::new(AtomicU32::new(0));
        let (first, second, own) = (Arc::clone(&x), Arc::clone(&x), std::sync::Arc::clone(&own));
        thread::spawn(move || first.store(1, Ordering::SeqCst));
        thread::spawn(move || {
            let _guard = OnDrop(Arc::clone(&second), own);
            second.load(Ordering::SeqCst);
            thread::park();
        });
    });
    assert_eq!((report.executions, report.deadlocks), (2, 2));
    assert_eq!(*seen.lock().unwrap(), BTreeSet::from([1]));
}
