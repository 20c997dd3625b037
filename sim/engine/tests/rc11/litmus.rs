//! Litmus tests with the counts of GenMC's test suite.

use selvedge_engine::Explorer;
use selvedge_engine::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::enumerate::{Model, enumerated};
use super::program::Op::{self, Add, Cas, Fence, Load, Store, Swap};
use super::program::{Program, count, explored};

const X: usize = 0;
const Y: usize = 1;

/// The number of graphs under sequential consistency and under RC11, each by the search and by the
/// enumeration.
#[track_caller]
fn check(sc: u64, rc11: u64, program: Program) {
    let found = explored(Explorer::rc11(), &program);
    let all = enumerated(&program, Model::Rc11);
    assert_eq!(count(&all), rc11, "enumerated under RC11");
    assert_eq!(count(&found), rc11, "explored under RC11: {found:#?}, of {all:#?}");
    assert_eq!(found, all);
    let found = explored(Explorer::optimal(), &program);
    let all = enumerated(&program, Model::SequentialConsistency);
    assert_eq!(count(&all), sc, "enumerated under SC");
    assert_eq!(found, all, "explored under SC");
}

fn two(first: &[Op], second: &[Op]) -> Program {
    vec![first.to_vec(), second.to_vec()]
}

#[test]
fn store_buffering() {
    let program = |write: Ordering, read: Ordering| {
        two(&[Store(X, 1, write), Load(Y, read)], &[Store(Y, 1, write), Load(X, read)])
    };
    check(3, 4, program(Release, Acquire));
    check(3, 4, program(Relaxed, Relaxed));
    check(3, 3, program(SeqCst, SeqCst));
    check(3, 4, program(SeqCst, Acquire));
    let fenced = |fence: Ordering| {
        two(
            &[Store(X, 1, Relaxed), Fence(fence), Load(Y, Relaxed)],
            &[Store(Y, 1, Relaxed), Fence(fence), Load(X, Relaxed)],
        )
    };
    check(3, 3, fenced(SeqCst));
    check(3, 4, fenced(AcqRel));
}

#[test]
fn two_plus_two_writes() {
    let program = |order: Ordering| {
        two(&[Store(X, 1, order), Store(Y, 2, order)], &[Store(Y, 1, order), Store(X, 2, order)])
    };
    check(3, 4, program(Release));
    check(3, 3, program(SeqCst));
}

#[test]
fn s() {
    check(
        3,
        4,
        two(&[Store(X, 2, Relaxed), Store(Y, 1, Relaxed)], &[Load(Y, Relaxed), Store(X, 1, Relaxed)]),
    );
}

#[test]
fn load_buffering_is_excluded() {
    let program = |read: Ordering, write: Ordering| {
        two(&[Load(Y, read), Store(X, 1, write)], &[Load(X, read), Store(Y, 1, write)])
    };
    check(3, 3, program(Acquire, Release));
    check(3, 3, program(Relaxed, Relaxed));
}

#[test]
fn message_passing() {
    let program = |write: Ordering, read: Ordering| {
        two(&[Store(X, 1, Relaxed), Store(Y, 1, write)], &[Load(Y, read), Load(X, Relaxed)])
    };
    check(3, 3, program(Release, Acquire));
    check(3, 4, program(Relaxed, Acquire));
    check(3, 4, program(Release, Relaxed));
}

#[test]
fn independent_reads_of_independent_writes() {
    let program = |write: Ordering, read: Ordering| {
        vec![
            vec![Store(X, 1, write)],
            vec![Load(X, read), Load(Y, SeqCst)],
            vec![Load(Y, read), Load(X, SeqCst)],
            vec![Store(Y, 1, write)],
        ]
    };
    check(15, 16, program(SeqCst, Acquire));
    check(15, 15, program(SeqCst, SeqCst));
}

#[test]
fn z6_u() {
    let program = vec![
        vec![Store(X, 1, SeqCst), Store(Y, 1, Release)],
        vec![Add(Y, 1, SeqCst), Load(Y, Relaxed)],
        vec![Store(Y, 3, SeqCst), Load(X, SeqCst)],
    ];
    check(18, 22, program.clone());
    // The paper allows two more graphs.
    let published = explored(Explorer::rc11().published_seq_cst(), &program);
    assert_eq!(published, enumerated(&program, Model::Published));
    assert_eq!(count(&published), 24);
    // Its weak behaviour: the update reads 1, the load 3, and the last load 0.
    let weak = vec![vec![], vec![1, 3], vec![0]];
    assert_eq!(published.get(&weak), Some(&1));
    assert_eq!(explored(Explorer::rc11(), &program).get(&weak), None);
}

#[test]
fn release_sequences() {
    check(
        16,
        20,
        vec![
            vec![Store(X, 1, Relaxed), Store(Y, 1, Release), Store(Y, 2, Relaxed)],
            vec![Swap(Y, 3, Relaxed)],
            vec![Load(Y, Relaxed), Fence(AcqRel), Load(X, Relaxed)],
        ],
    );
}

#[test]
fn read_modify_writes() {
    // viktor-relseq: each order of the updates, once.
    check(
        180,
        180,
        vec![
            vec![Add(X, 1, Relaxed), Add(X, 1, Relaxed)],
            vec![Add(X, 1, Acquire), Add(X, 1, Relaxed)],
            vec![Add(X, 1, Release)],
            vec![Add(X, 1, Relaxed)],
        ],
    );
    check(6, 6, (0..3).map(|_| vec![Add(X, 1, Relaxed)]).collect());
    check(5, 5, (0..3).map(|n| vec![Cas(X, n, n + 1, Relaxed, Relaxed)]).collect());
}

#[test]
fn a_trace_names_the_write_that_a_read_overlooks() {
    use selvedge_engine::sync::Arc;
    use selvedge_engine::sync::atomic::AtomicU32;
    use selvedge_engine::thread;
    let failed = std::panic::catch_unwind(|| {
        Explorer::rc11().check(|| {
            let shared = Arc::new((AtomicU32::named("data", 0), AtomicU32::named("flag", 0)));
            let other = Arc::clone(&shared);
            thread::spawn(move || {
                other.0.store(1, Relaxed);
                other.1.store(1, Relaxed);
            });
            if shared.1.load(Acquire) == 1 {
                assert_eq!(shared.0.load(Relaxed), 1);
            }
        })
    });
    let message = *failed.expect_err("the flag does not publish the data").downcast::<String>().unwrap();
    assert!(message.starts_with("panic: main panicked at"), "{message}");
    assert!(
        message.contains("── read 0, though 1 was written at step 1: nothing orders the two"),
        "{message}"
    );
}

/// Both tasks may fail spuriously once: each failure is a load of its own.
#[test]
fn weak_compare_exchanges_fail_spuriously_up_to_a_bound() {
    use selvedge_engine::sync::Arc;
    use selvedge_engine::sync::atomic::AtomicU32;
    use selvedge_engine::thread;
    let program = || {
        let count = Arc::new(AtomicU32::new(0));
        let add = |count: &AtomicU32| {
            let mut seen = count.load(Relaxed);
            while let Err(other) = count.compare_exchange_weak(seen, seen + 1, Relaxed, Relaxed) {
                seen = other;
            }
        };
        let other = Arc::clone(&count);
        let task = thread::spawn(move || add(&other));
        add(&count);
        task.join().unwrap();
        assert_eq!(count.load(Relaxed), 2);
    };
    let graphs = |most| {
        let report = Explorer::rc11().spurious_failures(most).run(program);
        assert!(report.is_complete(), "{}", report.verdict());
        assert_eq!((report.panics, report.redundant), (0, 0));
        report.executions
    };
    let (none, one) = (graphs(0), graphs(1));
    assert!(one > none, "{one} graphs, and {none} without spurious failures");
}
