//! redis-rs' blocking client.

use std::time::Duration;

use redis::{Commands, ConnectionLike, ErrorKind, ServerErrorKind};
use selvedge_redis::Redis;

use crate::listening::on_port;

#[test]
fn commands() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let mut connection = client.get_connection().expect("the server accepts connections");

    connection.set_ex::<_, _, ()>("user:1", "Ada", 10).expect("the command succeeds");
    assert_eq!(
        connection.get::<_, Option<String>>("user:1").expect("the command succeeds").as_deref(),
        Some("Ada")
    );
    assert_eq!(connection.ttl::<_, i64>("user:1").expect("the command succeeds"), 10);
    redis.advance(Duration::from_secs(11));
    assert_eq!(connection.get::<_, Option<String>>("user:1").expect("the command succeeds"), None);

    connection.hset::<_, _, _, ()>("h", "f", 1).expect("the command succeeds");
    let error = connection.incr::<_, _, i64>("h", 1).expect_err("the key holds a hash");
    assert_eq!(error.code(), Some("WRONGTYPE"));
    connection.zadd_multiple::<_, _, _, ()>("z", &[(1.5, "a"), (0.5, "b")]).expect("the command succeeds");
    let members: Vec<(String, f64)> = connection.zrange_withscores("z", 0, -1).expect("the command succeeds");
    assert_eq!(members, [("b".to_owned(), 0.5), ("a".to_owned(), 1.5)]);

    let names: Vec<_> = redis.commands().iter().map(ToString::to_string).collect();
    assert!(names.contains(&"SETEX user:1 10 Ada".to_owned()), "{names:?}");
}

#[test]
fn pipelines_and_transactions() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let mut connection = client.get_connection().expect("the server accepts connections");
    let mut pipeline = redis::pipe();
    pipeline.set("a", 1).ignore().incr("a", 5).get("a");
    assert_eq!(
        pipeline.query::<(i64, String)>(&mut connection).expect("the pipeline succeeds"),
        (6, "6".to_owned())
    );
    let mut transaction = redis::pipe();
    transaction.atomic().incr("a", 1).get("a");
    assert_eq!(transaction.query::<(i64, i64)>(&mut connection).expect("the transaction succeeds"), (7, 7));

    // Another client changes the watched key.
    redis::cmd("WATCH").arg("a").exec(&mut connection).expect("the command succeeds");
    redis.set("a", "other");
    assert_eq!(
        transaction.query::<Option<(i64, i64)>>(&mut connection).expect("the transaction succeeds"),
        None
    );
}

#[test]
fn messages() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let mut connection = client.get_connection().expect("the server accepts connections");
    let mut messages = connection.as_pubsub();
    messages.subscribe("news").expect("the command succeeds");
    messages.psubscribe("n*").expect("the command succeeds");
    assert_eq!(redis.publish("news", "hello"), 2);
    for pattern in [None, Some("n*")] {
        let message = messages.get_message().expect("a message has arrived");
        assert_eq!(message.get_payload::<String>().expect("text"), "hello");
        assert_eq!(message.get_pattern::<Option<String>>().expect("text").as_deref(), pattern);
    }
}

#[test]
fn a_script_is_loaded_once() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let mut connection = client.get_connection().expect("the server accepts connections");
    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    for expected in [3, 6] {
        let sum: i64 = script.key("n").arg(3).invoke(&mut connection).expect("the script succeeds");
        assert_eq!(sum, expected);
    }
    let sent = redis.commands();
    assert_eq!(sent.iter().filter(|sent| sent.command.name() == "SCRIPT").count(), 1, "{sent:?}");
}

#[test]
fn an_unknown_command_gets_an_error_and_the_connection_stays_open() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let mut connection = client.get_connection().expect("the server accepts connections");
    let error = redis::cmd("NOPE").exec(&mut connection).expect_err("the command is unknown");
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::ResponseError));
    assert!(error.to_string().contains("unknown command 'NOPE', with args beginning with:"), "{error}");
    assert!(connection.check_connection());
}
