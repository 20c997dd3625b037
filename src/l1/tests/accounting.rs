//! Random programs: values are returned as they were inserted, the bound holds after each
//! operation, and the eviction state agrees with the map.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;

use super::fixture::{Fixture, HandClock, Tier};
use crate::l1::tag::Tag;
use crate::l1::{Bound, Cached};

const KEYS: u32 = 24;

#[derive(Clone, Debug)]
enum Operation {
    Get(u32),
    Insert { key: u32, weight: u64, lives: Option<u64> },
    InsertIf { key: u32, weight: u64, holds: bool },
    Remove(u32),
    Clear,
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    let key = || 0..KEYS;
    let weight = || 0..6_u64;
    prop_oneof![
        8 => key().prop_map(Operation::Get),
        6 => (key(), weight(), prop::option::of(0..8_u64))
            .prop_map(|(key, weight, lives)| Operation::Insert { key, weight, lives }),
        2 => (key(), weight(), any::<bool>())
            .prop_map(|(key, weight, holds)| Operation::InsertIf { key, weight, holds }),
        4 => key().prop_map(Operation::Remove),
        1 => Just(Operation::Clear),
        2 => (0..4_u64).prop_map(Operation::Wait),
    ]
}

/// Makes a unique value that contains its weight.
fn value(fresh: u64, weight: u64) -> u64 {
    fresh * 10 + weight
}

fn by_value(_: &u32, value: &u64) -> u32 {
    (value % 10) as u32
}

/// Returns the entries. No other thread uses the tier now, so that the bound holds, the accounted
/// weight is that of the entries, and each entry has exactly one node, without which it could not
/// be evicted.
fn audit(tier: &Tier) -> Vec<(u32, Cached<u64>)> {
    let held: Vec<_> = (0..KEYS).filter_map(|key| Some((key, tier.peek(&key)?))).collect();
    let weight = |of: &dyn Fn(Tag) -> bool| {
        let tags = held.iter().map(|&(_, (_, tag))| tag).filter(|&tag| of(tag));
        tags.map(|tag| u64::from(tag.weight())).sum::<u64>()
    };
    let (on_probation, all) = (weight(&|tag| !tag.is_main()), weight(&|_| true));
    assert_eq!(tier.eviction().weights(), (on_probation, all));
    assert!(all <= tier.capacity(), "{all} of {}", tier.capacity());
    let nodes = tier.eviction().nodes();
    for (key, (_, tag)) in &held {
        assert_eq!(nodes.iter().filter(|&node| *node == (*key, tag.ticket())).count(), 1, "nodes of {key}");
    }
    held.into_iter().map(|(key, (cached, _))| (key, cached)).collect()
}

/// The inserted entries, without a bound: value and expiry time.
type Model = BTreeMap<u32, (u64, Option<u64>)>;

/// Runs the program, and compares the tier with the model after each operation.
fn run(program: &[Operation], bound: Bound<u32, u64>) {
    let fixture = Fixture::new(None, Some(bound));
    let (tier, mut model, mut now, mut inserted, mut notified) = (&fixture.tier, Model::new(), 0, 0, 0);
    for (fresh, operation) in (0..).zip(program) {
        match *operation {
            Operation::Get(key) => {
                if let Some(found) = tier.get(&key) {
                    let (value, expires_at) = model[&key];
                    assert_eq!(found, value);
                    assert!(expires_at.is_none_or(|deadline| now < deadline), "it has expired");
                }
            }
            Operation::Insert { key, weight, lives } => {
                let expires_at = lives.map(|lives| now + lives);
                tier.insert(key, value(fresh, weight), expires_at.map(Duration::from_secs));
                model.insert(key, (value(fresh, weight), expires_at));
                inserted += 1;
            }
            Operation::InsertIf { key, weight, holds } => {
                assert_eq!(tier.insert_if(key, value(fresh, weight), None, || holds), holds);
                if holds {
                    model.insert(key, (value(fresh, weight), None));
                    inserted += 1;
                }
            }
            Operation::Remove(key) => {
                tier.remove(&key);
                assert!(tier.peek(&key).is_none());
                model.remove(&key);
            }
            Operation::Clear => {
                tier.clear();
                assert_eq!(fixture.held(0..KEYS), [0_u32; 0]);
                model.clear();
            }
            Operation::Wait(seconds) => {
                now += seconds;
                fixture.set_clock(now);
            }
        }
        let held = audit(tier);
        for (key, cached) in &held {
            let (value, expires_at) = model[key];
            assert_eq!((*cached.value(), cached.expires_at()), (value, expires_at.map(Duration::from_secs)));
        }
        notified += fixture.notified().len();
        assert_eq!(notified + held.len(), inserted, "each inserted entry is there or was reported");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_accounting_is_right_by_entries(
        program in prop::collection::vec(operation(), 0..300),
        capacity in 0..10_u64,
    ) {
        run(&program, Bound::entries(capacity));
    }

    #[test]
    fn the_accounting_is_right_by_weight(
        program in prop::collection::vec(operation(), 0..300),
        capacity in 0..30_u64,
    ) {
        run(&program, Bound::weight(capacity, 6, by_value));
    }
}

/// Each entry that is removed and reinserted leaves a dead node. They do not accumulate.
#[test]
fn dead_nodes_do_not_accumulate() {
    const ENTRIES: u32 = 100;
    for capacity in [u64::from(ENTRIES) + 1, 10 * u64::from(ENTRIES)] {
        let fixture = Fixture::of(capacity);
        (0..ENTRIES).for_each(|key| fixture.put(key));
        let mut most = 0;
        for step in 0..100_000_u32 {
            // Some keys more often than others, some reads in between, and occasionally a new key.
            let key = step.wrapping_mul(2_654_435_761) % (1 + step % ENTRIES);
            if step % 3 == 0 {
                fixture.has((key + 7) % ENTRIES);
            }
            fixture.tier.remove(&key);
            fixture.put(key);
            if step % 50 == 0 {
                fixture.put(ENTRIES + step);
                fixture.tier.remove(&(ENTRIES + step));
            }
            if step % 100 == 0 {
                most = most.max(fixture.tier.eviction().nodes().len());
            }
        }
        assert_eq!(fixture.held(0..ENTRIES).len(), ENTRIES as usize);
        assert!(most <= 3 * ENTRIES as usize, "{most} nodes for {ENTRIES} entries");
    }
}

#[test]
fn the_accounting_is_right_once_all_threads_are_done() {
    const THREADS: u64 = 4;
    for round in 0..20 {
        let capacity = [1, 3, 40, 1_000][round % 4];
        let notified = Arc::new(AtomicU64::new(0));
        let counted = notified.clone();
        let tier = Tier::new(HandClock::default(), None)
            .bounded(Bound::weight(capacity, 16, by_value))
            .on_removal(move |_, _, _| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        let (tier, start) = (Arc::new(tier), Arc::new(Barrier::new(THREADS as usize)));
        let threads = (0..THREADS).map(|thread| {
            let (tier, start) = (tier.clone(), start.clone());
            thread::spawn(move || {
                let mut random = thread * 1_000_003 + round as u64 + 1;
                let mut inserted = 0;
                start.wait();
                for fresh in 0..3_000 {
                    // xorshift: Marsaglia, "Xorshift RNGs" (2003).
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let key = (random >> 8) as u32 % KEYS;
                    match random % 8 {
                        0..4 => {
                            tier.get(&key);
                        }
                        4 | 5 => {
                            tier.insert(key, value(fresh, random % 6), None);
                            inserted += 1;
                        }
                        6 => {
                            inserted +=
                                u64::from(tier.insert_if(key, value(fresh, 1), None, || fresh % 2 == 0));
                        }
                        _ => tier.remove(&key),
                    }
                }
                inserted
            })
        });
        let inserted: u64 =
            threads.collect::<Vec<_>>().into_iter().map(|it| it.join().expect("it does not panic")).sum();
        let held = audit(&tier);
        assert_eq!(notified.load(Ordering::Relaxed) + held.len() as u64, inserted);
    }
}
