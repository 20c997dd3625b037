//! A build without the feature `lua`: data commands work, and scripts report the missing feature.
#![cfg(not(feature = "lua"))]

use selvedge_redis::{Redis, Reply};

const NO_LUA: &str = "ERR scripts need Lua: build selvedge-redis with its feature `lua`";

#[test]
fn scripts_report_the_missing_feature() {
    let redis = Redis::new();
    redis.set("key", "value");
    assert_eq!(redis.get("key").as_deref(), Some(&b"value"[..]));
    for words in [&["EVAL", "return 1", "0"][..], &["SCRIPT", "LOAD", "return 1"]] {
        assert_eq!(redis.call(words), Reply::Error(NO_LUA.into()), "{words:?}");
    }
    let no_script = Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into());
    assert_eq!(redis.call(["EVALSHA", &"0".repeat(40), "0"]), no_script);
    assert_eq!(redis.call(["SCRIPT", "EXISTS", &"0".repeat(40)]), Reply::Array(vec![Reply::Integer(0)]));
    assert_eq!(redis.call(["SCRIPT", "FLUSH"]), Reply::OK);
}
