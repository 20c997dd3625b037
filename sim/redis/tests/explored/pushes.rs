//! Pushes arrive later, in order, at any point.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use redis::{Commands, PushInfo, PushKind};
use selvedge_engine::thread;
use selvedge_redis::{Connection, Redis};

use crate::outcomes::all;

/// The pushes that a connection receives, in the order of arrival.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    fn connection(&self, redis: &Redis) -> Connection {
        let received = self.clone();
        let record = move |push: PushInfo| {
            received.0.lock().unwrap().push(format!("{:?}", push.data));
            Ok::<(), ()>(())
        };
        redis.connection().with_instrumented_code().with_resp3().with_push_sender(record)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn tracking(connection: &mut Connection) {
    redis::cmd("CLIENT").arg(&["TRACKING", "ON"]).exec(connection).expect("a command");
}

#[test]
fn messages_arrive_in_the_order_in_which_they_were_sent() {
    let (count, outcomes) = all(|| {
        let (redis, received) = (Redis::explored(), Received::default());
        let mut subscriber = received.connection(&redis);
        redis::cmd("SUBSCRIBE").arg("news").exec(&mut subscriber).unwrap();
        let mut publisher = redis.connection().with_instrumented_code();
        let publisher = thread::spawn(move || {
            for message in ["1", "2", "3"] {
                publisher.publish::<_, _, ()>("news", message).unwrap();
            }
        });
        publisher.join().unwrap();
        redis.settle();
        received.take().len()
    });
    assert_eq!((count, outcomes), (1, [3].into()));
}

/// redis-rs PR 2526, lettuce#3481: the key changes while the reply is on its way. The invalidation
/// arrives first and removes nothing; then the client caches the old value.
#[test]
fn an_invalidation_can_overtake_the_task_that_waits_for_the_reply() {
    /// Returns the value that a client with a cache has read, and the value that it still caches
    /// after all pushes have arrived.
    fn program(is_fenced: bool) -> BTreeSet<(Option<String>, Option<String>)> {
        #[derive(Default)]
        struct Cache {
            value: Option<String>,
            invalidations: usize,
        }
        let (_, outcomes) = all(move || {
            let redis = Redis::explored();
            redis.set("k", "old");
            let cache = Arc::new(Mutex::new(Cache::default()));
            let invalidated = Arc::clone(&cache);
            let invalidate = move |push: PushInfo| {
                if push.kind == PushKind::Invalidate {
                    let mut cache = invalidated.lock().unwrap();
                    cache.value = None;
                    cache.invalidations += 1;
                }
                Ok::<(), ()>(())
            };
            let mut reader = redis.connection().with_resp3().with_push_sender(invalidate);
            tracking(&mut reader);
            let shared = Arc::clone(&cache);
            let reader = thread::spawn(move || {
                let before = shared.lock().unwrap().invalidations;
                let value: Option<String> = reader.get("k").unwrap();
                let mut cache = shared.lock().unwrap();
                if !is_fenced || cache.invalidations == before {
                    cache.value.clone_from(&value);
                }
                // A dropped connection receives no more pushes.
                (value, reader)
            });
            let mut writer = redis.connection().in_process(1);
            let writer = thread::spawn(move || writer.set::<_, _, ()>("k", "new").unwrap());
            let (read, _connection) = reader.join().unwrap();
            writer.join().unwrap();
            redis.settle();
            redis.begin_local_code(0);
            let kept = cache.lock().unwrap().value.clone();
            (read, kept)
        });
        outcomes
    }
    let (old, new) = (Some("old".to_owned()), Some("new".to_owned()));
    let right = BTreeSet::from([(new.clone(), new), (old.clone(), None)]);
    assert_eq!(program(true), right);
    let wrong = (old.clone(), old);
    assert_eq!(program(false), &right | &BTreeSet::from([wrong]));
}

#[test]
fn a_reply_arrives_after_earlier_pushes() {
    let (_, outcomes) = all(|| {
        let (redis, received) = (Redis::explored(), Received::default());
        redis.set("k", "old");
        let mut reader = received.connection(&redis);
        tracking(&mut reader);
        let _: String = reader.get("k").unwrap();
        let mut writer = redis.connection().with_instrumented_code();
        let writer = thread::spawn(move || writer.set::<_, _, ()>("k", "new").unwrap());
        // The second read is a later command: if it returns the new value, the invalidation has
        // arrived.
        let value: String = reader.get("k").unwrap();
        let is_invalidated = !received.0.lock().unwrap().is_empty();
        writer.join().unwrap();
        (value, is_invalidated)
    });
    let seen = |value: &str, received| outcomes.contains(&(value.to_owned(), received));
    assert!(seen("new", true) && !seen("new", false), "{outcomes:?}");
    // A push sent after the reply can arrive before or after the task resumes.
    assert!(seen("old", false), "{outcomes:?}");
}

#[test]
fn pushes_can_be_polled() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut subscriber = redis.connection().with_instrumented_code().with_resp3();
        redis::cmd("SUBSCRIBE").arg("news").exec(&mut subscriber).unwrap();
        let mut publisher = redis.connection().with_instrumented_code();
        thread::spawn(move || publisher.publish::<_, _, ()>("news", "1").unwrap());
        let at_once = subscriber.next_push().is_some();
        redis.settle();
        at_once
    });
    assert_eq!(outcomes, [false, true].into());
}

#[test]
fn a_connection_without_pushes_reports_the_mistake() {
    let mut messages = BTreeSet::new();
    let body = || {
        let redis = Redis::explored();
        let mut subscriber = redis.connection();
        redis::cmd("SUBSCRIBE").arg("news").exec(&mut subscriber).unwrap();
        redis.publish("news", "1");
    };
    selvedge_engine::Explorer::optimal().run_each(body, |run| {
        if let selvedge_engine::Ending::Panic { report, .. } = run.ending() {
            messages.insert(report.message.clone());
        }
        std::ops::ControlFlow::Continue(())
    });
    let text = messages.first().expect("it panics");
    assert!(text.ends_with("create it before the tasks begin, with `with_resp3()`"), "{text}");
}
