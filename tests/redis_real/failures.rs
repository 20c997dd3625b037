//! Servers that are down, slow or refuse commands; lost writes, and how they are settled.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use selvedge::remote::redis::{Error, Problem, Redis};
use selvedge::remote::{Outcome, Remote};
use selvedge::sync::{Primitives, Std};
use selvedge::{Cause, TieredCache};
use tokio::time::{sleep, timeout};

use super::proxy::Proxy;
use super::{Real, get, lasting, postcard, set, settle, settle_at_last};

/// A timeout that is too short for a stopped server, and long enough for a running one.
const SHORT: Duration = Duration::from_millis(500);

fn outcome(redis: &Redis, error: &Error) -> Outcome {
    Remote::<&str, String>::outcome(redis, error)
}

/// Reads until the server replies. Returns the number of failures, and the value.
async fn get_at_last(redis: &Redis, key: &str) -> (u32, Option<String>) {
    for failed in 0..1_000 {
        match get(redis, key).await {
            Ok(found) => return (failed, found.map(|found| found.value)),
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the server does not come back");
}

impl Real {
    fn impatient(&self) -> Redis {
        self.builder().command_timeout(SHORT).build().expect("the URL is valid")
    }

    /// Stops the server from executing writes.
    fn pause_writes(&mut self) {
        let _: () = self.by_hand("CLIENT PAUSE 60000 WRITE");
    }

    /// Lets the server execute writes again, waiting ones first.
    fn unpause(&mut self) {
        let _: () = self.by_hand("CLIENT UNPAUSE");
        let _: () = self.by_hand("SET the-pause-is-over 1");
    }

    /// Closes all connections except this one.
    fn hang_up(&mut self) {
        let ended: u64 = self.by_hand("CLIENT KILL TYPE normal SKIPME yes");
        assert!(ended > 0);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_was_sent_nothing() {
    let redis = Redis::builder("unix:///nowhere/redis.sock").prefix("app:").build().unwrap();
    let error = set(&redis, "k", "v", None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "redis: SET of \"app:k\": not sent: no connection to /nowhere/redis.sock (No such file or \
         directory (os error 2)). Is the server running there?"
    );
    assert_eq!(outcome(&redis, &error), Outcome::NotApplied);
    assert!(settle(&redis).await, "nothing was lost");
}

#[tokio::test]
async fn an_invalid_url_is_reported_at_once_without_the_password() {
    let error = Redis::builder("http://user:secret@localhost/").build().unwrap_err().to_string();
    assert!(error.starts_with("the URL of Redis is invalid: "), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let builder = Redis::builder("redis://user:secret@localhost/");
    assert!(!format!("{builder:?} {:?}", builder.clone().build().unwrap()).contains("secret"));
}

#[tokio::test]
async fn it_reconnects_after_a_restart_of_the_server() {
    let Some(mut real) = Real::start("a restart of the server") else { return };
    let redis = real.redis();
    set(&redis, "k", "v", None).await.unwrap();
    real.server.crash();
    assert!(get(&redis, "k").await.is_err());
    assert!(settle(&redis).await, "a read changes nothing");
    real.server.start_again();
    assert_eq!(get_at_last(&redis, "k").await.1, None, "it has lost what it had");
    set(&redis, "k", "w", None).await.unwrap();
    assert_eq!(get(&redis, "k").await.unwrap(), lasting("w"));
}

#[tokio::test]
async fn a_broken_connection_costs_one_call() {
    let Some(mut real) = Real::start("a broken connection") else { return };
    let redis = real.redis();
    set(&redis, "k", "v", None).await.unwrap();
    real.hang_up();
    let (failed, value) = get_at_last(&redis, "k").await;
    assert_eq!((failed <= 1, value.as_deref()), (true, Some("v")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_to_a_slow_server_times_out() {
    let Some(mut real) = Real::start("timeouts") else { return };
    let redis = real.impatient();
    set(&redis, "k", "v", None).await.unwrap();
    let before = real.connections();
    thread::scope(|scope| {
        scope.spawn(|| real.by_hand::<()>("DEBUG SLEEP 2"));
        let waiting = scope.spawn(|| {
            Std::block_on(async {
                loop {
                    // The server may not be asleep yet.
                    if let Err(error) = get(&redis, "k").await {
                        break error;
                    }
                }
            })
        });
        let error = waiting.join().unwrap();
        assert!(matches!(error.problem(), Problem::TimedOut { after } if *after == SHORT), "{error}");
        assert_eq!(
            error.to_string(),
            "redis: GET of \"app:k\": no reply within 500ms. The command may have been executed, or may still \
             be. If the server is slow, raise the builder's `command_timeout`"
        );
    });
    // A connection that timed out is not used again.
    assert_eq!(get_at_last(&redis, "k").await.1.as_deref(), Some("v"));
    assert!(real.connections() > before);
}

#[tokio::test]
async fn a_refused_command_is_not_applied() {
    let Some(mut real) = Real::start("refusals") else { return };
    let plain = real.redis();
    let leasing = real.builder().leases(Duration::from_secs(10)).build().unwrap();
    let _: () = real.by_hand("CONFIG SET maxmemory 1");
    for redis in [plain, leasing] {
        let error = set(&redis, "k", "v", None).await.unwrap_err();
        assert!(matches!(error.problem(), Problem::Refused { .. }), "{error}");
        assert_eq!(outcome(&redis, &error), Outcome::NotApplied, "{error}");
        assert!(settle(&redis).await, "nothing was lost");
    }
    assert_eq!(real.by_hand::<Vec<String>>("KEYS *"), [""; 0]);
}

#[tokio::test]
async fn a_write_that_timed_out_may_still_be_applied() {
    let Some(mut real) = Real::start("a write that comes late") else { return };
    let redis = real.impatient();
    real.pause_writes();
    let error = set(&redis, "k", "late", None).await.unwrap_err();
    assert!(matches!(error.problem(), Problem::TimedOut { .. }), "{error}");
    assert_eq!(outcome(&redis, &error), Outcome::Unknown);
    assert!(!real.by_hand::<bool>("EXISTS app:k"));
    real.unpause();
    assert!(real.by_hand::<bool>("EXISTS app:k"), "it was waiting in the server");
}

#[tokio::test]
async fn a_settled_write_is_not_applied_later() {
    let Some(mut real) = Real::start("settling by a new connection") else { return };
    let redis = real.impatient();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    settle_at_last(&redis).await;
    real.unpause();
    assert!(!real.by_hand::<bool>("EXISTS app:k"), "it was lost with its connection");
    set(&redis, "k", "new", None).await.unwrap();
    assert_eq!(get(&redis, "k").await.unwrap(), lasting("new"));
}

/// A write that is in the network when its connection is closed. Returns whether it is applied once
/// everything has been delivered.
async fn late_from_the_network(real: &mut Real, settled: bool) -> bool {
    let proxy = Proxy::start(&real.server);
    let redis = real.builder_at(&proxy.url()).command_timeout(SHORT).build().unwrap();
    set(&redis, "j", "connected", None).await.unwrap();
    proxy.hold();
    let error = set(&redis, "k", "late", None).await.unwrap_err();
    assert!(matches!(error.problem(), Problem::TimedOut { .. }), "{error}");
    if settled {
        settle_at_last(&redis).await;
        assert!(!real.by_hand::<bool>("EXISTS app:k"));
    }
    drop(redis);
    proxy.release();
    real.by_hand("EXISTS app:k")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_write_is_applied_even_after_its_connection_is_closed() {
    let Some(mut real) = Real::start("a write in the network") else { return };
    assert!(late_from_the_network(&mut real, false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_write_does_not_arrive_from_the_network() {
    let Some(mut real) = Real::start("settling a write in the network") else { return };
    assert!(!late_from_the_network(&mut real, true).await);
}

#[tokio::test]
async fn a_dropped_write_is_settled_over_its_own_connection() {
    let Some(mut real) = Real::start("a dropped write") else { return };
    let redis = real.redis();
    set(&redis, "k", "old", None).await.unwrap();
    let before = real.connections();
    real.pause_writes();
    {
        let mut write = pin!(set(&redis, "k", "new", None));
        assert!(timeout(SHORT, &mut write).await.is_err(), "it is waiting in the server");
    }
    let mut settling = pin!(settle(&redis));
    assert!(timeout(SHORT, &mut settling).await.is_err(), "it may still be applied");
    real.unpause();
    assert!(settling.await);
    assert_eq!(real.by_hand::<String>("GET app:k"), postcard("new"));
    assert_eq!(real.connections(), before);
}

#[tokio::test]
async fn nothing_settles_while_the_server_is_down() {
    let Some(mut real) = Real::start("settling over a restart") else { return };
    let redis = real.impatient();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    real.server.crash();
    assert!(!settle(&redis).await);
    real.server.start_again();
    get_at_last(&redis, "k").await;
    // The process with the write has ended.
    settle_at_last(&redis).await;
}

#[tokio::test]
async fn a_connection_made_while_the_server_wants_a_password_is_not_used() {
    let Some(mut real) = Real::start("settling after a temporary NOAUTH") else { return };
    let redis = real.impatient();
    set(&redis, "k", "v", None).await.unwrap();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    let _: () = real.by_hand("CONFIG SET requirepass secret");
    let error = get(&redis, "k").await.unwrap_err();
    assert!(matches!(error.problem(), Problem::NotConnected { .. }), "{error}");
    assert!(error.to_string().contains("NOAUTH"), "{error}");
    assert!(!settle(&redis).await);
    let _: () = real.by_hand("CONFIG SET requirepass ");
    real.unpause();
    settle_at_last(&redis).await;
    // A later lost write is settled like any other.
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    real.unpause();
    settle_at_last(&redis).await;
}

#[tokio::test]
async fn a_server_that_wants_a_password_no_longer_after_a_restart_settles() {
    let Some(mut real) = Real::start("settling after NOAUTH and a restart") else { return };
    let redis = real.impatient();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    let _: () = real.by_hand("CONFIG SET requirepass secret");
    assert!(!settle(&redis).await);
    real.server.crash();
    real.server.start_again();
    settle_at_last(&redis).await;
}

/// A write is lost on a connection whose identity is unknown, because the user lacks `missing`.
/// Returns the client when it may query identities again.
async fn loses_on_an_unidentified_connection(real: &mut Real, missing: &[&str]) -> Redis {
    for permission in missing {
        let _: () = real.by_hand(&format!("ACL SETUSER default -{permission}"));
    }
    let redis = real.impatient();
    set(&redis, "k", "v", None).await.unwrap();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    real.unpause();
    for permission in missing {
        let _: () = real.by_hand(&format!("ACL SETUSER default +{permission}"));
    }
    get_at_last(&redis, "k").await;
    assert!(!settle(&redis).await, "no client can close the connection, or confirm that it is closed");
    redis
}

#[tokio::test]
async fn a_connection_without_an_id_ends_with_its_server_process() {
    let Some(mut real) = Real::start("settling after a connection without an id") else { return };
    let redis = loses_on_an_unidentified_connection(&mut real, &["client|id"]).await;
    real.server.crash();
    real.server.start_again();
    // No other call notices that the connection is broken.
    settle_at_last(&redis).await;
}

#[tokio::test]
async fn a_connection_to_an_unknown_process_ends_with_its_server_process() {
    let Some(mut real) = Real::start("settling after a connection without an identity") else { return };
    let redis = loses_on_an_unidentified_connection(&mut real, &["client|id", "info"]).await;
    real.server.crash();
    // Only the server's age shows that it is another process. It is in whole seconds.
    sleep(Duration::from_millis(1_100)).await;
    real.server.start_again();
    settle_at_last(&redis).await;
}

#[tokio::test]
async fn an_unpolled_future_that_connects_blocks_no_other_call() {
    let Some(real) = Real::start("a connection in the making") else { return };
    let redis = real.redis();
    let mut kept = pin!(get(&redis, "k"));
    let is_pending = poll_fn(|context| Poll::Ready(kept.as_mut().poll(context).is_pending())).await;
    assert!(is_pending, "it connects");
    timeout(Duration::from_secs(20), set(&redis, "k", "v", None)).await.expect("it does not wait").unwrap();
    kept.await.unwrap();
}

#[tokio::test]
async fn the_blocking_interface_does_not_wait_on_the_only_thread_of_its_runtime() {
    let Some(real) = Real::start("the blocking face in a runtime") else { return };
    let cache = Arc::new(TieredCache::<String, String, _>::builder(real.redis()).single_process().build());
    let key = "k".to_owned();
    let failed = cache.blocking().set(&key, &"v".to_owned()).unwrap_err();
    assert!(matches!(failed.cause(), Cause::Blocking(_)));
    assert_eq!(
        failed.to_string(),
        "the blocking interface failed to set \"k\": the calling thread is that of tokio's current-thread runtime, and no task of \
         the runtime can run while the thread waits. Await the cache's own methods, or call the blocking interface in \
         `spawn_blocking`"
    );
    assert!(matches!(cache.blocking().get(&key).unwrap_err().cause(), Cause::Blocking(_)));
    // Nothing was sent. On a thread of the blocking pool it may wait.
    let its = Arc::clone(&cache);
    let found = tokio::task::spawn_blocking(move || {
        its.blocking().set(&"other".to_owned(), &"w".to_owned()).unwrap();
        [its.blocking().get(&"k".to_owned()).unwrap(), its.blocking().get(&"other".to_owned()).unwrap()]
    });
    assert_eq!(found.await.unwrap(), [None, Some("w".to_owned())]);
    // A call that need not wait is allowed on any thread.
    assert_eq!(cache.blocking().get(&"other".to_owned()).unwrap().as_deref(), Some("w"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_blocking_interface_leaves_the_worker_of_a_runtime_to_its_tasks() {
    let Some(real) = Real::start("the blocking face on a worker") else { return };
    let cache = TieredCache::<String, String, _>::builder(real.redis()).single_process().build();
    let waits = tokio::spawn(async move {
        cache.blocking().set(&"k".to_owned(), &"v".to_owned()).unwrap();
        cache.blocking().get(&"k".to_owned()).unwrap()
    });
    assert_eq!(timeout(Duration::from_secs(20), waits).await.unwrap().unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn without_the_permission_to_close_connections_nothing_settles() {
    let Some(mut real) = Real::start("settling without permission") else { return };
    let _: () = real.by_hand("ACL SETUSER limited on >pw ~* +@all -client|kill");
    let url = format!("{}?user=limited&pass=pw", real.server.url());
    let redis = Redis::builder(&url).prefix("app:").command_timeout(SHORT).build().unwrap();
    set(&redis, "k", "v", None).await.unwrap();
    real.pause_writes();
    set(&redis, "k", "late", None).await.unwrap_err();
    assert!(!settle(&redis).await);
    real.unpause();
    // Everything else works.
    set(&redis, "k", "new", None).await.unwrap();
    assert_eq!(get(&redis, "k").await.unwrap(), lasting("new"));
    assert!(!settle(&redis).await);
    let _: () = real.by_hand("ACL SETUSER limited +client|kill");
    settle_at_last(&redis).await;
}
