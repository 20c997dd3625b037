//! Any number of workers visits the same states.

use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Alike, Explorer, Report, Script, symmetric, thread};

fn search(jobs: usize, body: fn()) -> Report {
    let report = Explorer::stateful().jobs(jobs).run(body);
    assert!(report.nondeterminism.is_none(), "{report:?}");
    report
}

/// The results that do not depend on the distribution of the work.
fn result(report: &Report) -> (u64, u64, u64, u64, bool) {
    let states = report.states.as_ref().expect("a search of states");
    (states.count, states.transitions, report.executions, report.deadlocks, report.is_complete())
}

fn same_for_any_number(body: fn()) {
    let one = search(1, body);
    assert!(one.states.as_ref().unwrap().runs > 1_000, "too small for several workers: {one:?}");
    for jobs in [2, 3, 8] {
        assert_eq!(result(&search(jobs, body)), result(&one), "{jobs} workers");
    }
}

fn see_one_another() {
    let words = Arc::new([0; 2].map(AtomicU32::new));
    for own in 0..4 {
        let words = Arc::clone(&words);
        thread::spawn(move || {
            let seen = words[own % 2].fetch_add(1, SeqCst);
            words[1 - own % 2].store(seen + own as u32, SeqCst);
            words[own % 2].fetch_add(1, SeqCst);
        });
    }
}

#[test]
fn workers_agree_on_tasks_that_observe_one_another() {
    same_for_any_number(see_one_another);
}

#[test]
fn workers_agree_on_deadlocks() {
    same_for_any_number(|| {
        let locks = Arc::new([0; 4].map(Mutex::new));
        for own in 0..6 {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                let mut first = locks[own % 4].lock().unwrap();
                *locks[(own + 1) % 4].lock().unwrap() += 1;
                *first += 1;
            });
        }
    });
}

#[test]
fn workers_agree_on_symmetric_tasks() {
    same_for_any_number(|| {
        let words = Arc::new([0; 3].map(AtomicU32::new));
        let script =
            |_| (Script { name: "script".to_owned(), operations: vec![0, 1, 2, 0] }, Alike::default());
        symmetric(&words, (0..4).map(script), |words, &at| {
            let seen = words[at].load(SeqCst);
            words[(at + 1) % 3].store(seen + 1, SeqCst);
        });
    });
}

#[test]
fn a_bound_on_states_is_exact() {
    for jobs in [1, 2, 3] {
        let explorer = Explorer::stateful().max_states(2_000).jobs(jobs);
        let report = explorer.run(|| {
            let word = Arc::new(AtomicU32::new(0));
            for _ in 0..6 {
                let word = Arc::clone(&word);
                thread::spawn(move || {
                    word.fetch_add(1, SeqCst);
                    word.fetch_add(1, SeqCst);
                });
            }
        });
        assert_eq!(report.states.as_ref().unwrap().count, 2_000, "{jobs} workers");
        assert!(!report.is_complete());
    }
}

#[test]
fn the_estimated_progress_is_accurate() {
    let all = search(1, see_one_another).states.unwrap().count;
    for part in [0.1, 0.3, 0.5, 0.9] {
        let report = Explorer::stateful().max_states((all as f64 * part) as u64).jobs(1).run(see_one_another);
        assert!(
            (part / 2.0..1.0).contains(&report.done) && report.done < 2.0 * part,
            "{part}: {}",
            report.done
        );
    }
}
