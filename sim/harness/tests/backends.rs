//! Every engine's primitives do what production's do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashmap::DashMap;
use proptest::prelude::*;
use selvedge::sync::{AtomicU64, Clock, Map, Primitives, Std};
use selvedge_sim::backends::{Engine, Loom, Search, Shuttle, Simulated};
use selvedge_sim::verdict::Budget;

/// An operation on a map, with its key.
#[derive(Clone, Debug)]
enum Operation {
    Get(u8),
    Insert(u8, u16),
    Remove(u8),
    InsertIf(u8, u16, bool),
}

fn operation() -> impl Strategy<Value = Operation> {
    // Few keys, so that operations meet.
    let key = || 0..4u8;
    prop_oneof![
        key().prop_map(Operation::Get),
        (key(), any::<u16>()).prop_map(|(key, value)| Operation::Insert(key, value)),
        key().prop_map(Operation::Remove),
        (key(), any::<u16>(), any::<bool>())
            .prop_map(|(key, value, holds)| Operation::InsertIf(key, value, holds)),
    ]
}

/// What an operation answered. An `insert_if` tells how often its check ran.
#[derive(Debug, PartialEq)]
enum Answer {
    Found(Option<u16>),
    Nothing,
    Inserted(bool, u32),
}

/// DashMap itself, not through the seam: what the models are held to.
fn on_dashmap(operations: &[Operation]) -> Vec<Answer> {
    let map = DashMap::new();
    let run = |operation: &Operation| match *operation {
        Operation::Get(key) => Answer::Found(map.get(&key).map(|value| *value)),
        Operation::Insert(key, value) => {
            map.insert(key, value);
            Answer::Nothing
        }
        Operation::Remove(key) => {
            map.remove(&key);
            Answer::Nothing
        }
        Operation::InsertIf(key, value, holds) => {
            if holds {
                map.insert(key, value);
            }
            Answer::Inserted(holds, 1)
        }
    };
    operations.iter().map(run).collect()
}

fn on<P: Primitives>(operations: &[Operation]) -> Vec<Answer> {
    let map = P::Map::<u8, u16>::new("map");
    let run = |operation: &Operation| match *operation {
        Operation::Get(key) => Answer::Found(map.get(&key)),
        Operation::Insert(key, value) => {
            map.insert(key, value);
            Answer::Nothing
        }
        Operation::Remove(key) => {
            map.remove(&key);
            Answer::Nothing
        }
        Operation::InsertIf(key, value, holds) => {
            let mut checks = 0;
            let inserted = map.insert_if(key, value, || {
                checks += 1;
                holds
            });
            Answer::Inserted(inserted, checks)
        }
    };
    operations.iter().map(run).collect()
}

/// Runs `body` in the one execution that a program without threads has, and hands out what it came to.
fn alone<P: Simulated, T: Send + 'static>(body: impl Fn() -> T + Send + Sync + 'static) -> T {
    let result = Arc::new(Mutex::new(None));
    let slot = result.clone();
    let search = P::explore(Budget::default(), move || {
        let output = body();
        *slot.lock().unwrap() = Some(output);
    });
    assert_eq!(search, Search { executions: 1, complete: true });
    result.lock().unwrap().take().expect("it ran")
}

proptest! {
    #[test]
    fn every_map_answers_as_dashmap_does(operations in prop::collection::vec(operation(), 0..40)) {
        let expected = on_dashmap(&operations);
        prop_assert_eq!(&on::<Std>(&operations), &expected);
        let given = operations.clone();
        prop_assert_eq!(&alone::<Loom, _>(move || on::<Loom>(&given)), &expected);
        let given = operations.clone();
        prop_assert_eq!(&alone::<Shuttle, _>(move || on::<Shuttle>(&given)), &expected);
        prop_assert_eq!(&alone::<Engine, _>(move || on::<Engine>(&operations)), &expected);
    }
}

/// Whatever else it does, no schedule lets a removal come between the check and the insertion: the entry is there when
/// both have ended only if the removal came first, and then the check saw its flag.
fn insert_if_and_its_check_are_one_step<P: Simulated>() {
    let search = P::explore(Budget::default(), || {
        let shared = Arc::new((P::Map::<u8, u8>::new("map"), P::AtomicU64::new("removals", 0)));
        let remover = {
            let shared = shared.clone();
            P::spawn("remover", move || {
                shared.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                shared.0.remove(&1);
            })
        };
        shared.0.insert_if(1, 1, || shared.1.load(std::sync::atomic::Ordering::Relaxed) == 0);
        P::join(remover);
        assert_eq!(shared.0.get(&1), None);
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
}

#[test]
fn insert_if_and_its_check_are_one_step_on_loom() {
    insert_if_and_its_check_are_one_step::<Loom>();
}

#[test]
fn insert_if_and_its_check_are_one_step_on_shuttle() {
    insert_if_and_its_check_are_one_step::<Shuttle>();
}

#[test]
fn insert_if_and_its_check_are_one_step_on_ours() {
    insert_if_and_its_check_are_one_step::<Engine>();
}

fn a_clock_shows_all_threads_the_same_time<P: Simulated>() {
    let search = P::explore(Budget::default(), || {
        let clock = P::clock(true);
        assert_eq!(clock.now(), Duration::ZERO);
        let other = clock.clone();
        let advancer = P::spawn("advancer", move || P::advance(&other, Duration::from_millis(5)));
        let (first, second) = (clock.now(), clock.now());
        assert!(first <= second);
        P::join(advancer);
        assert_eq!(clock.now(), Duration::from_millis(5));
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
}

#[test]
fn a_clock_shows_all_threads_the_same_time_on_loom() {
    a_clock_shows_all_threads_the_same_time::<Loom>();
}

#[test]
fn a_clock_shows_all_threads_the_same_time_on_shuttle() {
    a_clock_shows_all_threads_the_same_time::<Shuttle>();
}

#[test]
fn a_clock_shows_all_threads_the_same_time_on_ours() {
    a_clock_shows_all_threads_the_same_time::<Engine>();
}

fn a_search_that_spends_its_budget_is_not_complete<P: Simulated>() {
    let program = || {
        let word = Arc::new(P::AtomicU64::new("word", 0));
        let other = word.clone();
        let adder = P::spawn("adder", move || {
            other.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        });
        word.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        P::join(adder);
    };
    let all = P::explore(Budget::default(), program);
    assert!(all.complete && all.executions > 1, "{all:?}");
    let most = all.executions - 1;
    let short = P::explore(Budget { schedules: Some(most), time: None }, program);
    assert_eq!(short, Search { executions: most, complete: false });
    let enough = P::explore(Budget { schedules: Some(all.executions + 1), time: None }, program);
    assert_eq!(enough, all);
    let late = P::explore(Budget { schedules: None, time: Some(Duration::ZERO) }, program);
    assert!(!late.complete && late.executions <= 1, "{late:?}");
}

#[test]
fn a_search_that_spends_its_budget_is_not_complete_on_loom() {
    a_search_that_spends_its_budget_is_not_complete::<Loom>();
}

#[test]
fn a_search_that_spends_its_budget_is_not_complete_on_shuttle() {
    a_search_that_spends_its_budget_is_not_complete::<Shuttle>();
}

#[test]
fn a_search_that_spends_its_budget_is_not_complete_on_ours() {
    a_search_that_spends_its_budget_is_not_complete::<Engine>();
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_panic_of_a_thread_comes_out_of_loom() {
    Loom::explore(Budget::default(), || Loom::join(Loom::spawn("thread", || panic!("on purpose"))));
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_panic_of_a_thread_comes_out_of_shuttle() {
    Shuttle::explore(Budget::default(), || Shuttle::join(Shuttle::spawn("thread", || panic!("on purpose"))));
}

#[test]
#[should_panic(expected = "on purpose")]
fn a_panic_of_a_thread_comes_out_of_ours() {
    Engine::explore(Budget::default(), || Engine::join(Engine::spawn("thread", || panic!("on purpose"))));
}
