use selvedge_sim::custom::{Cache, Key, LocalTier, Redis, Rule, Setup, Value, check, scenario};

struct Aside {
    local: LocalTier,
    redis: Redis,
}

impl Cache for Aside {
    async fn get(&self, key: Key) -> Option<Value> {
        if let Some(value) = self.local.get(key) {
            return Some(value);
        }
        let value = self.redis.get(key).await?;
        self.local.insert(key, value);
        Some(value)
    }

    async fn set(&self, key: Key, value: Value) {
        self.redis.set(key, value).await;
        self.local.remove(key);
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
        self.local.remove(key);
    }
}

#[test]
fn a_changed_session_is_detected() {
    check(
        scenario("sessions", |Setup { local, redis, .. }| Aside { local, redis })
            .thread("reader", ["get session:1"])
            .thread("login", ["set session:1"])
            .violations([Rule::Stale, Rule::Lasting]),
    );
}
