//! A cache whose entries the server invalidates, over redis-rs and with a std map: explored as it is.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use redis::{Commands, PushInfo, PushKind};
use selvedge_sim::check;
use selvedge_sim::own::{Cache, Key, Setup, Value, closures, scenario};

/// What is in the process, and how often the server has invalidated anything.
#[derive(Default)]
struct Local {
    entries: HashMap<Key, String>,
    invalidations: usize,
}

/// Reads are cached until the server says otherwise: client-side caching as Redis's documentation has it, without its
/// placeholder for what is being fetched. `is_fenced` is with one.
fn told(setup: &Setup, is_fenced: bool) -> impl Cache + use<> {
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

/// redis-rs PR 2526, lettuce#3481: the invalidation overtakes whoever waits for the reply, and the older reply is cached.
#[test]
fn an_invalidation_that_comes_before_the_fill_is_lost() {
    let unfenced = || {
        let cache = |setup: Setup| told(&setup, false);
        check(
            scenario("told", cache)
                .thread("reader", ["get user:1"])
                .thread("writer", ["set user:1"])
                .consistency(selvedge_sim::own::Level::Eventual),
        );
    };
    let failure = panic::catch_unwind(AssertUnwindSafe(unfenced)).expect_err("it fails");
    let text = failure.downcast_ref::<String>().expect("with words");
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("team-cache-told-too-early", text);
    });
}

#[test]
fn with_a_fence_it_ends_well() {
    let cache = |setup: Setup| told(&setup, true);
    let report = check(
        scenario("told", cache)
            .thread("reader", ["get user:1"])
            .thread("writer", ["set user:1"])
            .consistency(selvedge_sim::own::Level::Eventual),
    );
    assert!(report.complete, "{report}");
}
