//! The source of truth defines its versions, not the cache: caches whose operations write another
//! value than they are called with, or write it again, later or never.

use std::collections::{BTreeMap, BTreeSet};

use selvedge_sim::custom::engine::future::block_on_instrumented as block_on;
use selvedge_sim::custom::engine::sync::{Mutex, mpsc};
use selvedge_sim::custom::engine::thread;
use selvedge_sim::custom::{
    Cache, Key, Level, Redis, RemoteStart, Rule, ScenarioBuilder, Setup, Value, check, scenario,
};
use selvedge_sim::trace::{lanes, reason};
use selvedge_sim::verdict::CaseReport;

/// The Redis commands of an operation of a [`Cache`], in order.
#[derive(Clone, Copy)]
enum Do {
    /// GET.
    Get,
    /// SET or DEL, according to the operation; in a `get`, SET of the value that it read, if there
    /// is one.
    Write,
    /// DEL, in every operation.
    Delete,
    /// The next command, if the key has a value.
    IfThere,
    /// A task executes the next command, and no operation waits for it.
    Behind,
}

use Do::{Behind, Delete, Get, IfThere, Write};

struct Commands {
    redis: Redis,
    get: &'static [Do],
    set: &'static [Do],
    delete: &'static [Do],
}

impl Commands {
    async fn run(&self, all: &[Do], key: Key, writes: Option<Option<Value>>) -> Option<Value> {
        let (mut read, mut skips, mut behind) = (None, false, false);
        for command in all {
            if std::mem::take(&mut skips) {
                continue;
            }
            match command {
                Do::Get => read = self.redis.get(key).await,
                Do::IfThere => skips = read.is_none(),
                Do::Behind => behind = true,
                Do::Delete => self.redis.delete(key).await,
                Do::Write => {
                    let Some(content) = writes.or(read.map(Some)) else { continue };
                    let redis = self.redis.clone();
                    let write = async move {
                        match content {
                            Some(value) => redis.set(key, value).await,
                            None => redis.delete(key).await,
                        }
                    };
                    match std::mem::take(&mut behind) {
                        true => drop(thread::spawn(|| {
                            block_on(write);
                        })),
                        false => write.await,
                    }
                }
            }
        }
        read
    }
}

impl Cache for Commands {
    async fn get(&self, key: Key) -> Option<Value> {
        self.run(self.get, key, None).await
    }

    async fn set(&self, key: Key, value: Value) {
        self.run(self.set, key, Some(Some(value))).await;
    }

    async fn delete(&self, key: Key) {
        self.run(self.delete, key, Some(None)).await;
    }
}

type Build = Box<dyn Fn(Setup) -> Commands + Send + Sync>;

fn of([get, set, delete]: [&'static [Do]; 3], threads: &[(&str, &[&str])]) -> ScenarioBuilder<Build> {
    let build = move |setup: Setup| Commands { redis: setup.redis, get, set, delete };
    let start = scenario("commands", Box::new(build) as Build);
    threads.iter().fold(start, |scenario, (name, operations)| scenario.thread(*name, *operations))
}

#[track_caller]
fn breaks(scenario: ScenarioBuilder<Build>, rules: &[Rule]) -> CaseReport {
    check(scenario.violations(rules.iter().copied()))
}

#[test]
fn a_get_that_writes_back_its_result_resurrects_a_deleted_value() {
    let sliding = [&[Get, IfThere, Write] as &[_], &[Write], &[Write]];
    let report = breaks(
        of(sliding, &[("reader", &["get user:1"]), ("writer", &["delete user:1"])]),
        &[Rule::Stale, Rule::Lasting],
    );
    assert!(report.complete);
    breaks(
        of(sliding, &[("reader", &["get user:1"]), ("writer", &["set user:1"])]),
        &[Rule::Stale, Rule::Lasting],
    );
}

#[test]
fn a_set_that_is_sent_twice_overwrites_a_newer_value_with_its_own() {
    let retries = [&[Get] as &[_], &[Write, Write], &[Write]];
    let threads: &[(&str, &[&str])] =
        &[("reader", &["get user:1", "get user:1"]), ("one", &["set user:1"]), ("other", &["set user:1"])];
    breaks(of(retries, threads), &[Rule::Stale, Rule::Inverted, Rule::Lasting]);
    // A single writer may write its value repeatedly.
    check(of(
        retries,
        &[("reader", &["get user:1", "get user:1"]), ("writer", &["set user:1", "delete user:1"])],
    ));
}

#[test]
fn a_get_that_deletes_takes_a_newer_value_away() {
    let clears = [&[Get, Delete] as &[_], &[Write], &[Write]];
    let report = breaks(
        of(clears, &[("reader", &["get user:1"]), ("writer", &["set user:1"])]),
        // Without deletions, no operation wrote an absence.
        &[Rule::Phantom],
    );
    assert!(report.complete);
    breaks(
        of(clears, &[("reader", &["get user:1"]), ("writer", &["delete user:1", "set user:1"])]),
        &[Rule::Stale, Rule::Inverted, Rule::Lasting],
    );
}

#[test]
fn a_set_that_deletes_first_exposes_an_absence_that_no_operation_made() {
    let scenario =
        of([&[Get], &[Delete, Write], &[Write]], &[("reader", &["get user:1"]), ("writer", &["set user:1"])]);
    breaks(scenario, &[Rule::Phantom]);
}

#[test]
fn a_write_behind_is_acknowledged_before_it_takes_effect() {
    let behind = [&[Get] as &[_], &[Behind, Write], &[Write]];
    let report =
        breaks(of(behind, &[("reader", &["get user:1"]), ("writer", &["set user:1"])]), &[Rule::Stale]);
    assert!(report.complete);
    // The second write is acknowledged last, so it is the last, in whatever order the writes arrive
    // at Redis.
    breaks(
        of(behind, &[("reader", &["get user:1"]), ("writer", &["set user:1", "set user:1"])]),
        &[Rule::Stale, Rule::Inverted, Rule::Lasting],
    );
}

#[test]
fn a_write_that_never_reaches_redis_is_lost() {
    let lost = [&[Get] as &[_], &[], &[]];
    let threads: &[(&str, &[&str])] = &[("reader", &["get user:1"]), ("writer", &["set user:1"])];
    breaks(of(lost, threads), &[Rule::Stale, Rule::Lasting]);
}

#[test]
fn a_delete_of_an_absent_key_has_completed() {
    let only_if_there = [&[Get] as &[_], &[Write], &[Get, IfThere, Write]];
    for remote in RemoteStart::ALL {
        let threads: &[(&str, &[&str])] = &[
            ("reader", &["get user:1", "get user:1"]),
            ("one", &["delete user:1"]),
            ("other", &["set user:1"]),
        ];
        let report = check(of(only_if_there, threads).remote(remote));
        assert!(report.complete);
    }
}

/// A cache whose `set` passes its value to a task that was spawned with the cache.
struct Flushed {
    redis: Redis,
    queue: mpsc::Sender<(Key, Value)>,
}

impl Flushed {
    fn new(setup: Setup) -> Self {
        let (queue, values) = mpsc::channel();
        let redis = setup.redis.clone();
        thread::spawn(move || {
            while let Ok((key, value)) = values.recv() {
                block_on(redis.set(key, value));
            }
        });
        Flushed { redis: setup.redis, queue }
    }
}

impl Cache for Flushed {
    async fn get(&self, key: Key) -> Option<Value> {
        self.redis.get(key).await
    }

    async fn set(&self, key: Key, value: Value) {
        self.queue.send((key, value)).unwrap();
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
    }
}

#[test]
fn a_value_is_its_writers_whichever_task_carries_it() {
    let flushed = || {
        scenario("flushed", Flushed::new).thread("reader", ["get user:1"]).thread("writer", ["set user:1"])
    };
    let report = check(flushed().violations([Rule::Stale]));
    assert!(report.complete);
    check(flushed().consistency(Level::Eventual));
    // The cache's task has its own lane, even if it was spawned before the threads.
    let trace = report.trace.expect("a control has a witness");
    assert_eq!(trace.lanes, ["reader", "writer", "observer", "task 1"]);
    let spans = trace.operations.iter().map(|span| (trace.lanes[span.lane].as_str(), span.call.as_str()));
    let spans: BTreeSet<_> = spans.collect();
    let all = [("observer", "get user:1"), ("reader", "get user:1"), ("writer", "set user:1 = v1")];
    assert_eq!(spans, all.into());
    for span in &trace.operations {
        let own = trace.steps.iter().filter(|step| (span.first..=span.last).contains(&step.number));
        assert!(own.into_iter().any(|step| step.lane == span.lane), "{span:?}");
    }
}

/// A cache that reads a copy, which a task makes after each write: immediately, or on request.
struct Replica {
    redis: Redis,
    /// The requests to the copying task, if it was spawned at the start.
    asked: Option<mpsc::Sender<()>>,
}

fn replica(key: Key) -> Key {
    Key::new(&format!("{key}:replica"))
}

impl Cache for Replica {
    async fn get(&self, key: Key) -> Option<Value> {
        self.redis.get(replica(key)).await.or(Some(Value { key, version: 0 }))
    }

    async fn set(&self, key: Key, value: Value) {
        self.redis.set(key, value).await;
        if self.asked.is_none() {
            let redis = self.redis.clone();
            thread::spawn(move || block_on(redis.set(replica(key), value)));
        }
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
    }
}

fn threads<F>(scenario: ScenarioBuilder<F>) -> ScenarioBuilder<F> {
    scenario.thread("reader", ["get user:1"]).thread("writer", ["set user:1"])
}

#[test]
fn the_observer_waits_for_the_tasks_of_the_cache() {
    let build = |setup: Setup| Replica { redis: setup.redis, asked: None };
    let report = check(threads(scenario("replica", build)).consistency(Level::Eventual));
    assert!(report.complete);
    check(threads(scenario("replica", build)).violations([Rule::Stale]));
}

#[test]
fn a_lasting_violation_names_a_task_that_is_never_woken() {
    let build = |setup: Setup| {
        let (asked, copies) = mpsc::channel();
        thread::Builder::new()
            .name("copier".to_owned())
            .spawn(move || copies.iter().for_each(|()| ()))
            .unwrap();
        Replica { redis: setup.redis, asked: Some(asked) }
    };
    let report = check(threads(scenario("replica", build)).violations([Rule::Stale, Rule::Lasting]));
    let trace = report.trace.expect("a control has a witness");
    let said = reason(&trace).replace('\n', " ");
    assert!(
        said.contains("No runnable task is left that could repair it: copier waits to receive from"),
        "{said}"
    );
    assert!(lanes(&trace).contains("blocked   copier waits"), "{}", lanes(&trace));
}

/// A local tier in a custom map, under an engine lock.
struct Locked {
    local: Mutex<BTreeMap<Key, Value>>,
    redis: Redis,
}

impl Cache for Locked {
    async fn get(&self, key: Key) -> Option<Value> {
        let hit = self.local.lock().unwrap().get(&key).copied();
        if hit.is_some() {
            return hit;
        }
        let value = self.redis.get(key).await?;
        self.local.lock().unwrap().insert(key, value);
        Some(value)
    }

    async fn set(&self, key: Key, value: Value) {
        self.redis.set(key, value).await;
        self.local.lock().unwrap().remove(&key);
    }

    async fn delete(&self, key: Key) {
        self.redis.delete(key).await;
        self.local.lock().unwrap().remove(&key);
    }
}

#[test]
fn a_value_in_an_object_of_the_engine_is_traced_through_it() {
    let build = |setup: Setup| Locked { local: Mutex::new(BTreeMap::new()), redis: setup.redis };
    let report = check(threads(scenario("locked", build)).violations([Rule::Stale, Rule::Lasting]));
    let trace = report.trace.expect("a control has a witness");
    let said = reason(&trace).replace('\n', " ");
    for part in [
        "The read took v0 from local at step ",
        ", which reader had accessed at step ",
        " reader had read v0 from redis at step ",
        ", before v1 was written at step ",
    ] {
        assert!(said.contains(part), "{part}\n{said}\n{}", lanes(&trace));
    }
}
