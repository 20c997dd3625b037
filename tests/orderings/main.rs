//! The core's memory orderings under loom: each is strong enough, and, where loom can show it,
//! necessary.
//!
//! Redis is a relaxed atomic here, so only the cache orders its commands, not a lock of a
//! simulator.

mod remote;
mod weaker;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use loom::sync::atomic::AtomicU64;
use loom::thread;
use remote::Unordered;
use selvedge::parts::{Lookup, Stripes};
use selvedge::sync::{AtomicU64 as _, Primitives};
use selvedge::{Builder, TieredCache};
use selvedge_sim::backends::{Loom, Simulated};
use selvedge_sim::verdict::Budget;
use weaker::{Access, Site, Weaker, with_relaxed};

type Cache = TieredCache<(), u64, Unordered, Weaker>;

/// The ordering that reads the token.
const TOKEN: Site = Site { word: "stripe", access: Access::Load, ordering: Acquire };
/// The ordering that opens a write.
const OPEN: Site = Site { word: "stripe", access: Access::Add, ordering: Acquire };
/// The ordering that closes or settles a write.
const CLOSE: Site = Site { word: "stripe", access: Access::Add, ordering: Release };

/// Whether the program holds in all executions.
fn holds(relaxed: Option<Site>, program: fn()) -> bool {
    let explored = || {
        let search = Loom::explore(Budget::default(), program);
        assert!(search.complete && search.executions > 1, "{search:?}");
    };
    with_relaxed(relaxed, || catch_unwind(AssertUnwindSafe(explored))).is_ok()
}

/// Checks that the program holds, and that it fails if any of these orderings is relaxed.
#[track_caller]
fn needs(program: fn(), sites: &[Site]) {
    assert!(holds(None, program));
    for &site in sites {
        assert!(!holds(Some(site), program), "{site:?} could be relaxed");
    }
}

fn cache(remote: &Unordered) -> Arc<Cache> {
    let cache = Builder::new(remote.clone()).single_process().stripes(NonZeroUsize::MIN);
    Arc::new(cache.build_with_clock(Loom::clock(false)))
}

/// Runs the body on a separate thread.
fn spawn(cache: &Arc<Cache>, body: impl FnOnce(&Cache) + Send + 'static) -> thread::JoinHandle<()> {
    let cache = Arc::clone(cache);
    thread::spawn(move || body(&cache))
}

fn read(cache: &Cache) {
    Weaker::block_on(cache.get(&())).expect("reads do not fail");
}

/// Checks that the cache does not store the old version, after all operations have ended and 1 was
/// written.
fn is_not_stale(cache: &Cache) {
    assert_ne!(cache.l1().get(&()), Some(Lookup::Value(0)));
}

/// A read whose token has the close sees the write before it in Redis.
#[test]
fn a_read_and_a_write() {
    needs(
        || {
            let cache = cache(&Unordered::new());
            let reader = spawn(&cache, read);
            let writer = spawn(&cache, |cache| Weaker::block_on(cache.set(&(), &1)).expect("it is written"));
            reader.join().expect("it ends");
            writer.join().expect("it ends");
            is_not_stale(&cache);
        },
        &[TOKEN, CLOSE],
    );
}

/// A read whose token has the notification of another node's write sees that write.
#[test]
fn a_read_and_a_notification() {
    needs(
        || {
            let remote = Unordered::new();
            let cache = cache(&remote);
            let reader = spawn(&cache, read);
            let notification = spawn(&cache, move |cache| {
                remote.value.store(1, Relaxed);
                cache.invalidate(&());
            });
            reader.join().expect("it ends");
            notification.join().expect("it ends");
            is_not_stale(&cache);
        },
        &[TOKEN, CLOSE],
    );
}

/// A lost write publishes nothing; the task that settles it does, after it held the lock of the
/// lost writes. So the lost write's own step is relaxed.
#[test]
fn a_read_and_a_lost_write_that_is_settled() {
    needs(
        || {
            let cache = cache(&Unordered { loses: true, ..Unordered::new() });
            let reader = spawn(&cache, read);
            let writer = spawn(&cache, |cache| {
                Weaker::block_on(cache.set(&(), &1)).expect_err("it is lost");
            });
            reader.join().expect("it ends");
            writer.join().expect("it ends");
            is_not_stale(&cache);
        },
        &[],
    );
}

/// A read whose token has the settling of a lost write sees the outcome of that write.
#[test]
fn a_read_after_a_lost_write_is_settled() {
    needs(
        || {
            let stripes = Arc::new(Stripes::<Weaker>::new(NonZeroUsize::MIN));
            let [redis, arrived] = [0; 2].map(|_| Arc::new(AtomicU64::new(0)));
            stripes[0].open();
            stripes[0].lose();
            let network = {
                let (redis, arrived) = (Arc::clone(&redis), Arc::clone(&arrived));
                thread::spawn(move || {
                    redis.store(1, Relaxed);
                    arrived.store(1, Release);
                })
            };
            let settles = {
                let stripes = Arc::clone(&stripes);
                thread::spawn(move || {
                    if arrived.load(Acquire) == 1 {
                        stripes[0].settle();
                    }
                })
            };
            if stripes[0].token().is_closed() {
                assert_eq!(redis.load(Relaxed), 1);
            }
            network.join().expect("it ends");
            settles.join().expect("it ends");
        },
        &[TOKEN, CLOSE],
    );
}

/// A write's command follows every fill of Redis that ended before the write opened, or for whose
/// end it waited.
#[test]
fn a_fill_of_redis_and_a_write() {
    needs(
        || {
            let stripes = Arc::new(Stripes::<Weaker>::new(NonZeroUsize::MIN));
            let [source, redis] = [0; 2].map(|_| Arc::new(AtomicU64::new(0)));
            let fills = {
                let stripes = Arc::clone(&stripes);
                let (source, redis) = (Arc::clone(&source), Arc::clone(&redis));
                thread::spawn(move || {
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
                thread::spawn(move || {
                    source.store(1, Relaxed);
                    let mut filling = stripes[0].open().is_filling();
                    while filling {
                        thread::yield_now();
                        filling = stripes[0].token().is_filling();
                    }
                    redis.store(1, Relaxed);
                    stripes[0].close();
                })
            };
            fills.join().expect("it ends");
            writes.join().expect("it ends");
            assert_eq!(redis.load(Relaxed), 1);
        },
        &[TOKEN, OPEN, CLOSE],
    );
}

/// The bound of the local tier, reduced: one thread adds to the sum and finds no node, the other
/// returns the node and reads the sum. At least one must see the other's change.
#[test]
fn a_sum_and_a_queue() {
    const USED: &str = "L1.used";
    needs(
        || {
            let sum = Arc::new(<Weaker as Primitives>::AtomicU64::new(USED, 1));
            let nodes = Arc::new(AtomicU64::new(0));
            let adds = {
                let (sum, nodes) = (Arc::clone(&sum), Arc::clone(&nodes));
                thread::spawn(move || {
                    sum.fetch_add(1, SeqCst);
                    nodes.load(Acquire)
                })
            };
            nodes.fetch_add(1, AcqRel);
            let seen = sum.load(SeqCst);
            let found = adds.join().expect("it ends");
            assert!(seen == 2 || found == 1);
        },
        &[
            Site { word: USED, access: Access::Load, ordering: SeqCst },
            Site { word: USED, access: Access::Add, ordering: SeqCst },
        ],
    );
}
