//! The complete cache over a real server.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use selvedge::TieredCache;
use selvedge::remote::Redis;

use super::Real;
use super::proxy::Proxy;

/// Two nodes over one server.
fn nodes(real: &Real, leases: bool) -> [TieredCache<&'static str, u32, Redis>; 2] {
    [(); 2].map(|()| {
        let builder = real.builder();
        let builder = if leases { builder.leases(Duration::from_secs(60)) } else { builder };
        TieredCache::builder(builder.build().unwrap()).single_process().build()
    })
}

#[tokio::test]
async fn it_caches_a_read_value() {
    let Some(mut real) = Real::start("a cache over Redis") else { return };
    let cache = TieredCache::builder(real.redis()).single_process().build();
    cache.set(&"k", &7_u32).await.unwrap();
    assert_eq!(cache.get(&"k").await.unwrap(), Some(7));
    // The cache is not notified.
    let _: () = real.by_hand("SET app:k \u{8}");
    assert_eq!(cache.get(&"k").await.unwrap(), Some(7));
    cache.delete(&"k").await.unwrap();
    assert_eq!(cache.get(&"k").await.unwrap(), None);
}

#[test]
fn its_blocking_interface_needs_no_runtime() {
    let Some(real) = Real::start("the blocking face") else { return };
    let cache = TieredCache::builder(real.redis()).single_process().build();
    let cache = cache.blocking();
    cache.set(&"k", &7_u32).unwrap();
    assert_eq!(cache.get(&"k").unwrap(), Some(7));
}

#[tokio::test]
async fn a_local_entry_expires_no_later_than_in_redis() {
    let Some(mut real) = Real::start("an entry that expires in Redis") else { return };
    let cache = TieredCache::builder(real.redis()).local_ttl(Duration::from_secs(3_600)).build();
    let (short, long) = (Duration::from_millis(300), Duration::from_secs(3_600));
    for (key, ttl) in [("one", short), ("many", short), ("long", long)] {
        cache.set_with_ttl(&key, &7, ttl).await.unwrap();
    }
    cache.get(&"one").await.unwrap();
    cache.get_many(&["many", "long"]).await.unwrap();
    for key in ["one", "many"] {
        while real.by_hand::<bool>(&format!("EXISTS app:{key}")) {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!cache.contains_local(&key));
        assert_eq!(cache.get(&key).await.unwrap(), None);
    }
    assert!(cache.contains_local(&"long"));
}

/// While the first node loads, the second writes the source of truth and deletes the key in Redis.
/// Returns the value that the second node reads afterwards.
async fn load_during_a_write(leases: bool) -> Option<Option<u32>> {
    let real = Real::start("two nodes and a source of truth")?;
    let [first, second] = nodes(&real, leases);
    let source = AtomicU32::new(1);
    let load = || async {
        let loaded = source.load(Ordering::Relaxed);
        source.store(2, Ordering::Relaxed);
        second.delete(&"k").await.unwrap();
        Ok::<_, Infallible>(Some(loaded))
    };
    assert_eq!(first.get_or_load(&"k", load).await.unwrap(), Some(1), "it began before the write");
    let load = || async { Ok::<_, Infallible>(Some(source.load(Ordering::Relaxed))) };
    Some(second.get_or_load(&"k", load).await.unwrap())
}

#[tokio::test]
async fn without_leases_another_node_s_old_value_comes_back() {
    let Some(value) = load_during_a_write(false).await else { return };
    assert_eq!(value, Some(1));
}

#[tokio::test]
async fn with_leases_another_node_s_old_value_does_not_come_back() {
    let Some(value) = load_during_a_write(true).await else { return };
    assert_eq!(value, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_write_is_settled_before_its_key_is_cached_again() {
    let Some(mut real) = Real::start("a lost write of the cache") else { return };
    let proxy = Proxy::start(&real.server);
    let redis = real.builder_at(&proxy.url()).command_timeout(Duration::from_millis(500)).build().unwrap();
    let cache = TieredCache::builder(redis).single_process().build();
    cache.set(&"k", &1_u32).await.unwrap();
    proxy.hold();
    cache.set(&"k", &2).await.unwrap_err();
    // The machine may be slow; Redis serves the reads until the write is settled.
    while !cache.contains_local(&"k") {
        if let Ok(value) = cache.get(&"k").await {
            assert_eq!(value, Some(1));
        }
    }
    drop(cache);
    proxy.release();
    assert_eq!(real.by_hand::<String>("GET app:k"), "\u{1}", "the cached value is still that of Redis");
}
