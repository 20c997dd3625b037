//! A scan finds every key that is there from its beginning to its end, whatever comes and goes meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;
use selvedge_redis::{Redis, Reply};

/// A page of a scan: the next cursor, and the keys.
fn page(redis: &Redis, cursor: &str, count: &str) -> (String, Vec<String>) {
    let text = |reply: &Reply| match reply {
        Reply::Bulk(bytes) => String::from_utf8(bytes.to_vec()).expect("text"),
        other => panic!("a string, and not {other:?}"),
    };
    match redis.call(["SCAN", cursor, "COUNT", count]) {
        Reply::Array(parts) => match &parts[..] {
            [cursor, Reply::Array(keys)] => (text(cursor), keys.iter().map(text).collect()),
            other => panic!("a cursor and keys, and not {other:?}"),
        },
        other => panic!("a cursor and keys, and not {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_finds_what_stays(
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
