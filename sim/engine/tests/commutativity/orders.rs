//! Running two operations in both orders.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::mode::Any;
use selvedge_engine::sync::atomic::AtomicUsize;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::{Class, Explorer, Run, thread};

/// The declared commutativity of a pair of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// They commute in every state.
    Commute,
    /// They conflict in every state.
    Conflict,
    /// They conflict exactly in the states in which the order is observable.
    ByOutcome,
    /// The same, and in more states.
    AtLeastByOutcome,
    /// There is no state in which both are enabled.
    Impossible,
}

/// A kind of object.
pub(crate) trait Kind: 'static {
    /// The shared object.
    type Shared: Default + Send + Sync + 'static;
    /// The guards that a task holds.
    type Held<'a>: Default;
    /// An operation: one event.
    type Op: Copy + Debug + Send + Sync + 'static;
    const OPS: &'static [Self::Op];
    /// The number of tasks that reach all states of the object: two if a task can hold a guard.
    const TASKS_IN_PREFIX: usize;

    /// Performs the operation, and returns its result. A written value is `fresh`. `None` if the
    /// task has no guard that the operation needs.
    fn apply<'a>(
        shared: &'a Self::Shared,
        held: &mut Self::Held<'a>,
        op: Self::Op,
        fresh: u64,
    ) -> Option<u64>;

    /// The complete observable state of the object.
    fn state(shared: &Self::Shared) -> Vec<u64>;

    /// The declared commutativity of a pair.
    fn declared(a: Self::Op, b: Self::Op) -> Declared;
}

/// Operations, each with its task.
pub(crate) type Prefix<K> = Vec<(usize, <K as Kind>::Op)>;

/// The observations of a pair.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// A state in which both orders give the same result.
    pub(crate) same: bool,
    /// A state in which they do not.
    pub(crate) different: bool,
}

impl Seen {
    pub(crate) fn and(self, other: Seen) -> Seen {
        Seen { same: self.same || other.same, different: self.different || other.different }
    }
}

/// The outcome of a run: the results of the two operations, if they were executed, and the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    results: [Option<u64>; 2],
    state: Vec<u64>,
    /// One of the two is disabled in this state.
    impossible: bool,
}

type Log = Arc<Mutex<Outcome>>;

fn body<K: Kind>(prefix: &[(usize, K::Op)], pair: [K::Op; 2], log: &Log) {
    *log.lock().unwrap() = Outcome::default();
    let shared = Arc::new(K::Shared::default());
    let turn = Arc::new(AtomicUsize::new(0));
    let tasks = [0, 1].map(|me| {
        let (shared, turn, log) = (Arc::clone(&shared), Arc::clone(&turn), Arc::clone(log));
        let prefix = prefix.to_vec();
        thread::spawn(move || {
            let mut held = K::Held::default();
            for (step, &(_, op)) in prefix.iter().enumerate().filter(|(_, (by, _))| *by == me) {
                turn.wait_until(move |now| now == step);
                K::apply(&shared, &mut held, op, step as u64 + 1);
                turn.store(step + 1, SeqCst);
            }
            turn.wait_until(move |now| now == prefix.len());
            let result = K::apply(&shared, &mut held, pair[me], 101 + me as u64);
            let mut log = log.lock().unwrap();
            log.results[me] = result;
            log.impossible |= result.is_none();
            // Guards stay held, so that the pair's events are the last.
            std::mem::forget(held);
        })
    });
    for task in tasks {
        task.join().unwrap();
    }
    log.lock().unwrap().state = K::state(&shared);
}

/// A run in which both operations were executed.
struct Both {
    first: usize,
    independent: bool,
    outcome: Outcome,
}

/// Returns which operation came first, and whether the other was independent of it. Each is the
/// last event of its task.
fn order(run: &Run<'_>) -> (usize, bool) {
    let steps: Vec<_> = run.steps().collect();
    let last = |task: u32| steps.iter().rposition(|step| step.task == task).expect("a task's last event");
    let (a, b) = (last(1), last(2));
    let (earlier, later) = (a.min(b), a.max(b));
    let seen = run.clock(later)[steps[earlier].task as usize];
    (usize::from(b < a), seen < steps[earlier].index)
}

/// Runs the pair in both orders after `prefix`, and compares the engine with the declaration.
pub(crate) fn check<K: Kind>(prefix: &[(usize, K::Op)], (a, b): (K::Op, K::Op)) -> Seen {
    let explore = |explorer: Explorer<Any>, visit: &mut dyn FnMut(&Run<'_>, Outcome)| {
        let log = Log::default();
        let (prefix, outcome) = (prefix.to_vec(), Arc::clone(&log));
        let report = explorer.run_each(
            move || body::<K>(&prefix, [a, b], &log),
            |run| {
                visit(run, outcome.lock().unwrap().clone());
                ControlFlow::Continue(())
            },
        );
        assert!(report.is_complete() && report.redundant == 0 && report.panics == 0, "{report:?}");
        report.executions
    };
    let what = format!("{a:?} and {b:?}, after {prefix:?}");

    let (mut runs, mut outcomes, mut classes) = (Vec::new(), BTreeSet::new(), Vec::<Class>::new());
    explore(Explorer::naive().into_any(), &mut |run, outcome| {
        outcomes.insert(outcome.clone());
        if !classes.contains(&run.class()) {
            classes.push(run.class());
        }
        if !outcome.impossible && !outcome.results.contains(&None) {
            let (first, independent) = order(run);
            runs.push(Both { first, independent, outcome });
        }
    });
    let mut found = BTreeSet::new();
    let executions = explore(Explorer::optimal().into_any(), &mut |_, outcome| {
        found.insert(outcome);
    });
    assert_eq!(executions, classes.len() as u64, "classes of {what}");
    assert_eq!(found, outcomes, "outcomes of {what}");

    if outcomes.iter().any(|outcome| outcome.impossible || outcome.results == [None; 2]) {
        return Seen::default();
    }
    let both_orders = [0, 1].iter().all(|first| runs.iter().any(|run| run.first == *first));
    let same = both_orders && outcomes.len() == 1;
    for Both { independent, outcome, .. } in &runs {
        assert!(!independent || same, "{what}: judged independent, but {outcomes:?}");
        match K::declared(a, b) {
            Declared::Commute => assert!(independent, "{what}: declared to commute; {outcome:?}"),
            Declared::Conflict => assert!(!independent, "{what}: declared to conflict; {outcome:?}"),
            Declared::ByOutcome => assert_eq!(*independent, same, "{what}: {outcomes:?}"),
            Declared::AtLeastByOutcome => {}
            Declared::Impossible => panic!("{what}: declared to be impossible"),
        }
    }
    Seen { same, different: !same }
}
