//! A scan returns every key that exists during the whole scan, despite concurrent insertions and
//! removals.

use std::collections::BTreeSet;

use proptest::prelude::*;
use selvedge_redis::{Redis, Reply};

/// One page of a scan: the next cursor, and the keys.
fn page(redis: &Redis, cursor: &str, count: &str) -> (String, Vec<String>) {
    let text = |reply: &Reply| match reply {
        Reply::Bulk(bytes) => String::from_utf8(bytes.to_vec()).expect("text"),
        other => panic!("expected a string, got {other:?}"),
    };
    match redis.call(["SCAN", cursor, "COUNT", count]) {
        Reply::Array(parts) => match &parts[..] {
            [cursor, Reply::Array(keys)] => (text(cursor), keys.iter().map(text).collect()),
            other => panic!("expected a cursor and keys, got {other:?}"),
        },
        other => panic!("expected a cursor and keys, got {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_returns_keys_that_exist_throughout(
        stays in 0..60u32,
        comes_and_goes in prop::collection::vec((any::<bool>(), 0..60u32), 0..60),
        count in 1..20u32,
    ) {
        let redis = Redis::new();
        (0..stays).for_each(|number| redis.set(format!("stays:{number}"), ""));
        let mut changes = comes_and_goes.into_iter();
        let mut found = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let (next, keys) = page(&redis, &cursor, &count.to_string());
            found.extend(keys);
            if next == "0" {
                break;
            }
            cursor = next;
            if let Some((comes, number)) = changes.next() {
                let key = format!("changes:{number}");
                if comes { redis.set(key, "") } else { _ = redis.delete(key) }
            }
        }
        for number in 0..stays {
            let key = format!("stays:{number}");
            prop_assert!(found.contains(&key), "{}", key);
        }
    }
}
