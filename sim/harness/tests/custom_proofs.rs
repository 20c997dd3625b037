//! Every client of a custom cache.

mod aside;

use std::panic::{AssertUnwindSafe, catch_unwind};

use selvedge_sim::custom::{Cache, Key, Redis, Setup, Value, clients, prove};

/// Redis without a local tier.
struct Plain(Redis);

impl Cache for Plain {
    async fn get(&self, key: Key) -> Option<Value> {
        self.0.get(key).await
    }

    async fn set(&self, key: Key, value: Value) {
        self.0.set(key, value).await;
    }

    async fn delete(&self, key: Key) {
        self.0.delete(key).await;
    }
}

#[track_caller]
fn failure(run: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it fails");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn a_cache_without_a_local_tier_is_linearizable() {
    let all = clients("plain", |setup: Setup| Plain(setup.redis)).calls(3).threads(3);
    let proof = prove(all.keys(["order:1", "order:2"]).with("delete"));
    let theorem =
        "linearizable for all clients of up to 3 calls of get, set and delete by up to 3 threads on 2 keys";
    assert!(proof.to_string().starts_with(theorem), "{proof}");
}

#[test]
fn a_stale_cache_fails_with_the_smallest_client() {
    let message =
        failure(|| drop(prove(clients("aside", aside::Aside::new).calls(3).threads(3).keys(["order:7"]))));
    let first = "aside: stale in 1, lasting in 1 of 5 schedules: not linearizable; the smallest client: 2 calls by \
                 2 threads on 1 key\n";
    assert!(message.starts_with(first), "{message}");
    assert!(message.contains("Stale: observer's get order:7 returned v0"), "{message}");
}

/// A `get` of a written value waits for another `get`. A larger client can provide it.
#[test]
fn clients_that_deadlock_are_found_although_larger_ones_contain_them() {
    use selvedge_sim::custom::engine::sync::{Condvar, Mutex};

    struct Waiting {
        redis: Redis,
        gets: Mutex<u32>,
        more: Condvar,
    }

    impl Cache for Waiting {
        async fn get(&self, key: Key) -> Option<Value> {
            let value = self.redis.get(key).await;
            let mut gets = self.gets.lock().expect("no panic");
            *gets += 1;
            self.more.notify_all();
            while value.is_some_and(|value| value.version == 1) && *gets < 2 {
                gets = self.more.wait(gets).expect("no panic");
            }
            value
        }

        async fn set(&self, key: Key, value: Value) {
            self.redis.set(key, value).await;
        }

        async fn delete(&self, key: Key) {
            self.redis.delete(key).await;
        }
    }

    let build = |setup: Setup| Waiting { redis: setup.redis, gets: Mutex::new(0), more: Condvar::new() };
    let message = failure(|| drop(prove(clients("waiting", build).calls(3).threads(2))));
    assert!(message.contains("some schedule blocks forever"), "{message}");
    assert!(message.contains("the smallest client: 1 call by 1 thread on 1 key"), "{message}");
}
