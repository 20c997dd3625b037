//! What goes wrong, by hand.

use std::time::Duration;

use redis::{Commands, ErrorKind, RedisError, ServerErrorKind};
use selvedge_redis::{Fault, Redis};

use crate::listening::on_port;

fn set(connection: &mut impl Commands, value: &str) -> Result<(), RedisError> {
    connection.set("k", value)
}

#[test]
fn refused_is_not_executed() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    redis.fault(Fault::Refused);
    let error = set(&mut connection, "v").expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Server(ServerErrorKind::BusyLoading));
    assert_eq!((redis.get("k"), redis.faults_left()), (None, 0));
    set(&mut connection, "v").expect("once is enough");
}

#[test]
fn a_lost_reply_is_of_a_command_that_was_executed() {
    let redis = Redis::new();
    let mut connection = redis.connection();
    redis.fault_on("SET", Fault::ReplyLost);
    connection.get::<_, Option<String>>("k").expect("it is about SET");
    let error = set(&mut connection, "v").expect_err("the reply is lost");
    assert!(error.is_io_error() && error.is_connection_dropped(), "{error}");
    assert_eq!(redis.get("k").expect("it was executed"), "v");
    assert_eq!(connection.id(), None);
    set(&mut connection, "w").expect("it connects again");
}

#[test]
fn a_lost_connection_takes_its_state_with_it() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_resp3();
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec(&mut connection).expect("a command");
    redis::cmd("SUBSCRIBE").arg("news").exec(&mut connection).expect("a command");
    connection.get::<_, Option<String>>("k").expect("a command");
    redis.fault(Fault::ConnectionLost);
    set(&mut connection, "v").expect_err("the connection is lost");
    assert_eq!(redis.get("k"), None, "it did not get there");
    redis.set("k", "w");
    assert_eq!((redis.publish("news", "hello"), connection.next_push()), (0, None));
    assert_eq!(connection.get::<_, String>("k").expect("it connects again"), "w");
    redis.set("k", "x");
    assert_eq!(connection.next_push(), None, "it has to ask for tracking again");
}

#[test]
fn a_delay_past_the_time_out_is_one() {
    let redis = Redis::new();
    let mut connection = redis.connection().with_response_timeout(Duration::from_secs(1));
    redis.fault(Fault::Delayed(Duration::from_millis(999)));
    set(&mut connection, "in time").expect("it comes in time");
    redis.fault(Fault::Delayed(Duration::from_secs(1)));
    let error = set(&mut connection, "late").expect_err("it does not");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(redis.get("k").expect("it was executed"), "late");
    assert_eq!(connection.get::<_, String>("k").expect("a reply that is late is nobody's"), "late");
}

#[test]
fn a_lost_push_is_not_told() {
    let redis = Redis::new();
    let connection = redis.connection();
    redis::cmd("SUBSCRIBE").arg("news").exec(&mut connection.clone()).expect("a command");
    redis.fault(Fault::PushLost);
    redis.publish("news", "lost");
    assert_eq!((connection.next_push(), redis.faults_left()), (None, 0));
    redis.publish("news", "told");
    assert!(connection.next_push().is_some());
}

#[test]
fn the_same_over_a_socket() {
    let redis = Redis::new();
    let (_listener, client) = on_port(&redis);
    let connect = || client.get_connection().expect("it listens");

    let mut connection = connect();
    redis.fault(Fault::Refused);
    assert!(set(&mut connection, "v").is_err() && redis.get("k").is_none());
    redis.fault(Fault::ReplyLost);
    assert!(set(&mut connection, "v").expect_err("the reply is lost").is_connection_dropped());
    assert_eq!(redis.get("k").expect("it was executed"), "v");

    let mut connection = connect();
    redis.fault(Fault::ConnectionLost);
    assert!(set(&mut connection, "w").expect_err("the connection is lost").is_connection_dropped());
    assert_eq!(redis.get("k").expect("it was set before"), "v");

    let mut connection = connect();
    connection.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out");
    redis.fault(Fault::Delayed(Duration::from_secs(60)));
    assert!(set(&mut connection, "late").expect_err("it is late").is_timeout());
    assert_eq!(redis.get("k").expect("it was executed"), "late");

    let mut connection = connect();
    redis.fault(Fault::Delayed(Duration::from_millis(10)));
    set(&mut connection, "x").expect("it comes");
}
