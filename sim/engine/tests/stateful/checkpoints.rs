//! An interrupted and resumed search gives the same results as an uninterrupted one.

use std::cell::Cell;
use std::hash::Hasher;
use std::rc::Rc;

use selvedge_engine::mode::{Parallel, Stateful};
use selvedge_engine::object::{Lock, Map};
use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::{
    Alike, Bound, Checkpoint, Explorer, Monitor, Report, Script, choose, monitor, sometimes, symmetric,
    thread,
};

/// The results that do not depend on interruptions and workers.
#[derive(Debug, PartialEq)]
struct Result {
    states: u64,
    transitions: u64,
    executions: u64,
    found: Vec<(u32, u64)>,
    never: Vec<&'static str>,
    is_complete: bool,
}

fn result(report: &Report) -> Result {
    let states = report.states.as_ref().expect("a search of states");
    Result {
        states: states.count,
        transitions: states.transitions,
        executions: report.executions,
        found: states.found.iter().map(|found| (found.kind, found.states)).collect(),
        never: report.never.clone(),
        is_complete: report.is_complete(),
    }
}

/// Searches in parts, each within the bounds of `part`. Returns the last report, and the number of
/// parts.
fn in_parts(part: impl Fn(u64) -> Explorer<Parallel<Stateful>>, body: fn()) -> (Report, u64) {
    let mut before = None;
    for parts in 1.. {
        let explorer = part(parts);
        let mut report = match before {
            None => explorer.checkpointing().run(body),
            Some(checkpoint) => explorer.resume(checkpoint).run(body),
        };
        let Some(checkpoint) = report.checkpoint.take() else { return (report, parts) };
        assert!(!report.is_complete(), "{report:?}");
        // As if the checkpoint had been written and read.
        let visited = checkpoint.visited.iter().rev().copied().collect();
        before = Some(Checkpoint { visited, ..checkpoint });
    }
    unreachable!("there is an end")
}

fn same_in_parts(body: fn()) {
    let whole = Explorer::stateful().jobs(1).run(body);
    assert!(whole.is_complete(), "{whole:?}");
    let states = whole.states.as_ref().unwrap().count;
    for jobs in [1, 2, 3] {
        let share = |explorer: Explorer<Stateful>| explorer.jobs(jobs).sharing_always();
        let (by_states, parts) =
            in_parts(|nth| share(Explorer::stateful().max_states(states * nth / 5 + 1)), body);
        assert_eq!((result(&by_states), parts), (result(&whole), 5), "{jobs} workers");
        let (by_runs, parts) = in_parts(|_| share(Explorer::stateful().max_executions(20)), body);
        assert_eq!(result(&by_runs), result(&whole), "{jobs} workers");
        assert!(parts > 2, "{parts}");
    }
}

#[test]
fn resumed_search_of_tasks_that_spawn_and_choose() {
    same_in_parts(|| {
        let words = Arc::new([0; 2].map(AtomicU32::new));
        for own in 0..3 {
            let words = Arc::clone(&words);
            thread::spawn(move || {
                let seen = words[own % 2].fetch_add(1, SeqCst) + choose(2) as u32;
                sometimes("more than four", seen > 4);
                sometimes("more than a hundred", seen > 100);
                let theirs = Arc::clone(&words);
                thread::spawn(move || theirs[1 - own % 2].store(seen + own as u32, SeqCst));
            });
        }
    });
}

/// Finds that one task has stepped right after another.
#[derive(Debug, Default)]
struct Turns {
    last: Cell<u32>,
    found: Cell<u64>,
}

impl Monitor for Turns {
    fn step(&self, task: u32) {
        let last = self.last.replace(task);
        self.found.set(u64::from(last > task) | u64::from(last + 1 == task) << 1);
    }

    fn hash(&self, state: &mut dyn Hasher) {
        state.write_u32(self.last.get());
        state.write_u64(self.found.get());
    }

    fn found(&self) -> u64 {
        self.found.get()
    }
}

#[test]
fn resumed_search_with_a_monitor() {
    same_in_parts(|| {
        monitor(Rc::new(Turns::default()));
        let word = Arc::new(AtomicU32::new(0));
        for _ in 0..4 {
            let word = Arc::clone(&word);
            thread::spawn(move || [1, 2].map(|own| word.fetch_add(own, SeqCst)));
        }
    });
}

#[test]
fn resumed_search_of_symmetric_scripts_and_locks() {
    same_in_parts(|| {
        let shared = Arc::new((Lock::named("lock", 0), Map::hashed("map").unlisted(), AtomicU32::new(0)));
        let script = |_| (Script { name: "script".to_owned(), operations: vec![0, 1, 2] }, Alike::default());
        symmetric(&shared, (0..4).map(script), |(lock, map, word), &operation| match operation {
            0 => lock.with(|count| *count += word.fetch_add(1, SeqCst)),
            1 => map.entry(0).insert(word.load(SeqCst)),
            _ => word.store(map.get(&0).unwrap_or(7), SeqCst),
        });
    });
}

#[test]
fn a_failed_search_has_no_checkpoint() {
    let fails = || {
        let word = Arc::new(AtomicU32::new(0));
        for _ in 0..4 {
            let word = Arc::clone(&word);
            thread::spawn(move || assert!(word.fetch_add(1, SeqCst) < 3));
        }
    };
    let report = Explorer::stateful().max_executions(10).jobs(1).checkpointing().run(fails);
    assert!(report.panics > 0 && report.checkpoint.is_none(), "{report:?}");
}

#[test]
fn a_complete_search_has_no_checkpoint() {
    let report = Explorer::stateful().jobs(1).checkpointing().run(|| assert!(choose(3) < 3));
    assert!(report.is_complete() && report.checkpoint.is_none(), "{report:?}");
    let bounded =
        Explorer::stateful().max_executions(1).jobs(1).checkpointing().run(|| assert!(choose(3) < 3));
    assert_eq!(bounded.bound, Some(Bound::Executions(1)));
    assert_eq!(bounded.checkpoint.unwrap().open.len(), 2);
}
