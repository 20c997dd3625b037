//! A stored value is read back with its remaining TTL.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use selvedge::codec::{Json, Raw};
use selvedge::remote::redis::Redis;
use selvedge::remote::{Found, Outcome, Remote};

use super::proxy::Proxy;
use super::{Real, get, lasting, postcard, set};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_value_is_read_with_its_remaining_ttl() {
    let Some(real) = Real::start("values and their TTLs") else { return };
    let redis = real.redis();
    assert_eq!(get(&redis, "k").await.unwrap(), None);
    set(&redis, "k", "mortal", Some(MINUTE)).await.unwrap();
    let Found { value, ttl } = get(&redis, "k").await.unwrap().unwrap();
    assert_eq!(value, "mortal");
    assert!(ttl.unwrap() <= MINUTE && ttl.unwrap() > Duration::ZERO, "{ttl:?}");
    set(&redis, "k", "lasting", None).await.unwrap();
    assert_eq!(get(&redis, "k").await.unwrap(), lasting("lasting"));
    Remote::<_, String>::delete(&redis, &"k").await.unwrap();
    assert_eq!(get(&redis, "k").await.unwrap(), None);
}

#[tokio::test]
async fn a_ttl_is_in_milliseconds_and_never_unbounded() {
    let Some(mut real) = Real::start("TTLs") else { return };
    let redis = real.redis();
    set(&redis, "k", "v", Some(Duration::from_micros(59_999_999))).await.unwrap();
    let ttl: u64 = real.by_hand("PTTL app:k");
    assert!((1..=59_999).contains(&ttl), "{ttl}");
    // Redis rejects a TTL beyond the range of its clock.
    set(&redis, "k", "v", Some(Duration::MAX)).await.unwrap();
    let ttl: u64 = real.by_hand("PTTL app:k");
    assert!(ttl > 0);
    set(&redis, "k", "v", Some(Duration::ZERO)).await.unwrap();
    while real.by_hand::<bool>("EXISTS app:k") {
        thread::yield_now();
    }
    assert_eq!(get(&redis, "k").await.unwrap(), None);
}

#[tokio::test]
async fn a_value_and_its_ttl_are_read_atomically() {
    let Some(real) = Real::start("the transaction of a read") else { return };
    let proxy = Proxy::start(&real.server);
    let redis = real.builder_at(&proxy.url()).build().unwrap();
    let write_between = || {
        let mut other = Real::connect(&real.server);
        proxy.before(b"PTTL", move || {
            // If the server could reply to the GET alone, it has done so now.
            thread::sleep(Duration::from_millis(50));
            redis::cmd("SET").arg("app:k").arg(postcard("new")).exec(&mut other).unwrap();
        });
    };
    set(&redis, "k", "old", Some(MINUTE)).await.unwrap();
    write_between();
    assert_eq!(get(&redis, "k").await.unwrap(), lasting("new"), "not the old value for ever");
    set(&redis, "k", "old", Some(MINUTE)).await.unwrap();
    write_between();
    let many: Vec<Option<Found<String>>> = redis.get_many(&["k"]).await.unwrap();
    assert_eq!(many, [lasting("new")]);
}

#[tokio::test]
async fn keys_have_the_prefix_and_values_the_codec_s_bytes() {
    let Some(mut real) = Real::start("prefix and codec") else { return };
    let redis = real.redis();
    set(&redis, "user:1", "ann", None).await.unwrap();
    assert_eq!(real.by_hand::<Vec<String>>("KEYS *"), ["app:user:1"]);
    assert_eq!(real.by_hand::<String>("GET app:user:1"), postcard("ann"));
    let elsewhere = real.builder().prefix("other:").build().unwrap();
    assert_eq!(get(&elsewhere, "user:1").await.unwrap(), None);
}

#[tokio::test]
async fn values_for_other_readers_are_json() {
    let Some(mut real) = Real::start("JSON values") else { return };
    let redis: Redis<Json> = real.builder().codec(Json).build().unwrap();
    redis.set(&7, &vec![Some(1), None], None).await.unwrap();
    assert_eq!(real.by_hand::<String>("GET app:7"), "[1,null]");
    assert_eq!(redis.get(&7).await.unwrap(), Some(Found::lasting(vec![Some(1), None])));
}

#[tokio::test]
async fn bytes_of_every_kind_are_keys_and_values() {
    let Some(real) = Real::start("binary values") else { return };
    let redis: Redis<Raw> = real.builder().codec(Raw).build().unwrap();
    let every: Vec<u8> = (0..=255).collect();
    let large = vec![b'\n'; 1 << 20];
    for bytes in [vec![], b"\r\n$-1\r\n".to_vec(), every, large] {
        redis.set(&bytes, &Bytes::from(bytes.clone()), None).await.unwrap();
        assert_eq!(redis.get(&bytes).await.unwrap(), Some(Found::lasting(Bytes::from(bytes))));
    }
}

#[tokio::test]
async fn many_values_are_returned_in_order_with_gaps_for_missing_ones() {
    let Some(mut real) = Real::start("get_many") else { return };
    let redis = real.redis();
    set(&redis, "a", "1", None).await.unwrap();
    set(&redis, "c", "3", Some(MINUTE)).await.unwrap();
    let found: Vec<Option<Found<String>>> = redis.get_many(&["c", "b", "a", "a"]).await.unwrap();
    let values: Vec<_> = found.iter().map(|found| found.as_ref().map(|found| found.value.as_str())).collect();
    assert_eq!(values, [Some("3"), None, Some("1"), Some("1")]);
    let mortal: Vec<_> =
        found.iter().map(|found| found.as_ref().is_some_and(|it| it.ttl.is_some())).collect();
    assert_eq!(mortal, [true, false, false, false]);
    Remote::<_, String>::delete_many(&redis, &["a", "b", "c"]).await.unwrap();
    assert_eq!(real.by_hand::<Vec<String>>("KEYS *"), [""; 0]);
}

#[tokio::test]
async fn an_empty_get_many_needs_no_server() {
    let redis = Redis::builder("unix:///nowhere/redis.sock").build().unwrap();
    let none: [&str; 0] = [];
    let found: Vec<Option<Found<String>>> = redis.get_many(&none).await.unwrap();
    assert_eq!(found, []);
    Remote::<_, String>::delete_many(&redis, &none).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_value_is_an_error_with_its_key() {
    let Some(mut real) = Real::start("what cannot be read") else { return };
    let redis = real.redis();
    let _: () = real.by_hand("SET app:k \u{1}");
    let error = get(&redis, "k").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "redis: GET of \"app:k\": what is there cannot be decoded (Hit the end of buffer, expected more data). If \
         another type or another codec wrote it, give this one a prefix of its own, or delete the key"
    );
    assert_eq!((error.command(), error.key()), ("GET", &b"app:k"[..]));
    let many: Result<Vec<Option<Found<String>>>, _> = redis.get_many(&["a", "k"]).await;
    assert_eq!(many.unwrap_err().key(), b"app:k");

    let _: u64 = real.by_hand("LPUSH app:list 1");
    let error = get(&redis, "list").await.unwrap_err().to_string();
    assert!(error.starts_with("redis: GET of \"app:list\": the server refused it: "), "{error}");
    assert!(error.contains("WRONGTYPE"), "{error}");
}

#[tokio::test]
async fn a_value_that_the_codec_rejects_is_not_sent() {
    let redis = Redis::builder("unix:///nowhere/redis.sock").prefix("app:").build().unwrap();
    // postcard requires the length in advance.
    struct Endless;
    impl serde::Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_seq(None)?;
            unreachable!("postcard refuses it")
        }
    }
    impl<'de> serde::Deserialize<'de> for Endless {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Endless)
        }
    }
    let error = redis.set(&"k", &Endless, None).await.unwrap_err();
    assert!(
        error.to_string().starts_with("redis: SET of \"app:k\": its value cannot be encoded ("),
        "{error}"
    );
    assert_eq!(Remote::<&str, Endless>::outcome(&redis, &error), Outcome::NotApplied);
}
