//! The operations determine the versions of a key, not the cache's commands: also over redis-rs.

use redis::AsyncTypedCommands;
use selvedge_sim::custom::{Cache, Key, RemoteStart, Rule, Setup, Value, check, scenario};
use selvedge_sim::trace::reason;

/// Where a cache of one tier keeps a key, and whether a read writes it again: a sliding expiry.
struct OneTier {
    connection: selvedge_redis::AsyncConnection,
    copy: bool,
    slides: bool,
}

impl Cache for OneTier {
    async fn get(&self, key: Key) -> Option<Value> {
        let mut redis = self.connection.clone();
        let name = if self.copy { format!("{key}:copy") } else { key.to_string() };
        let text = redis.get(&name).await.unwrap()?;
        if self.slides {
            redis.set(&name, &text).await.unwrap();
        }
        Value::in_text(key, &text)
    }

    async fn set(&self, key: Key, value: Value) {
        let mut redis = self.connection.clone();
        redis.set(key.name(), value.text()).await.unwrap();
        if self.copy {
            redis.set(format!("{key}:copy"), value.text()).await.unwrap();
        }
    }

    async fn delete(&self, key: Key) {
        self.connection.clone().del(key.name()).await.unwrap();
    }
}

#[test]
fn a_read_that_slides_the_expiry_brings_a_deleted_value_back() {
    let build = |setup: Setup| OneTier { connection: setup.connection(), copy: false, slides: true };
    let report = check(
        scenario("sliding", build)
            .thread("reader", ["get user:1"])
            .thread("writer", ["delete user:1"])
            .violations([Rule::Stale, Rule::Lasting]),
    );
    assert!(report.complete);
}

#[test]
fn the_reason_follows_a_value_through_a_key_of_the_caches_own() {
    let build = |setup: Setup| OneTier { connection: setup.connection(), copy: true, slides: false };
    // A deletion forgets the copy.
    let report = check(
        scenario("copy", build)
            .remote(RemoteStart::Absent)
            .thread("writer", ["set user:1", "delete user:1"])
            .thread("reader", ["get user:1"])
            .violations([Rule::Stale, Rule::Lasting]),
    );
    let said = reason(&report.trace.expect("a control has a witness")).replace('\n', " ");
    assert!(said.contains("found v1 in redis (entry user:1:copy) at step "), "{said}");
}
