//! Running two operations in both orders.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use selvedge_engine::sync::atomic::AtomicUsize;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::{Class, Explorer, Run, thread};

/// What is declared of a pair of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// They commute in every state.
    Commute,
    /// They conflict in every state.
    Conflict,
    /// They conflict in those states in which the order can be told, and in no other.
    ByOutcome,
    /// The same, and in some more.
    AtLeastByOutcome,
    /// There is no state in which both can be done.
    Impossible,
}

/// A kind of object.
pub(crate) trait Kind: 'static {
    /// What the tasks share.
    type Shared: Default + Send + Sync + 'static;
    /// What a task holds: guards.
    type Held<'a>: Default;
    /// An operation: one event.
    type Op: Copy + Debug + Send + Sync + 'static;
    const OPS: &'static [Self::Op];
    /// How many tasks have to take part in bringing the object into all its states: two where a task can hold something.
    const TASKS_IN_PREFIX: usize;

    /// Does the operation, and returns what it told its task. A value that is written is `fresh`. `None` if the task
    /// holds nothing that it could be done with.
    fn apply<'a>(
        shared: &'a Self::Shared,
        held: &mut Self::Held<'a>,
        op: Self::Op,
        fresh: u64,
    ) -> Option<u64>;

    /// All that can be found out about the object.
    fn state(shared: &Self::Shared) -> Vec<u64>;

    /// What is declared of a pair.
    fn declared(a: Self::Op, b: Self::Op) -> Declared;
}

/// Operations, each with the task that does it.
pub(crate) type Prefix<K> = Vec<(usize, <K as Kind>::Op)>;

/// What has been seen of a pair.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// A state in which both orders come to the same.
    pub(crate) same: bool,
    /// A state in which they do not.
    pub(crate) different: bool,
}

impl Seen {
    pub(crate) fn and(self, other: Seen) -> Seen {
        Seen { same: self.same || other.same, different: self.different || other.different }
    }
}

/// What a run came to: the results of the two operations, if they were done, and the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    results: [Option<u64>; 2],
    state: Vec<u64>,
    /// One of the two cannot be done in this state, by its task.
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
            // What is held stays held, so that the pair's events are the last.
            std::mem::forget(held);
        })
    });
    for task in tasks {
        task.join().unwrap();
    }
    log.lock().unwrap().state = K::state(&shared);
}

/// A run in which both operations were done.
struct Both {
    first: usize,
    independent: bool,
    outcome: Outcome,
}

/// Which operation came first, and whether the other was independent of it: each is the last event of its task.
fn order(run: &Run<'_>) -> (usize, bool) {
    let steps: Vec<_> = run.steps().collect();
    let last = |task: u32| steps.iter().rposition(|step| step.task == task).expect("a task's last event");
    let (a, b) = (last(1), last(2));
    let (earlier, later) = (a.min(b), a.max(b));
    let seen = run.clock(later)[steps[earlier].task as usize];
    (usize::from(b < a), seen < steps[earlier].index)
}

/// Runs the pair in both orders, after `prefix`, and holds the engine to what is declared.
pub(crate) fn check<K: Kind>(prefix: &[(usize, K::Op)], (a, b): (K::Op, K::Op)) -> Seen {
    let explore = |explorer: Explorer, visit: &mut dyn FnMut(&Run<'_>, Outcome)| {
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
    explore(Explorer::naive(), &mut |run, outcome| {
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
    let executions = explore(Explorer::optimal(), &mut |_, outcome| {
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
        assert!(!independent || same, "{what}: told to commute, but {outcomes:?}");
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
