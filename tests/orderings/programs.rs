//! The programs: each holds if all orderings of the core are as they ship.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::{Mutex, PoisonError};

use selvedge::parts::{Lookup, Stripes};
use selvedge::sync::{AtomicU64 as _, Primitives};
use selvedge::{Builder, TieredCache};

use crate::checker::Checker;
use crate::remote::Unordered;
use crate::weaker::Weaker;

type Cache<C> = TieredCache<(), u64, Unordered<C>, Weaker<C>>;

/// An atomic of the program, not of the core.
type Word<C> = <C as Primitives>::AtomicU64;

fn word<C: Checker>() -> Arc<Word<C>> {
    Arc::new(Word::<C>::new("a word", 0))
}

fn cache<C: Checker>(remote: &Unordered<C>) -> Arc<Cache<C>> {
    let cache = Builder::new(remote.clone()).single_process().stripes(NonZeroUsize::MIN);
    Arc::new(cache.build_with_clock(C::clock(false)))
}

/// Runs the body on a separate thread.
fn spawn<C: Checker, T: Send + Sync + 'static>(
    shared: &Arc<T>,
    body: impl FnOnce(&T) + Send + 'static,
) -> C::JoinHandle {
    let shared = Arc::clone(shared);
    C::spawn("other", move || body(&shared))
}

fn read<C: Checker>(cache: &Cache<C>) {
    Weaker::<C>::block_on(cache.get(&())).expect("reads do not fail");
}

/// Checks that the cache does not store the old version, after all operations have ended and 1 was
/// written.
fn is_not_stale<C: Checker>(cache: &Cache<C>) {
    assert_ne!(cache.l1().get(&()), Some(Lookup::Value(0)));
}

/// A read whose token has the close sees the write before it in Redis.
pub(crate) fn a_read_and_a_write<C: Checker>() {
    let cache = cache(&Unordered::<C>::new());
    let reader = spawn::<C, _>(&cache, read);
    let writer = spawn::<C, _>(&cache, |cache| {
        Weaker::<C>::block_on(cache.set(&(), &1)).expect("it is written");
    });
    C::join(reader);
    C::join(writer);
    is_not_stale(&cache);
}

/// A read whose token has the notification of another node's write sees that write.
pub(crate) fn a_read_and_a_notification<C: Checker>() {
    let remote = Unordered::<C>::new();
    let cache = cache(&remote);
    let reader = spawn::<C, _>(&cache, read);
    let notification = spawn::<C, _>(&cache, move |cache| {
        remote.value.store(1, Relaxed);
        cache.invalidate(&());
    });
    C::join(reader);
    C::join(notification);
    is_not_stale(&cache);
}

/// A lost write publishes nothing; the task that settles it does, after it held the lock of the
/// lost writes. So the lost write's own step is relaxed.
pub(crate) fn a_read_and_a_lost_write_that_is_settled<C: Checker>() {
    let cache = cache(&Unordered::<C> { loses: true, ..Unordered::new() });
    let reader = spawn::<C, _>(&cache, read);
    let writer = spawn::<C, _>(&cache, |cache| {
        Weaker::<C>::block_on(cache.set(&(), &1)).expect_err("it is lost");
    });
    C::join(reader);
    C::join(writer);
    is_not_stale(&cache);
}

/// A read whose token has the settling of a lost write sees the outcome of that write.
pub(crate) fn a_read_after_a_lost_write_is_settled<C: Checker>() {
    let stripes = Arc::new(Stripes::<Weaker<C>>::new(NonZeroUsize::MIN));
    let [redis, arrived] = [0; 2].map(|_| word::<C>());
    stripes[0].open();
    stripes[0].lose();
    let network = {
        let (redis, arrived) = (Arc::clone(&redis), Arc::clone(&arrived));
        C::spawn("network", move || {
            redis.store(1, Relaxed);
            arrived.store(1, Release);
        })
    };
    let settles = spawn::<C, _>(&stripes, move |stripes| {
        if arrived.load(Acquire) == 1 {
            stripes[0].settle();
        }
    });
    if stripes[0].token().is_closed() {
        assert_eq!(redis.load(Relaxed), 1);
    }
    C::join(network);
    C::join(settles);
}

/// A write's command follows every fill of Redis that ended before the write opened, or for whose
/// end it waited.
pub(crate) fn a_fill_of_redis_and_a_write<C: Checker>() {
    let stripes = Arc::new(Stripes::<Weaker<C>>::new(NonZeroUsize::MIN));
    let [source, redis] = [0; 2].map(|_| word::<C>());
    let fills = {
        let (source, redis) = (Arc::clone(&source), Arc::clone(&redis));
        spawn::<C, _>(&stripes, move |stripes| {
            let token = stripes[0].token();
            let loaded = source.load(Relaxed);
            if token.is_closed() && stripes[0].begin_fill(token).is_some() {
                redis.store(loaded, Relaxed);
                stripes[0].end_fill();
            }
        })
    };
    let writes = {
        let (stripes, redis) = (Arc::clone(&stripes), Arc::clone(&redis));
        C::spawn("writes", move || {
            source.store(1, Relaxed);
            if stripes[0].open().is_filling() {
                let filling = Arc::clone(&stripes);
                C::wait_while(move || filling[0].token().is_filling());
            }
            redis.store(1, Relaxed);
            stripes[0].close();
        })
    };
    C::join(fills);
    C::join(writes);
    assert_eq!(redis.load(Relaxed), 1);
}

/// A fill that makes a generation publishes its value: a later fill whose token has the generation
/// sees what the first one has read.
pub(crate) fn two_fills_of_which_one_makes_a_generation<C: Checker>() {
    let stripes = Arc::new(Stripes::<Weaker<C>>::new(NonZeroUsize::MIN));
    let redis = word::<C>();
    let fills = {
        let redis = Arc::clone(&redis);
        spawn::<C, _>(&stripes, move |stripes| {
            let token = stripes[0].token();
            redis.store(1, Relaxed);
            stripes[0].advance_from(token);
        })
    };
    let start = <Stripes<Weaker<C>>>::new(NonZeroUsize::MIN)[0].token();
    let token = stripes[0].token();
    if token != start {
        assert_eq!(redis.load(Relaxed), 1);
    }
    C::join(fills);
}

/// The name of the sum in [`a_sum_and_a_queue`].
pub(crate) const USED: &str = "L1.used";

/// The bound of the local tier, reduced: one thread adds to the sum and finds no node, the other
/// returns the node and reads the sum. At least one must see the other's change. The operations of
/// a queue are sequentially consistent.
pub(crate) fn a_sum_and_a_queue<C: Checker>() {
    let sum = Arc::new(<Weaker<C> as Primitives>::AtomicU64::new(USED, 1));
    let nodes = word::<C>();
    let [changes, finds_none] = C::OF_QUEUE;
    let found = Arc::new(Mutex::new(None));
    let adds = {
        let (nodes, found) = (Arc::clone(&nodes), Arc::clone(&found));
        spawn::<C, _>(&sum, move |sum| {
            sum.fetch_add(1, SeqCst);
            let seen = nodes.load(finds_none);
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        })
    };
    nodes.fetch_add(1, changes);
    let seen = sum.load(SeqCst);
    C::join(adds);
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    assert!(seen == 2 || found == Some(1));
}
