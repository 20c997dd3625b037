//! Blocking commands of each interface.

use std::thread;
use std::time::{Duration, Instant};

use redis::{AsyncCommands, Commands};
use selvedge_redis::{Address, Redis, Reply};

type Popped = Option<(String, String)>;

#[test]
fn a_thread_waits_for_a_push_of_another() {
    let redis = Redis::new();
    let mut popper = redis.connection();
    let pops = thread::spawn(move || popper.blpop::<_, Popped>("queue", 0.0).unwrap());
    while redis.commands().is_empty() {
        thread::yield_now();
    }
    redis.call(["RPUSH", "queue", "item"]);
    assert_eq!(pops.join().unwrap(), Some(("queue".to_owned(), "item".to_owned())));
}

#[test]
fn a_timeout_passes_on_the_clock_of_the_server() {
    let redis = Redis::new();
    let mut popper = redis.connection();
    let pops = thread::spawn(move || popper.blpop::<_, Popped>("queue", 60.0).unwrap());
    while redis.commands().is_empty() {
        thread::yield_now();
    }
    redis.advance(Duration::from_secs(59));
    assert!(!pops.is_finished());
    redis.advance(Duration::from_secs(1));
    assert_eq!(pops.join().unwrap(), None);
}

#[test]
fn a_timeout_passes_on_the_wall_clock() {
    let redis = Redis::on_wall_clock();
    let began = Instant::now();
    assert_eq!(redis.connection().blpop::<_, Popped>("queue", 0.05).unwrap(), None);
    // The server counts in milliseconds, and has begun in the middle of one.
    assert!(began.elapsed() >= Duration::from_millis(49));
}

#[tokio::test]
async fn a_task_waits_for_a_push_of_another() {
    let redis = Redis::new();
    let mut popper = redis.async_connection();
    let mut pusher = redis.async_connection();
    let pop = async { popper.blpop::<_, Popped>("queue", 0.0).await.unwrap() };
    let push = async { pusher.rpush::<_, _, usize>("queue", "item").await.unwrap() };
    let (popped, length) = tokio::join!(pop, push);
    assert_eq!((popped, length), (Some(("queue".to_owned(), "item".to_owned())), 1));
}

#[tokio::test]
async fn the_reply_of_an_abandoned_command_is_discarded() {
    let redis = Redis::new();
    let mut connection = redis.async_connection();
    {
        let mut pop = std::pin::pin!(connection.blpop::<_, Popped>("queue", 0.0));
        assert!(futures::poll!(&mut pop).is_pending());
    }
    redis.set("key", "value");
    let get = async { connection.get::<_, String>("key").await.unwrap() };
    // The connection is in use until the abandoned command has its reply.
    let push = async { redis.call(["RPUSH", "queue", "item"]) };
    assert_eq!(tokio::join!(get, push), ("value".to_owned(), Reply::Integer(1)));
}

#[test]
fn commands_after_a_blocking_command_wait_for_its_reply() {
    let redis = Redis::on_wall_clock();
    let listener = redis.listen(Address::Port(0)).unwrap();
    let client = redis::Client::open(listener.address().to_string()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let pipeline = thread::spawn(move || {
        let mut pipeline = redis::pipe();
        pipeline.cmd("BLPOP").arg("queue").arg(0).cmd("GET").arg("key");
        pipeline.query::<((String, String), String)>(&mut connection).unwrap()
    });
    while redis.commands().iter().all(|sent| sent.command.name() != "BLPOP") {
        thread::yield_now();
    }
    redis.set("key", "value");
    redis.call(["RPUSH", "queue", "item"]);
    let popped = ("queue".to_owned(), "item".to_owned());
    assert_eq!(pipeline.join().unwrap(), (popped, "value".to_owned()));
}

#[test]
fn a_short_timeout_passes_over_a_socket() {
    let redis = Redis::on_wall_clock();
    let listener = redis.listen(Address::Port(0)).unwrap();
    let client = redis::Client::open(listener.address().to_string()).unwrap();
    let mut connection = client.get_connection().unwrap();
    assert_eq!(connection.blpop::<_, Popped>("queue", 0.05).unwrap(), None);
    assert_eq!(connection.set::<_, _, String>("key", "value").unwrap(), "OK");
}

#[test]
fn the_typed_interface_does_not_wait() {
    let redis = Redis::new();
    assert_eq!(redis.call(["BLPOP", "queue", "0"]), Reply::NullArray);
    assert_eq!(redis.call(["WAIT", "1", "0"]), Reply::Integer(0));
    assert_eq!(redis.call(["PING"]), Reply::status("PONG"));
}
