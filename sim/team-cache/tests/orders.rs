//! Explores the unmodified cache.

use std::panic::{self, AssertUnwindSafe};

use selvedge_sim::check;
use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::{Cache, Key, Level, Rule, Setup, Value, closures, scenario};
use team_cache::Orders;

/// The cache over the simulated Redis, with the scenario's keys and values mapped to its own.
fn orders(setup: Setup) -> impl Cache {
    closures(
        Orders::new(setup.connection()),
        |orders, key| Value::in_text(key, &block_on(orders.get(number(key))).unwrap()?),
        |orders, key, value| block_on(orders.save(number(key), &value.text())).unwrap(),
        |orders, key| block_on(orders.cancel(number(key))).unwrap(),
    )
}

fn number(key: Key) -> u32 {
    key.name()
        .strip_prefix("order:")
        .and_then(|number| number.parse().ok())
        .expect("a key of the form `order:N`")
}

fn a_cancelled_order_is_gone() {
    check(scenario("orders", orders).thread("reader", ["get order:7"]).thread("writer", ["delete order:7"]));
}

/// The panic message of the team's test, compared with a snapshot and the documentation.
#[test]
fn the_stale_backfill_is_reported() {
    let failure =
        panic::catch_unwind(AssertUnwindSafe(a_cancelled_order_is_gone)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("a text message");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("team-cache-stale-backfill", text);
    });
    // docs/your-cache.md shows this test and its message.
    assert!(PAGE.contains(text.as_str()), "docs/your-cache.md shows a different trace");
    for code in PAGE.split("```").filter_map(|block| block.strip_prefix("rust\n")) {
        let unindented = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
        let files = [SOURCE, include_str!("orders.rs"), include_str!("features.rs")];
        let is_ours = files.iter().any(|file| {
            // The page omits the code between two functions.
            code.split("\n\n").all(|part| unindented(file).contains(unindented(part).trim()))
        });
        assert!(is_ours, "docs/your-cache.md shows different code:\n{code}");
    }
}

const PAGE: &str = include_str!("../../../docs/your-cache.md");
const SOURCE: &str = include_str!("../src/lib.rs");

#[test]
fn as_a_control_the_check_passes_and_counts_schedules() {
    // The deadline of the written key passes before the observer starts, or it is late: then it
    // passes before or after the observer's read.
    for (write, schedules, broken) in [("delete order:7", 10, 2), ("set order:7", 30, 4)] {
        let report = check(
            scenario("orders", orders)
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
        scenario("orders", orders)
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
            scenario("orders", orders)
                .thread("reader", ["get order:7"])
                .thread("writer", ["set order:7"])
                .consistency(Level::Eventual),
        );
    };
    let failure = panic::catch_unwind(AssertUnwindSafe(eventual)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("a text message");
    assert!(text.contains("not eventual"), "{text}");
}
