//! Every engine's primitives behave like production's.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_queue::SegQueue;
use dashmap::DashMap;
use proptest::prelude::*;
use selvedge::sync::{AtomicU64, Clock, Insertion, Map, Primitives, Queue, Std, TierName};
use selvedge_sim::backends::{Engine, Loom, Search, Shuttle, Simulated};
use selvedge_sim::verdict::Budget;

/// An operation on a map, with its key. Tags are words.
#[derive(Clone, Debug)]
enum Operation {
    Get(u8),
    Touch(u8, u64),
    Insert(u8, u16),
    Remove(u8),
    InsertIf(u8, u16, bool),
    /// The number is added to the existing tag; `None` refuses.
    InsertWith(u8, u16, Option<u64>),
    /// The new tag if the value is even; otherwise the entry is removed.
    RemoveUnless(u8, u64),
    Clear,
}

fn operation() -> impl Strategy<Value = Operation> {
    // Few keys, so that operations conflict.
    let key = || 0..4u8;
    prop_oneof![
        4 => key().prop_map(Operation::Get),
        4 => (key(), 0..8u64).prop_map(|(key, bits)| Operation::Touch(key, bits)),
        4 => (key(), any::<u16>()).prop_map(|(key, value)| Operation::Insert(key, value)),
        4 => key().prop_map(Operation::Remove),
        4 => (key(), any::<u16>(), any::<bool>())
            .prop_map(|(key, value, holds)| Operation::InsertIf(key, value, holds)),
        4 => (key(), any::<u16>(), prop::option::of(0..8u64))
            .prop_map(|(key, value, tag)| Operation::InsertWith(key, value, tag)),
        4 => (key(), 0..8u64).prop_map(|(key, tag)| Operation::RemoveUnless(key, tag)),
        1 => Just(Operation::Clear),
    ]
}

/// The result of an operation, with the arguments of each call of its closures.
#[derive(Debug, PartialEq)]
enum Answer {
    Found(Option<u16>),
    Was(Option<(u16, u64)>),
    Inserted(bool, u32),
    InsertedWith(Insertion<u16>, Vec<Option<(u16, u64)>>),
    RemovedUnless(Option<(u16, u64)>, Vec<(u16, u64)>),
    /// Ordered by key: the order of removal is unspecified.
    Cleared(Vec<(u8, u16, u64)>),
}

fn kept(value: u16, tag: u64) -> Option<u64> {
    value.is_multiple_of(2).then_some(tag)
}

/// DashMap itself, the reference for the models.
fn on_dashmap(operations: &[Operation]) -> Vec<Answer> {
    let map = DashMap::<u8, (u16, u64)>::new();
    let run = |operation: &Operation| match *operation {
        Operation::Get(key) => Answer::Found(map.get(&key).map(|entry| entry.0)),
        Operation::Touch(key, bits) => {
            map.alter(&key, |_, (value, tag)| (value, tag | bits));
            Answer::Found(map.get(&key).map(|entry| entry.0))
        }
        Operation::Insert(key, value) => Answer::Was(map.insert(key, (value, 0))),
        Operation::Remove(key) => Answer::Was(map.remove(&key).map(|(_, entry)| entry)),
        Operation::InsertIf(key, value, holds) => {
            if holds {
                map.insert(key, (value, 0));
            }
            Answer::Inserted(holds, 1)
        }
        Operation::InsertWith(key, value, add) => {
            let old = map.get(&key).map(|entry| *entry);
            let Some(add) = add else {
                return Answer::InsertedWith(Insertion::Refused, vec![old]);
            };
            match map.insert(key, (value, old.map_or(0, |(_, tag)| tag) + add)) {
                Some((value, tag)) => Answer::InsertedWith(Insertion::Replaced(value, tag), vec![old]),
                None => Answer::InsertedWith(Insertion::New, vec![old]),
            }
        }
        Operation::RemoveUnless(key, tag) => {
            let seen = map.get(&key).map(|entry| *entry).into_iter().collect();
            let removed = map.remove_if(&key, |_, &(value, _)| kept(value, tag).is_none());
            map.alter(&key, |_, (value, _)| (value, tag));
            Answer::RemovedUnless(removed.map(|(_, entry)| entry), seen)
        }
        Operation::Clear => {
            let mut all: Vec<_> = map.iter().map(|entry| (*entry.key(), entry.0, entry.1)).collect();
            all.sort_unstable();
            map.clear();
            Answer::Cleared(all)
        }
    };
    operations.iter().map(run).collect()
}

fn on<P: Primitives>(operations: &[Operation]) -> Vec<Answer> {
    let map = P::Map::<u8, u16>::new(TierName::Other("map"));
    let run = |operation: &Operation| match *operation {
        Operation::Get(key) => Answer::Found(map.get(&key)),
        Operation::Touch(key, bits) => Answer::Found(map.touch(&key, bits)),
        Operation::Insert(key, value) => Answer::Was(map.insert(key, value)),
        Operation::Remove(key) => Answer::Was(map.remove(&key)),
        Operation::InsertIf(key, value, holds) => {
            let mut checks = 0;
            let inserted = map.insert_if(key, value, || {
                checks += 1;
                holds
            });
            Answer::Inserted(inserted, checks)
        }
        Operation::InsertWith(key, value, add) => {
            let mut seen = Vec::new();
            let insertion = map.insert_with(key, |old| {
                let old = old.map(|(&value, tag)| (value, tag));
                seen.push(old);
                add.map(|add| (value, old.map_or(0, |(_, tag)| tag) + add))
            });
            Answer::InsertedWith(insertion, seen)
        }
        Operation::RemoveUnless(key, new) => {
            let mut seen = Vec::new();
            let removed = map.remove_unless(&key, |&value, tag| {
                seen.push((value, tag));
                kept(value, new)
            });
            Answer::RemovedUnless(removed, seen)
        }
        Operation::Clear => {
            let mut all = Vec::new();
            map.clear(|&key, &value, tag| all.push((key, value, tag)));
            all.sort_unstable();
            Answer::Cleared(all)
        }
    };
    operations.iter().map(run).collect()
}

/// The results of a queue: a `Some` is pushed, a `None` pops.
fn pops(steps: &[Option<u8>], push: impl Fn(u8), pop: impl Fn() -> Option<u8>) -> Vec<Option<u8>> {
    let step = |step: &Option<u8>| match *step {
        Some(item) => {
            push(item);
            None
        }
        None => Some(pop()),
    };
    steps.iter().filter_map(step).collect()
}

fn pops_on<P: Primitives>(steps: &[Option<u8>]) -> Vec<Option<u8>> {
    let queue = P::Queue::<u8>::new("queue");
    pops(steps, |item| queue.push(item), || queue.pop())
}

/// Runs `body` in the only execution of a program without threads, and returns its result.
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

proptest! {
    #[test]
    fn every_queue_answers_as_crossbeams_does(steps in prop::collection::vec(any::<Option<u8>>(), 0..40)) {
        let queue = SegQueue::new();
        let expected = pops(&steps, |item| queue.push(item), || queue.pop());
        prop_assert_eq!(&pops_on::<Std>(&steps), &expected);
        let given = steps.clone();
        prop_assert_eq!(&alone::<Loom, _>(move || pops_on::<Loom>(&given)), &expected);
        let given = steps.clone();
        prop_assert_eq!(&alone::<Shuttle, _>(move || pops_on::<Shuttle>(&given)), &expected);
        prop_assert_eq!(&alone::<Engine, _>(move || pops_on::<Engine>(&steps)), &expected);
    }
}

/// Two touches of a key commute, and a read of the tag sees both, one or none.
#[test]
fn touches_of_one_key_commute_on_ours() {
    let touch_twice = |look: bool| {
        let search = Engine::explore(Budget::default(), move || {
            type Shared = <Engine as Primitives>::Map<u8, u8>;
            let map = Arc::new(Shared::new(TierName::Other("map")));
            map.insert(1, 1);
            let touchers = [1, 2].map(|bits| {
                let map = map.clone();
                Engine::spawn("toucher", move || assert_eq!(map.touch(&1, bits), Some(1)))
            });
            if look {
                map.remove_unless(&1, |_, tag| Some(tag));
            }
            touchers.into_iter().for_each(Engine::join);
            map.remove_unless(&1, |_, tag| {
                assert_eq!(tag, 3);
                Some(tag)
            });
        });
        search.executions
    };
    assert_eq!((touch_twice(false), touch_twice(true)), (1, 4));
}

fn a_word_is_replaced_once<P: Simulated>() {
    let search = P::explore(Budget::default(), || {
        let words = Arc::new([P::AtomicU64::new("word", 0), P::AtomicU64::new("replaced", 0)]);
        let replacers = [1, 2].map(|new| {
            let words = words.clone();
            P::spawn("replacer", move || {
                if words[0].replace(0, new, Ordering::AcqRel) {
                    words[1].fetch_add(new, Ordering::AcqRel);
                }
            })
        });
        replacers.into_iter().for_each(P::join);
        let (word, replaced) = (words[0].load(Ordering::Acquire), words[1].load(Ordering::Acquire));
        assert!(word == replaced && matches!(word, 1 | 2), "{word} {replaced}");
        words[0].store(7, Ordering::Release);
        assert_eq!(words[0].load(Ordering::Acquire), 7);
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
}

#[test]
fn a_word_is_replaced_once_on_loom() {
    a_word_is_replaced_once::<Loom>();
}

#[test]
fn a_word_is_replaced_once_on_shuttle() {
    a_word_is_replaced_once::<Shuttle>();
}

#[test]
fn a_word_is_replaced_once_on_ours() {
    a_word_is_replaced_once::<Engine>();
}

/// In no schedule, a removal comes between the check and the insertion: the entry exists at the end
/// only if the removal came first, and then the check saw its flag.
fn insert_if_and_its_check_are_one_step<P: Simulated>() {
    let search = P::explore(Budget::default(), || {
        let shared =
            Arc::new((P::Map::<u8, u8>::new(TierName::Other("map")), P::AtomicU64::new("removals", 0)));
        let remover = {
            let shared = shared.clone();
            P::spawn("remover", move || {
                shared.1.fetch_add(1, Ordering::Relaxed);
                shared.0.remove(&1);
            })
        };
        shared.0.insert_if(1, 1, || shared.1.load(Ordering::Relaxed) == 0);
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
            other.fetch_add(1, Ordering::SeqCst);
        });
        word.fetch_add(1, Ordering::SeqCst);
        P::join(adder);
    };
    let all = P::explore(Budget::default(), program);
    assert!(all.complete && all.executions > 1, "{all:?}");
    let most = all.executions - 1;
    let short = P::explore(Budget { schedules: Some(most), ..Budget::default() }, program);
    assert_eq!(short, Search { executions: most, complete: false });
    let enough = P::explore(Budget { schedules: Some(all.executions + 1), ..Budget::default() }, program);
    assert_eq!(enough, all);
    let late = P::explore(Budget { time: Some(Duration::ZERO), ..Budget::default() }, program);
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
fn loom_propagates_a_panic_of_a_thread() {
    Loom::explore(Budget::default(), || Loom::join(Loom::spawn("thread", || panic!("on purpose"))));
}

#[test]
#[should_panic(expected = "on purpose")]
fn shuttle_propagates_a_panic_of_a_thread() {
    Shuttle::explore(Budget::default(), || Shuttle::join(Shuttle::spawn("thread", || panic!("on purpose"))));
}

#[test]
#[should_panic(expected = "on purpose")]
fn ours_propagates_a_panic_of_a_thread() {
    Engine::explore(Budget::default(), || Engine::join(Engine::spawn("thread", || panic!("on purpose"))));
}
