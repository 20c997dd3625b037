//! Unsupported programs, whose states the search cannot distinguish, are refused with a reason.

use std::sync::atomic::Ordering::SeqCst;

use selvedge_engine::sync::atomic::AtomicPtr;
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Explorer, Verdict, future, opaque, thread};

fn why(body: impl Fn() + 'static) -> String {
    let report = Explorer::stateful().run(body);
    assert!(!report.is_complete());
    let verdict = report.verdict();
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict}");
    assert!(!verdict.is_clean());
    verdict.to_string()
}

#[test]
fn an_opaque_step_is_refused_with_its_location() {
    let why = why(|| {
        thread::spawn(opaque);
        opaque();
    });
    assert!(why.contains("an opaque step") && why.contains("refused.rs:"), "{why}");
    assert!(why.contains("Explorer::optimal"), "{why}");
}

#[test]
fn a_foreign_future_is_refused() {
    assert!(why(|| future::block_on(async {})).contains("an opaque step"));
}

#[test]
fn is_finished_is_refused() {
    assert!(why(|| assert!(!thread::spawn(|| {}).is_finished())).contains("an opaque step"));
}

#[test]
fn addresses_are_refused() {
    let why = why(|| {
        let pointer = AtomicPtr::new(std::ptr::null_mut::<u8>());
        let null = std::ptr::null_mut();
        assert!(pointer.compare_exchange(null, null, SeqCst, SeqCst).is_ok());
    });
    assert!(why.contains("address"), "{why}");
}

#[test]
fn exclusive_access_is_refused() {
    let why = why(|| {
        let mut lock = Mutex::new(1);
        *lock.get_mut().unwrap() = 2;
    });
    assert!(why.contains("exclusive access"), "{why}");
}

#[test]
fn a_refusal_comes_before_a_bound_and_after_a_panic() {
    let program = || {
        let lock = Arc::new(Mutex::new(1));
        let other = Arc::clone(&lock);
        thread::spawn(move || drop(other.lock()));
        let value = *lock.lock().unwrap();
        assert_eq!(value, 2);
        opaque();
    };
    assert!(matches!(Explorer::stateful().run(program).verdict(), Verdict::Panic { .. }));
}
