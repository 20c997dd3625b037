//! Strategies that do not run every schedule, and the search for the simplest schedule of a class.

#[expect(dead_code, reason = "a few of the programs are enough here")]
mod programs;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use programs::*;
use selvedge_engine::mode::{Any, SearchMode};
use selvedge_engine::object::{Cell, Map};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Bound, Class, Effort, Ending, Explorer, Report, Schedule, choose, thread};

/// The article's cache with one reader and one writer. Main's final read must return the written
/// value.
fn article() {
    let (local, remote) = (Arc::new(Map::named("L1")), Arc::new(Map::named("redis")));
    remote.insert("user:1", 0);
    let get = |local: &Map<_, _>, remote: &Map<_, _>| {
        local.get(&"user:1").or_else(|| {
            let found = remote.get(&"user:1");
            if let Some(found) = found {
                local.insert("user:1", found);
            }
            found
        })
    };
    let (own_local, own_remote) = (Arc::clone(&local), Arc::clone(&remote));
    let reader = thread::spawn(move || get(&own_local, &own_remote));
    remote.insert("user:1", 1);
    local.remove(&"user:1");
    reader.join().unwrap();
    assert_eq!(get(&local, &remote), Some(1), "stale");
}

/// The schedules of all executions.
fn schedules(explorer: &Explorer<impl SearchMode>, program: fn()) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    explorer.run_each(program, |run| {
        schedules.push(run.schedule());
        ControlFlow::Continue(())
    });
    schedules
}

#[test]
fn random_schedules_find_the_articles_bug() {
    for explorer in [Explorer::random(1, 1_000).into_any(), Explorer::pct(1, 2, 1_000).into_any()] {
        let report = explorer.run(article);
        assert!(report.panics > 0, "{report:?}");
        assert_eq!(report.bound, Some(Bound::Executions(1_000)));
        assert_eq!(report.executions, 1_000);
        assert_eq!(report.seed, Some(1));
        let failure = report.failure.expect("a failure is kept");
        let again = Explorer::replay(failure.schedule.clone()).run(article);
        assert_eq!(again.failure, Some(failure));
    }
}

#[test]
fn a_seed_gives_the_same_schedules_again_and_another_seed_gives_others() {
    let random = |seed| schedules(&Explorer::random(seed, 50), || inc(3));
    let pct = |seed| schedules(&Explorer::pct(seed, 3, 50), || inc(3));
    assert_eq!(random(7), random(7));
    assert_ne!(random(7), random(8));
    assert_eq!(pct(7), pct(7));
    assert_ne!(pct(7), pct(8));
    // The same on every machine.
    assert_eq!(random(7)[0].to_string(), "s1:cbdcbd");
    assert_eq!(pct(7)[0].to_string(), "s1:d2b2c2");
}

#[test]
fn random_walks_reach_exactly_the_classes() {
    fn program() {
        inc(2);
        choose(3);
    }
    let classes = |explorer: Explorer<Any>| {
        let mut classes = std::collections::HashSet::new();
        let mut choices = BTreeSet::new();
        explorer.run_each(program, |run| {
            classes.insert(run.class());
            choices.extend(run.steps().map(|step| step.choice));
            ControlFlow::Continue(())
        });
        (classes, choices)
    };
    let all = classes(Explorer::naive().into_any());
    assert_eq!(classes(Explorer::random(1, 2_000).into_any()), all);
    assert_eq!(classes(Explorer::pct(1, 3, 2_000).into_any()), all);
}

#[test]
fn pct_of_depth_1_runs_each_task_until_it_ends() {
    let found: BTreeSet<_> = schedules(&Explorer::pct(3, 1, 200), || inc(3)).into_iter().collect();
    assert!(found.iter().all(|schedule| schedule.switches() == 2), "{found:?}");
    assert_eq!(found.len(), 6, "every order of three tasks");
}

#[test]
fn pct_finds_the_bug_with_the_guaranteed_probability() {
    // Two tasks and main, five steps, depth 2.
    let lost = || {
        let (x, y) = (Arc::new(Cell::new(0)), ());
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let x = Arc::clone(&x);
                thread::spawn(move || x.set(x.get() + 1))
            })
            .collect();
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert_eq!((x.get(), y), (2, ()));
    };
    let report = Explorer::pct(5, 2, 10_000).run(lost);
    assert!(report.panics > 10_000 / (3 * 5), "{report:?}");
}

#[test]
fn the_bound_on_preemptions_is_exact() {
    let explore = |most| Explorer::naive().max_preemptions(most).run(|| inc(2));
    let count = |report: &Report| (report.executions, report.bound);
    assert_eq!(count(&explore(0)), (2, Some(Bound::Preemptions(0))));
    assert_eq!(count(&explore(1)), (4, Some(Bound::Preemptions(1))));
    assert_eq!(count(&explore(2)), (6, None));
    assert!(explore(2).is_complete() && !explore(1).is_complete());

    let most = schedules(&Explorer::random(1, 500).max_preemptions(1), || inc(3));
    // Each of three tasks but the last ends, and one is preempted before.
    assert!(most.iter().all(|schedule| schedule.switches() <= 3));
    assert!(most.iter().any(|schedule| schedule.switches() == 3));
}

#[test]
fn waiting_is_no_preemption() {
    // With no preemption a lock is never found taken, but main still waits at the join.
    let report = Explorer::naive().max_preemptions(0).run(|| lockinc(3));
    assert_eq!((report.executions, report.deadlocks), (6, 0));
}

#[test]
fn a_schedule_that_does_not_fit_is_refused() {
    let replay = |text: &str, program: fn()| {
        let report = Explorer::replay(text.parse().unwrap()).run(program);
        report.nondeterminism.unwrap_or_default()
    };
    let two: fn() = || inc(2);
    assert_eq!(replay("s1:b2c2", two), "");
    let cases = [
        ("s1:b2c", "at step 4, it ends here, and some task is enabled"),
        ("s1:b3c", "at step 3, it has an event of task 1, which has ended or is not enabled"),
        ("s1:b2c2a", "at step 5, it has an event of task 0, which has ended"),
        ("s1:bd", "at step 2, it has an event of task 3, which was never spawned"),
        ("s1:b.1", "at step 1, it has alternative 1 of task 1, whose operation has 1"),
    ];
    for (text, words) in cases {
        let found = replay(text, two);
        assert!(found.contains(words), "{text}: {found}");
        assert!(found.contains("the schedule does not fit the program"), "{text}: {found}");
    }
}

/// For each class of a program, the minimum number of switches over all its schedules.
fn fewest_switches(program: fn()) -> HashMap<Class, usize> {
    let mut fewest = HashMap::new();
    let report = Explorer::naive().run_each(program, |run| {
        let switches = run.schedule().switches();
        let known = fewest.entry(run.class()).or_insert(switches);
        *known = switches.min(*known);
        ControlFlow::Continue(())
    });
    assert!(report.is_complete());
    fewest
}

/// A task that panics while it holds a lock releases it in the same step; others try to take it.
fn panics_with_a_lock() {
    let shared = Arc::new((Mutex::new(0), Cell::new(0)));
    for _ in 0..2 {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (lock, cell) = &*shared;
            let taken = lock.try_lock().is_ok();
            cell.set(cell.get() + u32::from(taken));
        });
    }
    let _held = shared.0.lock();
    let seen = shared.1.get();
    assert_eq!(seen, 0, "the cell was set");
}

fn waits() {
    let lock = Arc::new(Mutex::new(0));
    for _ in 0..2 {
        let lock = Arc::clone(&lock);
        thread::spawn(move || {
            *lock.lock().unwrap() += choose(2);
            drop(lock.try_lock());
        });
    }
}

#[test]
fn the_simplest_schedule_of_a_class_has_the_fewest_switches_of_all() {
    let programs: [fn(); 6] =
        [article, || inc(3), || lastzero(2), || philosophers(2), panics_with_a_lock, waits];
    for (nth, program) in programs.into_iter().enumerate() {
        let fewest = fewest_switches(program);
        let mut simplest = Vec::new();
        Explorer::optimal().run_each(program, |run| {
            let schedule = run.simplest_schedule(&[], usize::MAX).unwrap();
            let class = run.class();
            assert_eq!(schedule.switches(), fewest[&class], "program {nth}: {schedule} for {run:?}");
            let enough = schedule.switches();
            assert_eq!(run.simplest_schedule(&[], enough), Some(schedule.clone()));
            if enough > 0 {
                assert_eq!(run.simplest_schedule(&[], enough - 1), None);
            }
            simplest.push((schedule, class));
            ControlFlow::Continue(())
        });
        assert_eq!(
            simplest.len(),
            fewest.len(),
            "program {nth}: classes of the optimal search and of the naive one"
        );
        for (schedule, class) in simplest {
            let report = Explorer::replay(schedule.clone()).run_each(program, |run| {
                assert_eq!(run.class(), class, "program {nth}: {schedule}");
                ControlFlow::Continue(())
            });
            assert_eq!(report.nondeterminism, None, "program {nth}: {schedule}");
        }
    }
}

#[test]
fn the_simplest_schedule_respects_the_required_order() {
    let mut found = BTreeMap::new();
    Explorer::optimal().run_each(
        || {
            thread::spawn(|| choose(1));
            thread::spawn(|| choose(1));
        },
        |run| {
            for (first, second) in [(1, 2), (2, 1)] {
                let schedule = run.simplest_schedule(&[((first, 1), (second, 1))], usize::MAX);
                found.insert((first, second), schedule.unwrap().to_string());
            }
            let both_ways = run.simplest_schedule(&[((1, 1), (2, 1)), ((2, 1), (1, 1))], usize::MAX);
            assert_eq!(both_ways, None);
            ControlFlow::Continue(())
        },
    );
    let expected = [((1, 2), "s1:bc".to_owned()), ((2, 1), "s1:cb".to_owned())];
    assert_eq!(found, BTreeMap::from(expected));
}

/// This number of tasks with three unordered events each.
fn independent(tasks: usize) {
    for _ in 0..tasks {
        thread::spawn(|| [choose(1), choose(1), choose(1)]);
    }
}

#[test]
fn the_search_for_the_simplest_schedule_is_bounded() {
    let mut runs = 0;
    // The breadth-first search has 2^16 states before the one schedule of 16 blocks.
    Explorer::optimal().run_each(
        || independent(16),
        |run| {
            runs += 1;
            let mut looks = 0;
            let mut search = |states, each, breaks_at| {
                looks = 0;
                let watch = &mut || {
                    looks += 1;
                    if looks == breaks_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                let mut effort = Effort { states, each, watch, is_spent: false };
                let found = run.simplest_schedule_within(&[], usize::MAX, &mut effort);
                (found.is_some(), effort.is_spent, states - effort.states)
            };
            assert_eq!(search(1 << 20, 1 << 20, 0), (true, false, (1 << 16) - 1));
            assert_eq!(search(100, 1 << 20, 0), (false, true, 100), "all searches together");
            assert_eq!(search(1 << 20, 100, 0), (false, true, 100), "one search");
            let (found, is_spent, visited) = search(1 << 20, 1 << 20, 2);
            assert!(!found && is_spent && visited < 1 << 14, "{visited}");
            ControlFlow::Continue(())
        },
    );
    assert_eq!(runs, 1);
}

#[test]
fn some_schedule_of_a_class_needs_no_search() {
    Explorer::optimal().run_each(
        || independent(60),
        |run| {
            let schedule = run.any_schedule(&[((60, 3), (1, 1)), ((59, 1), (60, 1))]).expect("there is one");
            assert_eq!(schedule.len(), 180);
            let turns: Vec<u32> = schedule.decisions().map(|(task, _)| task).collect();
            let place = |task: u32, nth: usize| {
                turns.iter().enumerate().filter(|(_, its)| **its == task).nth(nth).expect("it is there").0
            };
            assert!(place(60, 2) < place(1, 0) && place(59, 0) < place(60, 0));
            assert_eq!(run.any_schedule(&[((1, 1), (2, 1)), ((2, 1), (1, 1))]), None);
            ControlFlow::Continue(())
        },
    );
}

#[test]
fn progress_of_a_naive_search_grows_and_ends_at_the_whole() {
    let seen = std::sync::Arc::new(StdMutex::new(Vec::new()));
    let recorded = std::sync::Arc::clone(&seen);
    let report = Explorer::naive()
        .on_progress(Duration::ZERO, move |progress| recorded.lock().unwrap().push(*progress))
        .run(|| inc(3));
    let seen = seen.lock().unwrap();
    assert_eq!(report.executions, 90);
    assert_eq!(seen.len(), 89, "after each execution but the last");
    assert!(seen.windows(2).all(|two| two[0].done < two[1].done));
    assert_eq!(report.done, 1.0);
    for progress in seen.iter() {
        let all = progress.executions as f64 + progress.executions_left();
        assert!((30.0..270.0).contains(&all), "{progress}: {all}");
    }
}

#[test]
fn progress_of_a_search_of_states_counts_them() {
    let seen = std::sync::Arc::new(StdMutex::new(Vec::new()));
    let recorded = std::sync::Arc::clone(&seen);
    let report = Explorer::stateful()
        .on_progress(Duration::ZERO, move |progress| recorded.lock().unwrap().push(*progress))
        .run(|| inc(3));
    let count = report.states.unwrap().count;
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|two| two[0].states <= two[1].states), "{seen:?}");
    assert!(seen.last().unwrap().states <= Some(count) && seen[0].states > Some(0), "{seen:?}");
    let text = seen[0].to_string();
    assert!(text.starts_with(&format!("{} states, ", seen[0].states.unwrap())), "{text}");
}

#[test]
fn progress_of_an_optimal_search_is_a_part_of_the_whole() {
    let seen = std::sync::Arc::new(StdMutex::new(Vec::new()));
    let recorded = std::sync::Arc::clone(&seen);
    let report = Explorer::optimal()
        .on_progress(Duration::ZERO, move |progress| recorded.lock().unwrap().push(progress.done))
        .run(|| fib_bench(2));
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), report.done), (139, 1.0));
    assert!(seen.iter().all(|done| (0.0..1.0).contains(done)), "{seen:?}");
    let half = Explorer::random(1, 100).on_progress(Duration::ZERO, |progress| {
        assert_eq!(progress.done, progress.executions as f64 / 100.0);
    });
    half.run(|| inc(2));
}

#[test]
fn check_returns_the_report_of_a_search_without_failures() {
    let good = || lockinc(3);
    assert_eq!(Explorer::optimal().check(good).executions, 6);
    assert_eq!(Explorer::random(1, 20).check(good).executions, 20);
    assert_eq!(Explorer::pct(1, 2, 20).check(good).executions, 20);
    let refused = |explorer: Explorer<Any>| {
        let payload = panic::catch_unwind(AssertUnwindSafe(|| explorer.check(good))).unwrap_err();
        *payload.downcast::<String>().expect("a message")
    };
    let bounded = refused(Explorer::optimal().max_executions(2).into_any());
    assert!(bounded.starts_with("bounded: nothing went wrong in 2 executions, ended by"), "{bounded}");
    let bounded = refused(Explorer::random(1, 20).max_steps(3).into_any());
    assert!(bounded.contains("20 executions aborted there"), "{bounded}");
}

#[test]
fn check_finds_the_simplest_failure() {
    let schedules: Rc<RefCell<BTreeSet<String>>> = Rc::default();
    for explorer in [
        Explorer::optimal().into_any(),
        Explorer::naive().into_any(),
        Explorer::random(9, 500).into_any(),
        Explorer::pct(9, 3, 500).into_any(),
    ] {
        let payload = panic::catch_unwind(AssertUnwindSafe(|| explorer.check(article))).unwrap_err();
        let story = payload.downcast::<String>().expect("a message");
        let schedule = story.split('"').nth(1).expect("the schedule in quotes").to_owned();
        let report = Explorer::replay(schedule.parse().unwrap()).run_each(article, |run| {
            assert!(matches!(run.ending(), Ending::Panic { .. }));
            ControlFlow::Continue(())
        });
        assert_eq!(report.panics, 1);
        schedules.borrow_mut().insert(schedule);
    }
    assert_eq!(*schedules.borrow(), BTreeSet::from(["s1:ab2a2ba".to_owned()]));
}
