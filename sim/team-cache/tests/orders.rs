use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::{Cache, Key, Setup, Value, check, closures, scenario};
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
    key.name().strip_prefix("order:").unwrap().parse().unwrap()
}

#[test]
#[should_panic(expected = "orders: stale in 2, lasting in 2 of 10 schedules")]
fn a_cancelled_order_is_gone() {
    check(scenario("orders", orders).thread("reader", ["get order:7"]).thread("writer", ["delete order:7"]));
}
