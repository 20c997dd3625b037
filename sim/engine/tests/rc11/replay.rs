//! The schedule of a run identifies its graph, and is replayed from its text.

use std::ops::ControlFlow;

use selvedge_engine::cell::UnsafeCell;
use selvedge_engine::object::Map;
use selvedge_engine::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::{Ending, Explorer, Schedule, thread};

/// Replays each graph of a program from the text of its schedule, and returns their number.
fn replay_each(program: impl Fn() + Clone + 'static) -> usize {
    let mut all = Vec::new();
    let report = Explorer::rc11().run_each(program.clone(), |run| {
        all.push((run.schedule(), run.class(), run.ending().clone()));
        ControlFlow::Continue(())
    });
    assert!(report.is_complete(), "{}", report.verdict());
    for (schedule, class, ending) in &all {
        let text = schedule.to_string();
        assert!(text.starts_with("g1:"), "{text}");
        let read: Schedule = text.parse().unwrap();
        assert_eq!(read, *schedule, "{text}");
        let mut again = None;
        Explorer::replay(read).run_each(program.clone(), |run| {
            again = Some((run.class(), run.ending().clone(), run.schedule()));
            ControlFlow::Continue(())
        });
        let (its, its_ending, its_schedule) = again.unwrap();
        assert_eq!(its_ending, *ending, "{text}");
        assert!(its == *class, "{text}: another graph");
        assert_eq!(its_schedule, *schedule, "{text}");
    }
    all.len()
}

#[test]
fn each_graph_of_store_buffering_and_two_plus_two_writes() {
    for order in [Relaxed, SeqCst] {
        let graphs = replay_each(move || {
            let shared = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
            for own in 0..2 {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    shared[own].store(1, order);
                    shared[1 - own].load(order);
                    shared[1 - own].store(2, order);
                });
            }
        });
        assert!(graphs > 3, "{graphs}");
    }
}

#[test]
fn each_graph_with_updates_locks_maps_and_choices() {
    let graphs = replay_each(|| {
        let shared = Arc::new((AtomicU32::new(0), Mutex::new(0), Map::new()));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.0.fetch_add(1, Relaxed);
            *other.1.lock().unwrap() += 1;
            other.2.insert((), selvedge_engine::choose(2));
        });
        _ = shared.0.compare_exchange(0, 5, Release, Relaxed);
        *shared.1.lock().unwrap() += 1;
        shared.2.get(&());
        shared.0.load(Acquire);
    });
    assert!(graphs > 8, "{graphs}");
}

#[test]
fn a_deadlock_and_a_data_race() {
    let graphs = replay_each(|| {
        let flag = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&flag);
        thread::spawn(move || {
            other.store(1, Relaxed);
            other.store(2, Relaxed);
        });
        flag.wait_until(|value| value == 1);
    });
    assert_eq!(graphs, 2);
    let mut schedule = None;
    let program = || {
        let shared = Arc::new((UnsafeCell::named("data", 0), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.0.set(1);
            other.1.store(1, Relaxed);
        });
        if shared.1.load(Relaxed) == 1 {
            shared.0.get();
        }
    };
    Explorer::rc11().run_each(program, |run| {
        if let Ending::Panic { .. } = run.ending() {
            schedule = Some(run.schedule());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    let report = Explorer::replay(schedule.unwrap()).run(program);
    let failure = report.failure.unwrap();
    assert!(format!("{:?}", failure.ending).contains("data race on data"), "{:?}", failure.ending);
}

#[test]
fn a_schedule_of_another_program_does_not_fit() {
    let one_load = || {
        AtomicU32::new(0).load(Relaxed);
    };
    for (text, why) in [
        ("g1:a~1", "overlooks more writes than there are"),
        ("g1:b", "event of task 1"),
        ("g1:", "it ends here, and some task is enabled"),
        ("g1:a2", "announces none"),
    ] {
        let report = Explorer::replay(text.parse().unwrap()).run(one_load);
        let difference = report.nondeterminism.unwrap_or_default();
        assert!(difference.contains(why), "{text}: {difference}");
    }
    assert!("g1:a~".parse::<Schedule>().is_err());
    assert!("s1:a~1".parse::<Schedule>().is_err());
}

/// The message of a failed check contains the schedule, which replays the failure.
#[test]
fn a_check_prints_the_schedule() {
    let program = || {
        let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        thread::spawn(move || {
            other.0.store(1, Relaxed);
            other.1.store(1, Relaxed);
        });
        if shared.1.load(Acquire) == 1 {
            assert_eq!(shared.0.load(Relaxed), 1);
        }
    };
    let failed = std::panic::catch_unwind(|| Explorer::rc11().check(program));
    let message = *failed.expect_err("the flag does not publish").downcast::<String>().unwrap();
    let (_, rest) = message.split_once("Explorer::replay(\"").expect("it names the schedule");
    let schedule = rest.split('"').next().unwrap();
    let report = Explorer::replay(schedule.parse().unwrap()).run(program);
    assert_eq!(report.panics, 1, "{message}");
}
