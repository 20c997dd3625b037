//! Loads from the source of truth.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{ASKED, Bench, Cache, Fate};
use crate::remote::Outcome;
use crate::{Cause, Operation, RemoteFailure, Stats};

fn loader(value: u32) -> impl FnOnce() -> Result<Option<u32>, Infallible> {
    move || Ok(Some(value))
}

fn unneeded() -> Result<Option<u32>, Infallible> {
    panic!("it is there")
}

#[test]
fn the_remote_tier_receives_the_time_to_live() {
    let bench = Bench::new(|builder| builder.remote_ttl(Duration::from_secs(10)));
    let ttl = |key| bench.redis.data.lock().unwrap()[key].1.expect("it expires");
    bench.cache.blocking().set(&"k", &1).unwrap();
    bench.cache.blocking().set_with_ttl(&"other", &1, Duration::from_secs(3)).unwrap();
    bench.cache.blocking().get_or_load(&"loaded", loader(1)).unwrap();
    assert_eq!(["k", "other", "loaded"].map(ttl).map(|ttl| ttl.as_secs()), [10, 3, 10]);
}

#[test]
fn futures_can_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let bench = Bench::holding(1);
    send(bench.cache.get(&"k"));
    send(bench.cache.set(&"k", &2));
    send(bench.cache.delete(&"k"));
    send(bench.cache.get_many(&["k"]));
    send(bench.cache.get_or_load(&"k", || async { Ok::<_, Infallible>(None) }));
    send(bench.cache.settle());
}

#[test]
fn a_value_that_redis_lacks_is_loaded() {
    let bench = Bench::new(|builder| builder.absent_ttl(Duration::from_secs(5)));
    assert_eq!(bench.read(), (None, ASKED));
    let cache = bench.cache.blocking();
    assert_eq!(cache.get_or_load(&"k", loader(7)).unwrap(), Some(7));
    assert_eq!((bench.redis.holds("k"), bench.read()), (Some(7), (Some(7), !ASKED)));
    // An absence at the source is cached for all kinds of reads.
    assert_eq!(cache.get_or_load(&"other", || Ok::<_, Infallible>(None)).unwrap(), None);
    assert_eq!(cache.get_or_load(&"other", unneeded).unwrap(), None);
    assert_eq!(cache.get(&"other").unwrap(), None);
}

#[test]
fn a_value_is_loaded_only_if_neither_tier_has_it() {
    let bench = Bench::holding(1);
    let cache = bench.cache.blocking();
    assert_eq!(cache.get_or_load(&"k", unneeded).unwrap(), Some(1));
    assert_eq!(bench.read(), (Some(1), !ASKED));
    assert_eq!(cache.get_or_load(&"k", unneeded).unwrap(), Some(1));
    assert_eq!(cache.get_or_load(&"other", loader(2)).unwrap(), Some(2));
    assert_eq!(bench.redis.holds("other"), Some(2));
    assert_eq!(cache.get_or_load(&"other", unneeded).unwrap(), Some(2));
}

#[test]
fn a_write_during_a_load_keeps_its_value_out_of_both_tiers() {
    let bench = Bench::new(|builder| builder);
    let cache = bench.cache.clone();
    let load = move || {
        cache.blocking().set(&"k", &2).unwrap();
        Ok::<_, Infallible>(Some(1))
    };
    assert_eq!(bench.cache.blocking().get_or_load(&"k", load).unwrap(), Some(1));
    assert_eq!(bench.redis.holds("k"), Some(2));
    assert_eq!(bench.read(), (Some(2), ASKED));
}

#[test]
fn a_notification_during_a_read_or_a_load_prevents_the_fill() {
    let notifications: [fn(&Cache); 2] = [|cache| cache.invalidate(&"k"), |cache| cache.invalidate_all()];
    for notify in notifications {
        let bench = Bench::holding(1);
        let cache = bench.cache.clone();
        let (redis, other) = (bench.redis.clone(), bench.cache.clone());
        bench.next(Fate::Meanwhile(Box::new(move || {
            redis.put("k", 2);
            notify(&cache);
        })));
        assert_eq!(bench.read(), (Some(1), ASKED));
        assert_eq!(bench.read(), (Some(2), ASKED));
        assert_eq!(bench.read(), (Some(2), !ASKED));
        bench.redis.put("k", 3);
        notify(&bench.cache);
        assert_eq!(bench.read(), (Some(3), ASKED));

        bench.redis.data.lock().unwrap().clear();
        notify(&bench.cache);
        let load = move || {
            notify(&other);
            Ok::<_, Infallible>(Some(3))
        };
        assert_eq!(bench.cache.blocking().get_or_load(&"k", load).unwrap(), Some(3));
        assert!(bench.redis.holds("k").is_none() && !bench.cache.contains_local(&"k"));
    }
}

#[test]
fn a_write_waits_for_a_fill_of_redis() {
    let bench = Bench::new(|builder| builder);
    let mut context = Context::from_waker(Waker::noop());
    // The SET of the fill stays pending.
    bench.next(Fate::Answer);
    bench.next(Fate::Hang);
    let mut load = Box::pin(bench.cache.get_or_load(&"k", || async { Ok::<_, Infallible>(Some(1)) }));
    assert!(load.as_mut().poll(&mut context).is_pending());
    let mut write = pin!(bench.cache.set(&"k", &2));
    assert!(write.as_mut().poll(&mut context).is_pending());
    assert_eq!(bench.redis.holds("k"), None);
    // The fill is lost, and `settle` fails. The write proceeds, and reads of the key are not
    // cached.
    drop(load);
    assert!(write.as_mut().poll(&mut context).is_ready());
    assert_eq!(bench.redis.holds("k"), Some(2));
    assert_eq!((bench.read(), bench.read()), ((Some(2), ASKED), (Some(2), ASKED)));
    bench.redis.settles.store(true, Ordering::Relaxed);
    assert_eq!((bench.read(), bench.read()), ((Some(2), ASKED), (Some(2), !ASKED)));
}

/// A load whose fill is pending, and that is not polled any more. The fill has this fate when it is
/// polled again.
macro_rules! stalled_load {
    ($bench:ident, $fate:expr, $key:expr) => {{
        $bench.next(Fate::Answer);
        $bench.next(Fate::Later(Box::new($fate)));
        let mut load = Box::pin($bench.cache.get_or_load($key, || async { Ok::<_, Infallible>(Some(1)) }));
        assert!(load.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        load
    }};
}

#[test]
fn a_write_executes_the_fill_of_a_load_that_is_not_polled() {
    let bench = Bench::new(|builder| builder);
    let mut context = Context::from_waker(Waker::noop());
    let mut load = stalled_load!(bench, Fate::Answer, &"k");
    let mut write = pin!(bench.cache.set(&"k", &2));
    assert!(write.as_mut().poll(&mut context).is_ready());
    assert_eq!(bench.redis.holds("k"), Some(2));
    // The load returns its value, but does not cache it.
    let Poll::Ready(loaded) = load.as_mut().poll(&mut context) else { panic!("its fill has ended") };
    assert_eq!(loaded.unwrap(), Some(1));
    assert_eq!((bench.read(), bench.read()), ((Some(2), ASKED), (Some(2), !ASKED)));
}

#[test]
fn a_fill_that_fails_in_a_write_is_lost_if_it_may_still_arrive() {
    for outcome in [Outcome::NotApplied, Outcome::Over, Outcome::Unknown] {
        let bench = Bench::new(|builder| builder);
        let load = stalled_load!(bench, Fate::Fail(outcome), &"k");
        bench.cache.blocking().set(&"k", &2).unwrap();
        let is_lost = outcome == Outcome::Unknown;
        assert_eq!((bench.read(), bench.read()), ((Some(2), ASKED), (Some(2), is_lost)), "{outcome:?}");
        drop(load);
        bench.redis.settles.store(true, Ordering::Relaxed);
        assert_eq!((bench.read().1, bench.read().1), (is_lost, !ASKED), "{outcome:?}");
    }
}

#[test]
fn a_write_of_several_keys_carries_out_the_fills_of_all() {
    let bench = Bench::new(|builder| builder.derive(|key| if *key == "k" { vec!["d", "e"] } else { vec![] }));
    let loads = (stalled_load!(bench, Fate::Answer, &"e"), stalled_load!(bench, Fate::Answer, &"d"));
    bench.cache.blocking().set(&"k", &2).unwrap();
    assert_eq!(["k", "d", "e"].map(|key| bench.redis.holds(key)), [Some(2), None, None]);
    drop(loads);
    assert_eq!((bench.read(), bench.read()), ((Some(2), ASKED), (Some(2), !ASKED)));
}

#[test]
fn a_write_that_finds_a_polled_fill_is_woken_when_the_fill_ends() {
    let bench = Bench::new(|builder| builder);
    let (first, second) = (Arc::<Bell>::default(), Arc::<Bell>::default());
    // The second write begins while the first one polls the fill.
    let other: &'static Cache = Box::leak(Box::new(bench.cache.clone()));
    let waiting = Arc::new(Mutex::new(Box::pin(other.set(&"k", &3))));
    let (its, bell) = (waiting.clone(), second.clone());
    let poll = move || {
        let waker = bell.clone().into();
        assert!(its.lock().unwrap().as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    };
    let load = stalled_load!(bench, Fate::Meanwhile(Box::new(poll)), &"k");
    let waker = first.clone().into();
    let mut write = pin!(bench.cache.set(&"k", &2));
    assert!(write.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(second.0.load(Ordering::Relaxed), 1);
    let waker = second.clone().into();
    assert!(waiting.lock().unwrap().as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(bench.redis.holds("k"), Some(3));
    drop(load);
}

#[test]
fn a_load_and_the_writes_that_wait_for_its_fill_are_woken_by_it() {
    let bench = Bench::new(|builder| builder);
    let given = Arc::<Mutex<Option<Waker>>>::default();
    bench.next(Fate::Answer);
    bench.next(Fate::Given(given.clone()));
    let bells: [Arc<Bell>; 3] = Default::default();
    let [first, second, third] = bells.clone().map(Waker::from);
    let mut load = Box::pin(bench.cache.get_or_load(&"k", || async { Ok::<_, Infallible>(Some(1)) }));
    assert!(load.as_mut().poll(&mut Context::from_waker(&first)).is_pending());
    let mut writes = [2, 3].map(|value| {
        let cache = bench.cache.clone();
        Box::pin(async move { cache.set(&"k", &value).await })
    });
    for (write, waker) in writes.iter_mut().zip([&second, &third]) {
        assert!(write.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    given.lock().unwrap().take().expect("it was polled").wake();
    assert_eq!(bells.map(|bell| bell.0.load(Ordering::Relaxed)), [1, 1, 1]);
}

#[derive(Default)]
struct Bell(AtomicU32);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_write_that_is_dropped_before_its_command_is_sent_is_no_write() {
    let bench = Bench::new(|builder| builder);
    let mut context = Context::from_waker(Waker::noop());
    bench.next(Fate::Answer);
    bench.next(Fate::Hang);
    let mut load = Box::pin(bench.cache.get_or_load(&"k", || async { Ok::<_, Infallible>(Some(1)) }));
    assert!(load.as_mut().poll(&mut context).is_pending());
    {
        let mut write = pin!(bench.cache.set(&"k", &2));
        assert!(write.as_mut().poll(&mut context).is_pending());
    }
    drop(load);
    bench.redis.settles.store(true, Ordering::Relaxed);
    bench.redis.put("k", 3);
    assert_eq!((bench.read(), bench.read()), ((Some(3), ASKED), (Some(3), !ASKED)));
}

#[test]
fn a_fill_that_fails_does_not_fail_the_read() {
    for outcome in [Outcome::NotApplied, Outcome::Over, Outcome::Unknown] {
        let bench = Bench::new(|builder| builder);
        bench.next(Fate::Answer);
        bench.next(Fate::Fail(outcome));
        let cache = bench.cache.blocking();
        assert_eq!(cache.get_or_load(&"k", loader(1)).unwrap(), Some(1));
        assert_eq!(bench.cache.stats().errors, 1);
        // The value is in neither tier; the stripe is open only while the fill may take effect.
        assert_eq!(cache.get_or_load(&"k", loader(2)).unwrap(), Some(2));
        assert_eq!(bench.redis.holds("k").is_none(), outcome == Outcome::Unknown, "{outcome:?}");
    }
}

#[test]
fn a_remote_tier_that_is_down_fails_a_load_or_is_passed_over() {
    let bench = Bench::new(|builder| builder);
    bench.next(Fate::Fail(Outcome::NotApplied));
    let error = bench.cache.blocking().get_or_load(&"k", unneeded).expect_err("it fails");
    assert_eq!((error.operation(), error.keys()), (Operation::GetOrLoad, &["k"][..]));
    assert!(matches!(error.cause(), Cause::Remote(_)));

    let bench = Bench::new(|builder| builder.remote_failure(RemoteFailure::Load));
    bench.next(Fate::Fail(Outcome::NotApplied));
    assert_eq!(bench.cache.blocking().get_or_load(&"k", loader(1)).unwrap(), Some(1));
    assert_eq!(bench.redis.holds("k"), None);
    assert_eq!(bench.cache.blocking().get_or_load(&"k", unneeded).unwrap(), Some(1));
}

#[test]
fn a_failed_load_returns_its_error_and_caches_nothing() {
    let bench = Bench::new(|builder| builder.absent_ttl(Duration::MAX));
    let fails = || Err::<Option<u32>, _>("no such table");
    let error = bench.cache.blocking().get_or_load(&"k", fails).expect_err("it fails");
    let Cause::Loader(its) = error.cause() else { panic!("{error:?}") };
    assert_eq!(its.to_string(), "no such table");
    assert_eq!(bench.cache.blocking().get_or_load(&"k", loader(1)).unwrap(), Some(1));
}

#[test]
fn a_loader_that_panics_leaves_the_key_to_others() {
    let bench = Bench::new(|builder| builder);
    let cache = bench.cache.blocking();
    let load = || -> Result<_, Infallible> { panic!("the loader's own") };
    let panic = catch_unwind(AssertUnwindSafe(|| cache.get_or_load(&"k", load))).expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&"the loader's own"));
    assert_eq!(cache.get_or_load(&"k", loader(1)).unwrap(), Some(1));
}

#[test]
fn a_value_derived_from_an_old_version_is_not_cached() {
    let bench = Bench::new(|builder| builder.derive(|key| (*key == "user").then_some("profile")));
    bench.redis.put("user", 1);
    let cache = bench.cache.clone();
    let load = move || {
        let user = cache.blocking().get(&"user").unwrap();
        cache.blocking().set(&"user", &2).unwrap();
        Ok::<_, Infallible>(user)
    };
    assert_eq!(bench.cache.blocking().get_or_load(&"profile", load).unwrap(), Some(1));
    assert!(bench.redis.holds("profile").is_none() && !bench.cache.contains_local(&"profile"));
}

#[test]
fn operations_are_counted() {
    let bench = Bench::holding(1);
    bench.read();
    bench.read();
    let cache = bench.cache.clone();
    bench.next(Fate::Meanwhile(Box::new(move || cache.blocking().set(&"other", &2).unwrap())));
    bench.cache.blocking().get(&"other").unwrap();
    let cache = bench.cache.clone();
    let load = move || {
        cache.invalidate(&"third");
        Ok::<_, Infallible>(Some(3))
    };
    bench.cache.blocking().get_or_load(&"third", load).unwrap();
    bench.cache.blocking().get_or_load(&"third", || Err::<Option<u32>, _>("down")).expect_err("it fails");
    bench.next(Fate::Fail(Outcome::Unknown));
    bench.cache.blocking().get_many(&["fifth", "k"]).expect_err("it fails");
    let expected = Stats { hits: 2, misses: 5, fills: 1, refused: 1, evictions: 0, loads: 2, errors: 2 };
    assert_eq!(bench.cache.stats(), expected);
}
