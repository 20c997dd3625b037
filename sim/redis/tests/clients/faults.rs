//! Injected faults.

use std::time::Duration;

use redis::{Commands, ErrorKind, RedisError, ServerErrorKind};
use selvedge_redis::{Fault, Redis};

use crate::listening::on_port;

fn set(connection: &mut impl Commands, value: &str) -> Result<(), RedisError> {
    connection.set("k", value)
}

#[test]
fn a_refused_command_is_not_executed() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    redis.fault(Fault::Refused);
    let error = set(&mut connection, "v").expect_err("the command is refused");
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::BusyLoading));
    assert_eq!((redis.get("k"), redis.faults_left()), (None, 0));
    set(&mut connection, "v").expect("the fault occurs once");
}

#[test]
fn a_command_whose_reply_is_lost_was_executed() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    redis.fault_on("SET", Fault::ReplyLost);
    connection.get::<_, Option<String>>("k").expect("the fault applies to SET only");
    let error = set(&mut connection, "v").expect_err("the reply is lost");
    assert!(error.is_io_error() && error.is_connection_dropped(), "{error}");
    assert_eq!(redis.get("k").expect("the command was executed"), "v");
    assert_eq!(connection.id(), None);
    set(&mut connection, "w").expect("the connection reconnects");
}

#[test]
fn a_lost_connection_loses_its_state() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_resp3();
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec(&mut connection).expect("the command succeeds");
    redis::cmd("SUBSCRIBE").arg("news").exec(&mut connection).expect("the command succeeds");
    connection.get::<_, Option<String>>("k").expect("the command succeeds");
    redis.fault(Fault::ConnectionLost);
    set(&mut connection, "v").expect_err("the connection is lost");
    assert_eq!(redis.get("k"), None, "the command did not reach the server");
    redis.set("k", "w");
    assert_eq!((redis.publish("news", "hello"), connection.next_push()), (0, None));
    assert_eq!(connection.get::<_, String>("k").expect("the connection reconnects"), "w");
    redis.set("k", "x");
    assert_eq!(connection.next_push(), None, "tracking must be enabled again");
}

#[test]
fn a_delay_beyond_the_timeout_is_a_timeout() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_response_timeout(Duration::from_secs(1));
    redis.fault(Fault::Delayed(Duration::from_millis(999)));
    set(&mut connection, "in time").expect("the reply arrives in time");
    redis.fault(Fault::Delayed(Duration::from_secs(1)));
    let error = set(&mut connection, "late").expect_err("the reply is late");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(redis.get("k").expect("the command was executed"), "late");
    assert_eq!(connection.get::<_, String>("k").expect("a late reply is discarded"), "late");
}

#[test]
fn a_lost_push_is_not_delivered() {
    let redis = Redis::new();
    let connection = redis.connection();
    redis::cmd("SUBSCRIBE").arg("news").exec(&mut connection.clone()).expect("the command succeeds");
    redis.fault(Fault::PushLost);
    redis.publish("news", "lost");
    assert_eq!((connection.next_push(), redis.faults_left()), (None, 0));
    redis.publish("news", "delivered");
    assert!(connection.next_push().is_some());
}

#[test]
fn faults_over_a_socket() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let connect = || client.get_connection().expect("the server accepts connections");

    let mut connection = connect();
    redis.fault(Fault::Refused);
    assert!(set(&mut connection, "v").is_err() && redis.get("k").is_none());
    redis.fault(Fault::ReplyLost);
    assert!(set(&mut connection, "v").expect_err("the reply is lost").is_connection_dropped());
    assert_eq!(redis.get("k").expect("the command was executed"), "v");

    let mut connection = connect();
    redis.fault(Fault::ConnectionLost);
    assert!(set(&mut connection, "w").expect_err("the connection is lost").is_connection_dropped());
    assert_eq!(redis.get("k").expect("the key was set before"), "v");

    let mut connection = connect();
    connection.set_read_timeout(Some(Duration::from_millis(50))).expect("a valid timeout");
    redis.fault(Fault::Delayed(Duration::from_secs(60)));
    assert!(set(&mut connection, "late").expect_err("the reply is late").is_timeout());
    assert_eq!(redis.get("k").expect("the command was executed"), "late");

    let mut connection = connect();
    redis.fault(Fault::Delayed(Duration::from_millis(10)));
    set(&mut connection, "x").expect("the reply arrives in time");
}
