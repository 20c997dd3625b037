//! The stale backfill of the unmodified cache: the message of the failing test, and its counts.

use std::panic::{self, AssertUnwindSafe};

use selvedge_sim::check;
use selvedge_sim::custom::{Level, Rule, scenario};

/// The test of `docs/your-cache.md`. It fails, which its `should_panic` expects; the page omits
/// that line.
mod page {
    include!("orders.rs");

    pub(super) fn cache(setup: Setup) -> impl Cache {
        orders(setup)
    }

    pub(super) fn run() {
        a_cancelled_order_is_gone();
    }
}

/// The panic message of the page's test, compared with a snapshot and the page.
#[test]
fn the_stale_backfill_is_reported() {
    let failure = panic::catch_unwind(AssertUnwindSafe(page::run)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("a text message");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("team-cache-stale-backfill", text);
    });
    assert!(PAGE.contains(text.as_str()), "docs/your-cache.md shows a different trace");
}

const PAGE: &str = include_str!("../../../docs/your-cache.md");

#[test]
fn as_a_control_the_check_passes_and_counts_schedules() {
    // The deadline of the written key passes before the observer starts, or it is late: then it
    // passes before or after the observer's read.
    for (write, schedules, broken) in [("delete order:7", 10, 2), ("set order:7", 30, 4)] {
        let report = check(
            scenario("orders", page::cache)
                .thread("reader", ["get order:7"])
                .thread("writer", [write])
                .violations([Rule::Stale, Rule::Lasting]),
        );
        assert!(report.complete, "{report}");
        let [stale, lasting] = [Rule::Stale, Rule::Lasting].map(|rule| report.violations[&rule]);
        assert_eq!((report.schedules, stale, lasting), (schedules, broken, broken), "{write}");
    }
}

#[test]
fn sequential_reads_are_not_stale() {
    let report = check(
        scenario("orders", page::cache)
            .thread("writer", ["set order:7", "get order:7", "delete order:7", "get order:7"])
            .thread("reader", ["get order:8"]),
    );
    assert!(report.violations.is_empty(), "{report}");
}

/// Backfills the local tier after the last write, so the cache is not even eventually consistent.
#[test]
fn the_cache_is_not_eventually_consistent() {
    let eventual = || {
        check(
            scenario("orders", page::cache)
                .thread("reader", ["get order:7"])
                .thread("writer", ["set order:7"])
                .consistency(Level::Eventual),
        );
    };
    let failure = panic::catch_unwind(AssertUnwindSafe(eventual)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("a text message");
    assert!(text.contains("not eventual"), "{text}");
}
