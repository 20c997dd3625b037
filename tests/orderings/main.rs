//! The core's memory orderings under two checkers of weak memory, loom and our engine under RC11:
//! each is strong enough, and, where a checker can show it, necessary.
//!
//! Redis is a relaxed atomic here, so only the cache orders its commands, not a lock of a
//! simulator.
//!
//! What loom cannot show, and our engine can:
//!
//! - that the `SeqCst` accesses of `L1.used` suffice. loom treats them as `AcqRel`, and rejects the
//!   program with the orderings that ship. Fences, which are stronger, replace them for loom.
//! - that making a generation from a token is a release. loom runs one execution of that program,
//!   in which the main thread never sees the generation.

mod checker;
mod programs;
mod remote;
mod weaker;

use std::sync::atomic::Ordering::{Acquire, Release, SeqCst};
use std::time::{Duration, Instant};

use checker::Checker;
use programs::USED;
use selvedge_sim::backends::{Engine, Loom, Simulated as _};
use selvedge_sim::verdict::Budget;
use weaker::{Access, Site, with_relaxed};

/// The ordering that reads the token.
const TOKEN: Site = Site { word: "stripe", access: Access::Load, ordering: Acquire };
/// The ordering that opens a write.
const OPEN: Site = Site { word: "stripe", access: Access::Add, ordering: Acquire };
/// The ordering that closes or settles a write.
const CLOSE: Site = Site { word: "stripe", access: Access::Add, ordering: Release };
/// The ordering that makes a generation from a token.
const ADVANCE: Site = Site { word: "stripe", access: Access::Replace, ordering: Release };
/// The ordering that compares the sum of the local tier's weights.
const READ_USED: Site = Site { word: USED, access: Access::Load, ordering: SeqCst };
/// The ordering that adds to that sum.
const ADD_USED: Site = Site { word: USED, access: Access::Add, ordering: SeqCst };

/// The time that our engine may take for each weaker ordering.
const MOST: Duration = Duration::from_secs(10);

/// Checks that the program holds, and that it fails if any of these orderings is relaxed, under
/// both checkers.
#[track_caller]
fn needs(loom: fn(), engine: fn(), sites: &[Site]) {
    needs_under::<Loom>(loom, sites);
    needs_under::<Engine>(engine, sites);
}

#[track_caller]
fn needs_under<C: Checker>(program: fn(), sites: &[Site]) {
    let checker = std::any::type_name::<C>();
    assert!(C::holds(program), "{checker}: it does not hold with the orderings that ship");
    for &site in sites {
        let start = Instant::now();
        let holds = with_relaxed(Some(site), || C::holds(program));
        assert!(!holds, "{checker}: {site:?} could be relaxed");
        assert!(start.elapsed() < MOST, "{checker}: {site:?} took {:?}", start.elapsed());
    }
}

#[test]
fn a_read_and_a_write() {
    needs(programs::a_read_and_a_write::<Loom>, programs::a_read_and_a_write::<Engine>, &[TOKEN, CLOSE]);
}

#[test]
fn a_read_and_a_notification() {
    let loom = programs::a_read_and_a_notification::<Loom>;
    needs(loom, programs::a_read_and_a_notification::<Engine>, &[TOKEN, CLOSE]);
}

#[test]
fn a_read_and_a_lost_write_that_is_settled() {
    let loom = programs::a_read_and_a_lost_write_that_is_settled::<Loom>;
    needs(loom, programs::a_read_and_a_lost_write_that_is_settled::<Engine>, &[]);
}

#[test]
fn a_read_after_a_lost_write_is_settled() {
    let loom = programs::a_read_after_a_lost_write_is_settled::<Loom>;
    needs(loom, programs::a_read_after_a_lost_write_is_settled::<Engine>, &[TOKEN, CLOSE]);
}

#[test]
fn a_fill_of_redis_and_a_write() {
    let loom = programs::a_fill_of_redis_and_a_write::<Loom>;
    needs(loom, programs::a_fill_of_redis_and_a_write::<Engine>, &[TOKEN, OPEN, CLOSE]);
}

#[test]
fn two_fills_of_which_one_makes_a_generation() {
    let engine = programs::two_fills_of_which_one_makes_a_generation::<Engine>;
    needs_under::<Engine>(engine, &[TOKEN, ADVANCE]);
    let loom = Loom::explore(Budget::default(), programs::two_fills_of_which_one_makes_a_generation::<Loom>);
    assert_eq!((loom.complete, loom.executions), (true, 1), "loom shows it now: update the list above");
}

#[test]
fn a_sum_and_a_queue() {
    needs(programs::a_sum_and_a_queue::<Loom>, programs::a_sum_and_a_queue::<Engine>, &[READ_USED, ADD_USED]);
}

/// The same program, with `SeqCst` accesses and without fences.
#[test]
fn loom_rejects_the_sum_and_the_queue_with_the_orderings_that_ship() {
    assert!(!checker::without_fences(|| Loom::holds(programs::a_sum_and_a_queue::<Loom>)));
}
