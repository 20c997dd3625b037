//! Programs whose tasks spawn tasks: each printed schedule replays identically, and task names are
//! the same in all schedules.

mod many;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use proptest::prelude::*;
use selvedge_engine::sync::atomic::{AtomicU64, Ordering::SeqCst};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Class, Ending, Explorer, Schedule, Verdict, choose, thread};

/// The parts of a task.
#[derive(Clone, Debug)]
enum Part {
    Load(usize),
    Store(usize),
    Lock(usize),
    Choose,
    /// Spawns a task, and joins it at the end.
    Spawn(Vec<Part>),
    /// Spawns a task that is never joined.
    Detach(Vec<Part>),
    /// Joins the last task that it has spawned.
    Join,
    /// Waits for a value that may never be stored.
    Await(usize),
    /// Panics if the atomic has been stored to.
    PanicIf(usize),
}

fn part() -> impl Strategy<Value = Part> {
    let at = 0..2usize;
    let leaf = prop_oneof![
        3 => at.clone().prop_map(Part::Load),
        3 => at.clone().prop_map(Part::Store),
        1 => at.clone().prop_map(Part::Lock),
        1 => Just(Part::Choose),
        1 => Just(Part::Join),
        1 => at.clone().prop_map(Part::Await),
        1 => at.prop_map(Part::PanicIf),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let parts = || proptest::collection::vec(inner.clone(), 0..=3);
        prop_oneof![parts().prop_map(Part::Spawn), parts().prop_map(Part::Detach)]
    })
}

fn program() -> impl Strategy<Value = Vec<Part>> {
    proptest::collection::vec(part(), 2..=5)
}

#[derive(Default)]
struct Shared {
    atomics: [AtomicU64; 2],
    locks: [Mutex<()>; 2],
}

fn run(parts: &[Part], shared: &Arc<Shared>) {
    let spawn = |parts: &[Part]| {
        let (parts, shared) = (parts.to_vec(), Arc::clone(shared));
        thread::spawn(move || run(&parts, &shared))
    };
    let mut spawned = Vec::new();
    for part in parts {
        match part {
            &Part::Load(at) => drop(shared.atomics[at].load(SeqCst)),
            &Part::Store(at) => shared.atomics[at].store(1, SeqCst),
            &Part::Lock(at) => drop(shared.locks[at].lock()),
            Part::Choose => drop(choose(2)),
            Part::Spawn(parts) => spawned.push(spawn(parts)),
            Part::Detach(parts) => drop(spawn(parts)),
            Part::Join => drop(spawned.pop().map(thread::JoinHandle::join)),
            &Part::Await(at) => drop(shared.atomics[at].wait_until(|value| value == 1)),
            &Part::PanicIf(at) => assert_eq!(shared.atomics[at].load(SeqCst), 0, "stored to"),
        }
    }
    spawned.into_iter().for_each(|task| drop(task.join()));
}

/// The outcome of a run that every replay of its schedule must repeat.
type Outcome = (Ending, Class, Schedule);

fn replayed(schedule: &Schedule, body: impl Fn() + 'static) -> Outcome {
    let schedule = schedule.to_string().parse().expect("what is printed can be read");
    let mut outcome = None;
    Explorer::replay(schedule).run_each(body, |run| {
        outcome = Some((run.ending().clone(), run.class(), run.schedule()));
        ControlFlow::Continue(())
    });
    outcome.expect("a replay is one run")
}

fn is_alike(one: &Ending, other: &Ending) -> bool {
    match (one, other) {
        (Ending::Panic { .. }, Ending::Panic { .. }) => true,
        _ => one == other,
    }
}

/// Checks that each schedule that these strategies print, of a run or of its class, replays
/// identically.
fn each_schedule_replays(program: &[Part]) -> Result<(), TestCaseError> {
    let program = program.to_vec();
    let body = move || run(&program, &Arc::default());
    let explorers = [
        Explorer::optimal().max_executions(30).into_any(),
        Explorer::naive().max_executions(20).into_any(),
        Explorer::random(7, 6).into_any(),
        Explorer::pct(7, 3, 6).into_any(),
    ];
    for explorer in explorers {
        let mut printed: Vec<(Ending, Class, Schedule, bool)> = Vec::new();
        let report = explorer.run_each(body.clone(), |run| {
            printed.push((run.ending().clone(), run.class(), run.schedule(), true));
            if let Some(simplest) = run.simplest_schedule(&[], usize::MAX - 1) {
                printed.push((run.ending().clone(), run.class(), simplest, false));
            }
            ControlFlow::Continue(())
        });
        prop_assert!(report.nondeterminism.is_none(), "{:?}", report);
        for (ending, class, schedule, is_own) in printed {
            let (again, its_class, its_schedule) = replayed(&schedule, body.clone());
            prop_assert!(is_alike(&again, &ending), "{}: {:?} was {:?}", schedule, again, ending);
            prop_assert!(!is_own || again == ending, "{}: {:?} was {:?}", schedule, again, ending);
            prop_assert!(its_class == class, "{}: another class", schedule);
            prop_assert_eq!(its_schedule, schedule);
        }
        if let Some(failure) = report.failure {
            prop_assert_eq!(replayed(&failure.schedule, body.clone()).0, failure.ending);
        }
    }
    let report = Explorer::stateful().run(body.clone());
    if let Some(failure) = report.failure {
        prop_assert_eq!(replayed(&failure.schedule, body.clone()).0, failure.ending);
    }
    // `check` reports a failure of the program, with a schedule that shows it.
    for explorer in [
        Explorer::optimal().max_executions(40).into_any(),
        Explorer::stateful().max_executions(40).into_any(),
        Explorer::random(7, 40).into_any(),
    ] {
        let checked = body.clone();
        if let Err(said) = panic::catch_unwind(AssertUnwindSafe(move || explorer.check(checked))) {
            let said = said.downcast_ref::<String>().expect("a text");
            prop_assert!(!said.starts_with("nondeterministic"), "{}", said);
            if let Some((_, rest)) = said.split_once("Explorer::replay(\"") {
                let schedule: Schedule = rest.split('"').next().unwrap().parse().unwrap();
                let (ending, _, _) = replayed(&schedule, body.clone());
                prop_assert!(
                    !matches!(ending, Ending::Complete | Ending::Nondeterministic(_)),
                    "{:?}",
                    ending
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(many::many())]

    #[test]
    fn each_printed_schedule_of_a_random_program_replays(program in program()) {
        each_schedule_replays(&program)?;
    }
}

/// Two tasks that each spawn one. All of them wait forever.
#[test]
fn a_deadlock_of_nested_tasks_is_not_nondeterminism() {
    let body = || {
        let flags: Arc<[AtomicU64; 2]> = Arc::default();
        for own in 0..2 {
            let flags = Arc::clone(&flags);
            thread::spawn(move || {
                flags[own].fetch_add(1, SeqCst);
                let other = Arc::clone(&flags);
                thread::spawn(move || {
                    other[1 - own].load(SeqCst);
                    other[own].wait_until(|value| value == 5);
                });
            });
        }
    };
    let said = panic::catch_unwind(|| Explorer::optimal().check(body)).expect_err("it deadlocks");
    let said = said.downcast_ref::<String>().expect("a text");
    assert!(said.starts_with("deadlock: no task is enabled\n  task 1.1 waits"), "{said}");
    assert!(said.contains("\n  task 2.1 waits"), "{said}");
}

/// Task names and endings are the same in all schedules.
#[test]
fn a_task_has_one_name_in_all_schedules() {
    let names = Rc::new(RefCell::new(BTreeSet::new()));
    let body = || {
        let x = Arc::new(AtomicU64::new(0));
        for _ in 0..2 {
            let x = Arc::clone(&x);
            thread::spawn(move || {
                x.fetch_add(1, SeqCst);
                let own = Arc::clone(&x);
                thread::spawn(move || panic!("{}", own.fetch_add(1, SeqCst))).join().unwrap_err();
            });
        }
        panic!("{}", x.load(SeqCst));
    };
    let all = Rc::clone(&names);
    let report = Explorer::naive().run_each(body, |run| {
        let tasks: BTreeSet<u32> = run.steps().map(|step| step.task).collect();
        all.borrow_mut().extend(tasks.into_iter().map(|task| run.task_name(task)));
        ControlFlow::Continue(())
    });
    assert!(matches!(report.verdict(), Verdict::Panic { .. }));
    let names: Vec<String> = names.borrow().iter().cloned().collect();
    assert_eq!(names, ["main", "task 1", "task 1.1", "task 2", "task 2.1"]);
}
