//! Calls of the listener: which, when, and under no lock.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::fixture::{ByHand, Fixture, HandClock};
use crate::l1::{Bound, L1, RemovalCause};
use RemovalCause::{Expired, Explicit, Replaced, Size};

#[test]
fn each_removal_calls_the_listener_once_with_its_cause() {
    let fixture = Fixture::new(None, Some(Bound::weight(10, 10, |_, &value| value as u32)));
    fixture.tier.insert(1, 2, None);
    fixture.tier.insert(1, 3, Some(Duration::from_secs(10)));
    assert_eq!(fixture.notified(), [(1, 2, Replaced)]);
    fixture.set_clock(10);
    fixture.tier.insert(1, 4, None);
    assert_eq!(fixture.notified(), [(1, 3, Expired)]);
    fixture.tier.remove(&1);
    fixture.tier.remove(&1);
    assert_eq!(fixture.notified(), [(1, 4, Explicit)]);
    fixture.tier.insert(2, 6, None);
    fixture.tier.insert(3, 7, None);
    assert_eq!(fixture.notified(), [(2, 6, Size)]);
    assert!(!fixture.tier.insert_if(3, 8, None, || false));
    assert_eq!(fixture.notified(), []);
    fixture.tier.insert(4, 1, None);
    fixture.tier.clear();
    let mut notified = fixture.notified();
    notified.sort_by_key(|&(key, ..)| key);
    assert_eq!(notified, [(3, 7, Explicit), (4, 1, Explicit)]);
}

#[test]
fn without_a_bound_the_listener_is_called_too() {
    let fixture = Fixture::new(None, None);
    fixture.tier.insert(1, 1, None);
    fixture.tier.insert(1, 2, Some(Duration::from_secs(10)));
    assert!(fixture.tier.insert_if(1, 3, None, || true));
    assert!(!fixture.tier.insert_if(1, 4, None, || false));
    fixture.tier.insert(2, 5, Some(Duration::from_secs(10)));
    fixture.set_clock(10);
    assert!(fixture.tier.insert_if(2, 6, None, || true));
    fixture.tier.remove(&1);
    fixture.tier.clear();
    let notified = [(1, 1, Replaced), (1, 2, Replaced), (2, 5, Expired), (1, 3, Explicit), (2, 6, Explicit)];
    assert_eq!(fixture.notified(), notified);
}

#[test]
fn a_too_heavy_value_evicts_no_other() {
    let fixture = Fixture::new(None, Some(Bound::weight(10, 10, |_, &value| value as u32)));
    fixture.tier.insert(1, 4, None);
    fixture.tier.insert(2, 4, None);
    fixture.tier.insert(2, 11, None);
    assert_eq!(fixture.notified(), [(2, 4, Replaced), (2, 11, Size)]);
    assert_eq!(fixture.held(1..=2), [1]);
    assert!(!fixture.tier.insert_if(1, 11, None, || false));
    assert_eq!(fixture.notified(), []);
    assert_eq!(fixture.held([1]), [1]);
    assert_eq!(fixture.tier.eviction().weights(), (4, 4));
}

#[test]
fn a_new_value_may_have_another_weight() {
    let fixture = Fixture::new(None, Some(Bound::weight(10, 10, |_, &value| value as u32)));
    (1..=3).for_each(|key| fixture.tier.insert(key, 3, None));
    fixture.tier.insert(3, 7, None);
    assert_eq!(fixture.tier.get(&3), Some(7));
    assert_eq!(fixture.held(1..=3), [2, 3]);
    fixture.tier.insert(3, 0, None);
    assert_eq!(fixture.tier.eviction().weights().1, 4, "nothing weighs less than 1");
}

/// A tier that its own listener or values use.
type Own<V> = OnceLock<Weak<L1<u32, V, ByHand>>>;

fn all_of<V: Clone + Send + Sync + 'static>(own: &Own<V>) -> impl Fn() + use<'_, V> {
    move || {
        if let Some(tier) = own.get().and_then(Weak::upgrade) {
            // All shards: this would deadlock if the thread held one.
            (0..100).for_each(|key| tier.remove(&key));
        }
    }
}

#[test]
fn a_listener_may_use_the_tier() {
    for bound in [None, Some(Bound::entries(2))] {
        let own = Arc::<Own<u32>>::default();
        let its = own.clone();
        let tier = L1::new(HandClock::default(), None).on_removal(move |_, _, cause| {
            if cause != Explicit {
                all_of(&its)();
            }
        });
        let tier = Arc::new(match bound {
            Some(bound) => tier.bounded(bound),
            None => tier,
        });
        own.set(Arc::downgrade(&tier)).expect("it is empty");
        (0..8).for_each(|key| tier.insert(key, 0, None));
        (0..8).for_each(|key| tier.insert(key, 1, None));
        (0..8).for_each(|key| assert!(tier.insert_if(key, 2, None, || true)));
        tier.clear();
    }
}

/// A value whose destructor uses the tier that contains it.
struct Restless(Arc<dyn Fn() + Send + Sync>);

impl Drop for Restless {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_values_destructor_may_use_the_tier() {
    for bound in [None, Some(Bound::entries(2))] {
        let own = Arc::<Own<Arc<Restless>>>::default();
        let its = own.clone();
        let deed: Arc<dyn Fn() + Send + Sync> = Arc::new(move || all_of(&its)());
        let tier = L1::new(HandClock::default(), None);
        let tier = Arc::new(match bound {
            Some(bound) => tier.bounded(bound),
            None => tier,
        });
        own.set(Arc::downgrade(&tier)).expect("it is empty");
        let value = || Arc::new(Restless(deed.clone()));
        (0..8).for_each(|key| tier.insert(key, value(), None));
        tier.insert(1, value(), None);
        tier.insert(1, value(), None);
        assert!(tier.insert_if(1, value(), None, || true));
        assert!(!tier.insert_if(1, value(), None, || false));
        tier.remove(&1);
        tier.insert(1, value(), None);
        tier.clear();
    }
}

#[test]
fn a_listener_that_panics_leaves_the_accounting_right() {
    let tier = L1::<u32, u64, ByHand>::new(HandClock::default(), None)
        .bounded(Bound::entries(2))
        .on_removal(|&key, _, _| assert_ne!(key, 1, "on purpose"));
    let insert = |key| tier.insert(key, 0, None);
    let panics = |action: &dyn Fn()| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(action)).expect_err("it panics");
    };
    (1..=2).for_each(insert);
    panics(&|| insert(3));
    assert_eq!((tier.get(&1), tier.eviction().weights().1), (None, 2));
    insert(1);
    panics(&|| tier.remove(&1));
    assert_eq!((tier.get(&1), tier.eviction().weights().1), (None, 1));
}
