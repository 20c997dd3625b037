//! A search that several processes share has the counts of one search, in any order of the states.
//! The processes are OS threads that share nothing else.

#[path = "../programs/mod.rs"]
#[expect(dead_code, reason = "a few of the programs are enough here")]
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread as os;

use programs::*;
use selvedge_engine::sync::Arc as Shared;
use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::{Expanded, Explorer, Frontier, OpenState, Schedule, TaskNumbers, thread};

/// The states of all processes.
#[derive(Default)]
struct All {
    claimed: BTreeSet<u128>,
    open: Vec<OpenState>,
    in_progress: usize,
    transitions: u64,
    executions: u64,
    expanded: u64,
    tasks: BTreeMap<(u32, u32, u64), u32>,
    /// Selects the next open state.
    seed: u64,
}

struct Process {
    all: Arc<Mutex<All>>,
}

impl Frontier for Process {
    fn next(&mut self) -> Option<OpenState> {
        loop {
            let mut all = self.all.lock().unwrap();
            if !all.open.is_empty() {
                all.seed = all.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (all.seed >> 33) as usize % all.open.len();
                all.in_progress += 1;
                return Some(all.open.swap_remove(at));
            }
            if all.in_progress == 0 {
                return None;
            }
            drop(all);
            os::yield_now();
        }
    }

    fn is_known(&self, _: u128) -> bool {
        false
    }

    fn expanded(&mut self, expanded: Expanded) {
        let all = &mut *self.all.lock().unwrap();
        for (state, path) in expanded.successors {
            if all.claimed.insert(state) {
                all.open.push(OpenState { state: Some(state), path });
            }
        }
        all.in_progress -= 1;
        all.transitions += expanded.transitions;
        all.executions += expanded.executions;
        all.expanded += u64::from(expanded.state.is_some());
    }

    fn progress(&self) -> (u64, f64) {
        (self.all.lock().unwrap().claimed.len() as u64, 0.0)
    }
}

/// The states, transitions and executions of this many processes.
fn shared(processes: u64, seed: u64, program: fn()) -> (u64, u64, u64) {
    let start = OpenState { state: None, path: Schedule::default() };
    let all = Arc::new(Mutex::new(All { open: vec![start], seed, ..All::default() }));
    os::scope(|scope| {
        for _ in 0..processes {
            let all = Arc::clone(&all);
            scope.spawn(move || {
                let names = Arc::clone(&all);
                let numbers: Arc<TaskNumbers> = Arc::new(move |parent, segment, nth| {
                    let mut all = names.lock().unwrap_or_else(PoisonError::into_inner);
                    let next = all.tasks.len() as u32 + 1;
                    *all.tasks.entry((parent, segment, nth)).or_insert(next)
                });
                let report = Explorer::stateful().expand(program, &mut (), Process { all }, numbers);
                assert!(report.is_complete(), "{report:?}");
            });
        }
    });
    let all = all.lock().unwrap();
    assert_eq!(all.expanded, all.claimed.len() as u64);
    (all.expanded, all.transitions, all.executions)
}

/// Tasks that spawn tasks in an order that depends on the schedule.
fn nested() {
    let turns = Shared::new(AtomicU32::new(0));
    for _ in 0..2 {
        let turns = Shared::clone(&turns);
        thread::spawn(move || {
            if turns.fetch_add(1, SeqCst) == 1 {
                let turns = Shared::clone(&turns);
                thread::spawn(move || turns.store(9, SeqCst));
            }
            turns.load(SeqCst);
        });
    }
}

fn panics() {
    let turns = Shared::new(AtomicU32::new(0));
    for _ in 0..3 {
        let turns = Shared::clone(&turns);
        thread::spawn(move || assert!(turns.fetch_add(1, SeqCst) < 2 || turns.load(SeqCst) != 3));
    }
}

#[test]
fn the_counts_do_not_depend_on_the_processes() {
    let programs: [fn(); 8] = [
        || readers(3),
        || cache_aside(2, 2),
        || philosophers(2),
        || mutex_deadlock(2),
        || fib_bench(2),
        || lockinc(3),
        nested,
        panics,
    ];
    for (nth, program) in programs.into_iter().enumerate() {
        let one = Explorer::stateful().run(program);
        let states = one.states.expect("a search of states");
        let expected = (states.count, states.transitions, one.executions);
        for (processes, seed) in [(1, 1), (1, 2), (2, 3), (3, 4)] {
            let found = shared(processes, seed, program);
            assert_eq!(found, expected, "program {nth}, {processes} processes");
        }
    }
}
