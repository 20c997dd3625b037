//! loom and Selvedge's engine give the same verdicts for the same scenarios, and two programs in
//! which loom misses an outcome.

use std::collections::BTreeSet;
use std::sync::{self, Mutex};

use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::sync::atomic::Ordering::SeqCst;
use loom::thread;
use selvedge_sim::verdict::Engine;

#[test]
fn loom_gives_the_same_verdicts() {
    crate::peer::has_the_same_verdicts(Engine::Loom);
}

#[test]
fn loom_finds_in_the_controls_what_optimal_finds() {
    crate::peer::finds_in_the_controls_what_ours_finds(Engine::Loom);
}

/// The number of loom's executions of the program, and their results.
fn outcomes(program: impl Fn() -> u64 + Send + Sync + 'static) -> (u64, BTreeSet<u64>) {
    let seen = sync::Arc::new(Mutex::new((0, BTreeSet::new())));
    let shared = sync::Arc::clone(&seen);
    loom::model(move || {
        let outcome = program();
        let (executions, outcomes) = &mut *shared.lock().unwrap();
        *executions += 1;
        outcomes.insert(outcome);
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// A program in which loom 0.7.3 misses an outcome that sequential consistency allows. This is why
/// proofs under sequential consistency use Selvedge's engine, which finds both outcomes in
/// `sim/engine/tests/loom_misses.rs`. If loom finds them in a later version, this test fails:
/// update the book then.
#[test]
fn loom_misses_the_write_that_follows_a_read_of_the_same_task() {
    let program = || {
        let x = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&x);
        thread::spawn(move || {
            theirs.load(SeqCst);
            theirs.store(1, SeqCst);
        });
        x.load(SeqCst)
    };
    assert_eq!(outcomes(program), (3, BTreeSet::from([0])));
}

/// The second such program.
#[test]
fn loom_misses_a_write_that_depends_on_another_tasks_write() {
    let program = || {
        let (x, y) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (x1, x2, x3) = (Arc::clone(&x), Arc::clone(&x), Arc::clone(&x));
        let (y2, y3) = (Arc::clone(&y), Arc::clone(&y));
        let first = thread::spawn(move || x1.load(SeqCst));
        let second = thread::spawn(move || {
            x2.load(SeqCst);
            y2.store(1, SeqCst);
        });
        let third = thread::spawn(move || {
            if y3.load(SeqCst) == 1 {
                x3.store(1, SeqCst);
            }
        });
        let read = first.join().unwrap();
        second.join().unwrap();
        third.join().unwrap();
        read
    };
    assert_eq!(outcomes(program), (4_869, BTreeSet::from([0])));
}
