//! Explores an unmodified cache that uses client-side caching, over redis-rs and a std map.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use redis::{Commands, PushInfo, PushKind};
use selvedge_sim::check;
use selvedge_sim::custom::{Cache, Key, Setup, Value, closures, scenario};

/// The process-local entries, and the number of invalidations received.
#[derive(Default)]
struct Local {
    entries: HashMap<Key, String>,
    invalidations: usize,
}

/// Caches each read until the server invalidates it: client-side caching as described in Redis'
/// documentation, without its placeholder for a pending fetch. `is_fenced` adds one.
fn client_side_cache(setup: &Setup, is_fenced: bool) -> impl Cache + use<> {
    let local = Arc::new(Mutex::new(Local::default()));
    let invalidated = Arc::clone(&local);
    let invalidate = move |push: PushInfo| {
        if push.kind == PushKind::Invalidate {
            let mut local = invalidated.lock().unwrap();
            local.entries.clear();
            local.invalidations += 1;
        }
        Ok::<(), ()>(())
    };
    let mut redis = setup.server().connection().with_resp3().with_push_sender(invalidate);
    redis::cmd("CLIENT").arg(&["TRACKING", "ON"]).exec(&mut redis).unwrap();
    closures(
        (local, redis),
        move |(local, redis), key| {
            let before = {
                let local = local.lock().unwrap();
                if let Some(value) = local.entries.get(&key) {
                    return Value::in_text(key, value);
                }
                local.invalidations
            };
            let value: String = redis.clone().get::<_, Option<String>>(key.name()).unwrap()?;
            let mut local = local.lock().unwrap();
            if !is_fenced || local.invalidations == before {
                local.entries.insert(key, value.clone());
            }
            Value::in_text(key, &value)
        },
        |(_, redis), key, value| redis.clone().set(key.name(), value.text()).unwrap(),
        |(_, redis), key| redis.clone().del(key.name()).unwrap(),
    )
}

/// redis-rs PR 2526, lettuce#3481: the invalidation overtakes the task that waits for the reply,
/// which then caches the stale reply.
#[test]
fn an_invalidation_before_the_fill_is_lost() {
    let unfenced = || {
        let cache = |setup: Setup| client_side_cache(&setup, false);
        check(
            scenario("client-side-caching", cache)
                .thread("reader", ["get user:1"])
                .thread("writer", ["set user:1"])
                .consistency(selvedge_sim::custom::Level::Eventual),
        );
    };
    let failure = panic::catch_unwind(AssertUnwindSafe(unfenced)).expect_err("the check fails");
    let text = failure.downcast_ref::<String>().expect("a text message");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("team-cache-early-invalidation", text);
    });
}

#[test]
fn a_fence_makes_the_cache_eventually_consistent() {
    let cache = |setup: Setup| client_side_cache(&setup, true);
    let report = check(
        scenario("client-side-caching", cache)
            .thread("reader", ["get user:1"])
            .thread("writer", ["set user:1"])
            .consistency(selvedge_sim::custom::Level::Eventual),
    );
    assert!(report.complete, "{report}");
}
