//! The eviction code of the local tier, in every schedule of small programs: the bound holds at the
//! end, eviction can reach every entry, and a fenced fill stays fenced.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selvedge::RemovalCause;
use selvedge::parts::{Bound, L1, Stripes};
use selvedge::sync::{Map, TierName};
use selvedge_sim::backends::{Engine, Loom, Search, Shuttle, Simulated};
use selvedge_sim::verdict::Budget;

type Tier<P> = L1<u8, u8, P>;

fn tier<P: Simulated>(capacity: u64) -> Tier<P> {
    Tier::new(P::clock(false), None).bounded(Bound::entries(capacity))
}

/// The keys that have an entry.
fn held<P: Simulated>(tier: &Tier<P>, keys: impl IntoIterator<Item = u8>) -> Vec<u8> {
    keys.into_iter().filter(|key| tier.get(key).is_some()).collect()
}

/// The tier has room for one entry, and no other thread uses it. Each new entry evicts the previous
/// one: an entry that is in no queue would stay.
fn new_ones_drive_out_the_old<P: Simulated>(tier: &Tier<P>, old: u8) {
    for key in [100, 101, 102] {
        tier.insert(key, key, None);
        assert_eq!(held(tier, (0..old).chain(100..=key)), [key]);
    }
}

fn spawn_all<P: Simulated>(tier: &Arc<Tier<P>>, bodies: impl IntoIterator<Item = fn(&Tier<P>)>)
where
    P::Clock: 'static,
{
    let spawn = |body: fn(&Tier<P>)| {
        let tier = Arc::clone(tier);
        P::spawn("task", move || body(&tier))
    };
    let handles: Vec<_> = bodies.into_iter().map(spawn).collect();
    handles.into_iter().for_each(P::join);
}

/// Explores the program on a tier for one entry. At the end, at most one key below `keys` has an
/// entry.
#[track_caller]
fn check<P: Simulated>(keys: u8, bodies: &[fn(&Tier<P>)]) -> Search
where
    P::Clock: 'static,
{
    let bodies = bodies.to_vec();
    let search = P::explore(Budget::default(), move || {
        let tier = Arc::new(tier::<P>(1));
        spawn_all(&tier, bodies.iter().copied());
        assert!(held(&tier, 0..keys).len() <= 1);
        new_ones_drive_out_the_old(&tier, keys);
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
    search
}

fn two_insertions<P: Simulated>() -> Search
where
    P::Clock: 'static,
{
    check::<P>(2, &[|tier| tier.insert(0, 0, None), |tier| tier.insert(1, 1, None)])
}

#[test]
fn two_insertions_leave_one_on_ours() {
    two_insertions::<Engine>();
}

/// With the real memory orderings. loom cannot explore all of it: this is a sample.
#[test]
fn two_insertions_leave_one_entry_in_the_executions_of_loom() {
    let budget = Budget { schedules: Some(2_000), ..Budget::default() };
    Loom::explore(budget, || {
        let tier = Arc::new(tier::<Loom>(1));
        spawn_all(
            &tier,
            [|tier: &Tier<_>| tier.insert(0, 0, None), |tier: &Tier<_>| tier.insert(1, 1, None)],
        );
        assert!(held(&tier, 0..2).len() <= 1);
        new_ones_drive_out_the_old(&tier, 2);
    });
}

#[test]
fn an_insertion_a_hit_and_a_removal() {
    check::<Engine>(
        2,
        &[
            |tier| tier.insert(0, 0, None),
            |tier| {
                tier.insert(1, 1, None);
                tier.get(&1);
            },
            |tier| tier.remove(&0),
        ],
    );
}

#[test]
fn a_key_that_is_inserted_while_its_old_node_is_inspected() {
    check::<Engine>(
        2,
        &[
            |tier| {
                tier.insert(0, 0, None);
                tier.remove(&0);
                tier.insert(0, 1, None);
            },
            |tier| tier.insert(1, 1, None),
        ],
    );
}

/// At the end, each inserted value is in the tier, or its eviction was reported, exactly once.
#[test]
fn each_removal_is_reported_once() {
    let search = Engine::explore(Budget::default(), || {
        let evicted = Arc::new(AtomicU64::new(0));
        let counted = evicted.clone();
        let tier = tier::<Engine>(1).on_removal(move |_, _, cause| {
            assert_ne!(cause, RemovalCause::Expired);
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let tier = Arc::new(tier);
        spawn_all(
            &tier,
            [
                |tier: &Tier<_>| tier.insert(0, 0, None),
                |tier: &Tier<_>| {
                    tier.insert(0, 1, None);
                    tier.remove(&0);
                },
            ],
        );
        assert_eq!(evicted.load(Ordering::Relaxed) + held(&tier, 0..1).len() as u64, 2);
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
}

/// The protocol of `tiered.rs` on a tier for one entry: a read of one key and a write of it, while
/// a read of another key evicts.
#[test]
fn no_eviction_brings_back_an_old_value() {
    struct Cache {
        l1: Tier<Engine>,
        stripes: Stripes<Engine>,
        redis: <Engine as selvedge::sync::Primitives>::Map<u8, u8>,
    }

    impl Cache {
        fn get(&self, key: u8) -> Option<u8> {
            if let Some(value) = self.l1.get(&key) {
                return Some(value);
            }
            let stripe = &self.stripes[self.stripes.of(&key)];
            let token = stripe.token();
            let value = self.redis.get(&key)?;
            if token.is_closed() {
                self.l1.insert_if(key, value, None, || stripe.is_at(token));
            }
            Some(value)
        }

        fn set(&self, key: u8, value: u8) {
            let stripe = &self.stripes[self.stripes.of(&key)];
            stripe.open();
            self.l1.remove(&key);
            self.redis.insert(key, value);
            stripe.close();
        }
    }

    let search = Engine::explore(Budget::default(), || {
        let cache = Arc::new(Cache {
            l1: tier::<Engine>(1),
            stripes: Stripes::new(NonZeroUsize::MIN.saturating_add(7)),
            redis: Map::new(TierName::Remote),
        });
        for key in [0, 1] {
            cache.redis.insert(key, 1);
        }
        let bodies: [fn(&Cache); 3] = [
            |cache| assert!(cache.get(0) >= Some(1)),
            |cache| cache.set(0, 2),
            |cache| cache.l1.insert(1, 1, None),
        ];
        let handles = bodies.map(|body| {
            let cache = Arc::clone(&cache);
            Engine::spawn("task", move || body(&cache))
        });
        handles.into_iter().for_each(Engine::join);
        assert_eq!((cache.get(0), cache.get(1)), (Some(2), Some(1)));
        new_ones_drive_out_the_old(&cache.l1, 2);
    });
    assert!(search.complete && search.executions > 1, "{search:?}");
}

#[test]
fn many_tasks_on_shuttle_stay_within_the_bound() {
    let budget = Budget { schedules: Some(2_000), ..Budget::default() };
    Shuttle::explore(budget, || {
        let tier = Arc::new(tier::<Shuttle>(1));
        let body: fn(&Tier<Shuttle>) = |tier| {
            for key in 0..4 {
                tier.insert(key, key, None);
                tier.get(&(key / 2));
                tier.remove(&(key / 3));
            }
        };
        spawn_all(&tier, [body; 4]);
        assert!(held(&tier, 0..4).len() <= 1);
        new_ones_drive_out_the_old(&tier, 4);
    });
}
