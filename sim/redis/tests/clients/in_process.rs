//! redis-rs' traits, without a socket.

use std::time::Duration;

use redis::{Commands, ConnectionLike, PushKind, RedisResult};
use selvedge_redis::{Redis, Time};

/// Application code that uses only redis-rs.
fn count_visit(connection: &mut impl Commands, user: &str) -> RedisResult<i64> {
    let key = format!("visits:{user}");
    let visits = connection.incr(&key, 1)?;
    connection.expire::<_, ()>(&key, 60)?;
    Ok(visits)
}

async fn load(connection: &mut impl redis::AsyncCommands, key: &str) -> RedisResult<String> {
    if let Some(value) = connection.get(key).await? {
        return Ok(value);
    }
    connection.set_ex::<_, _, ()>(key, "loaded", 60).await?;
    Ok("loaded".to_owned())
}

#[test]
fn blocking_code() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    assert_eq!(count_visit(&mut connection, "ada").expect("the commands succeed"), 1);
    redis.advance(Duration::from_secs(60));
    assert_eq!(count_visit(&mut connection, "ada").expect("the commands succeed"), 2);
    redis.advance(Duration::from_secs(61));
    assert_eq!(count_visit(&mut connection, "ada").expect("the commands succeed"), 1);
    assert_eq!(redis.time_left("visits:ada"), Some(Duration::from_secs(60)));
}

#[test]
fn async_code() {
    let redis = Redis::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the runtime starts");
    for _ in 0..2 {
        let mut connection = redis.async_connection();
        assert_eq!(runtime.block_on(load(&mut connection, "k")).expect("the commands succeed"), "loaded");
    }
    let sent: Vec<_> = redis.commands().iter().map(ToString::to_string).collect();
    assert_eq!(sent, ["GET k", "SETEX k 60 loaded", "GET k"]);
    assert_eq!(redis.commands()[0].at, Time::START);
    assert_eq!(redis.connections(), 0, "the connections were dropped");
}

#[test]
fn pipelines_transactions_and_scripts() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    let mut pipeline = redis::pipe();
    pipeline.set("a", 1).ignore().incr("a", 5).lpush("l", "x");
    assert_eq!(pipeline.query::<(i64, i64)>(&mut connection).expect("the pipeline succeeds"), (6, 1));
    let mut transaction = redis::pipe();
    transaction.atomic().incr("a", 1).get("a");
    assert_eq!(transaction.query::<(i64, i64)>(&mut connection).expect("the transaction succeeds"), (7, 7));
    let mut wrong = redis::pipe();
    wrong.incr("l", 1).get("a");
    let error = wrong.query::<(i64, i64)>(&mut connection).expect_err("the key holds a list");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    let mut refused = redis::pipe();
    refused.atomic().cmd("NOPE").get("a");
    let error = refused.query::<(i64, i64)>(&mut connection).expect_err("the command is unknown");
    assert!(error.to_string().contains("unknown command"), "{error}");
    let script = redis::Script::new("return {KEYS[1], ARGV[1]}");
    let pair: (String, String) =
        script.key("k").arg("v").invoke(&mut connection).expect("the script succeeds");
    assert_eq!(pair, ("k".to_owned(), "v".to_owned()));
}

#[test]
fn pushes() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_resp3();
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec(&mut connection).expect("the command succeeds");
    connection.get::<_, Option<String>>("k").expect("the command succeeds");
    assert_eq!(connection.next_push(), None);
    redis.set("k", "v");
    let push = connection.next_push().expect("an invalidation");
    assert_eq!(push.kind, PushKind::Invalidate);
    redis::cmd("SUBSCRIBE").arg("news").exec(&mut connection).expect("the command succeeds");
    redis.publish("news", "hello");
    assert_eq!(connection.next_push().expect("a message").kind, PushKind::Message);

    let (sender, receiver) = std::sync::mpsc::channel();
    let mut other = redis.connection().with_resp3().with_push_sender(sender);
    redis::cmd("CLIENT")
        .arg("TRACKING")
        .arg("ON")
        .arg("BCAST")
        .exec(&mut other)
        .expect("the command succeeds");
    redis.set("anything", "v");
    assert_eq!(receiver.try_recv().expect("an invalidation").kind, PushKind::Invalidate);
}

#[test]
fn expiry_is_published() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    redis.call(["CONFIG", "SET", "notify-keyspace-events", "Ex"]);
    redis::cmd("PSUBSCRIBE").arg("__keyevent@0__:*").exec(&mut connection).expect("the command succeeds");
    redis.set_for("k", "v", Duration::from_millis(10));
    redis.advance(Duration::from_millis(10));
    assert_eq!(connection.next_push(), None, "the key exists during its last millisecond");
    redis.advance(Duration::from_millis(1));
    let push = connection.next_push().expect("an event");
    assert_eq!(push.kind, PushKind::PMessage);

    // Without active expiry, the key expires at the next access.
    redis.set_active_expiry(false);
    redis.set_for("k", "v", Duration::from_millis(10));
    redis.advance(Duration::from_millis(11));
    assert_eq!((connection.next_push(), redis.exists("k")), (None, false));
    assert!(connection.next_push().is_some());
}

#[test]
fn clones_share_a_connection_and_databases_are_separate() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_database(3);
    let mut clone = connection.clone();
    connection.set::<_, _, ()>("k", "in 3").expect("the command succeeds");
    clone.set::<_, _, ()>("other", "in 3").expect("the command succeeds");
    assert_eq!((redis.connections(), connection.get_db(), redis.get("k")), (1, 3, None));
    assert!(connection.is_open() && connection.check_connection());
    assert_eq!(connection.id(), clone.id());
}

/// redis-rs returns an error for a reply that nests more than 100 levels deep.
#[test]
fn a_reply_that_nests_too_deep_is_an_error() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    for (levels, is_read) in [(90, true), (101, false), (5000, false), (9000, false)] {
        let script = format!("local t = {{}}; for _ = 2, {levels} do t = {{t}} end; return t");
        let result = redis::cmd("EVAL").arg(script).arg(0).query::<redis::Value>(&mut connection);
        assert_eq!(result.is_ok(), is_read, "{levels}: {result:?}");
        let pong: String =
            redis::cmd("PING").query(&mut connection).expect("the connection can still be used");
        assert_eq!(pong, "PONG");
    }
}
