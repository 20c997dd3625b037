//! The optimal search is held to the naive one on random programs of commands: the same classes, each once, and the same
//! replies.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use redis::Value;
use selvedge_engine::{Explorer, thread};
use selvedge_redis::{Connection, Fault, Redis};

use crate::outcomes::explore;

/// Commands of each kind, on few keys.
const LINES: &[&str] = &[
    "GET {}",
    "GET {}",
    "SET {} 1",
    "SET {} 2",
    "SET {} v PX 500",
    "INCR {}",
    "DEL {}",
    "MGET a b",
    "MSET a 5 b 6",
    "RENAME a b",
    "GETDEL {}",
    "PEXPIRE {} 500",
    "TTL {}",
    "HSET {} f v",
    "HGETALL {}",
    "LPUSH {} x",
    "LRANGE {} 0 -1",
    "DBSIZE",
    "KEYS *",
    "FLUSHALL",
    "PING",
    "SELECT 1",
    "MULTI",
    "EXEC",
    "WATCH {}",
    "PUBLISH news {}",
    "SUBSCRIBE news",
    "CLIENT TRACKING ON",
    "EVAL return|redis.call('INCR',KEYS[1]) 1 {}",
    "EVALSHA da8455f0535fd532821b3713a4eccd80fc4b8457 1 {}",
    "SCRIPT FLUSH",
    // No command: the task sleeps.
    "-",
];

/// What each client of a random program sends, and what is said of all.
#[derive(Clone, Debug)]
struct Program {
    clients: Vec<Vec<String>>,
    is_instrumented: bool,
    is_told: bool,
    may_fail: bool,
}

fn program() -> impl Strategy<Value = Program> {
    let line = (prop::sample::select(LINES), prop::sample::select(&["a", "b"][..]))
        .prop_map(|(line, key)| line.replace("{}", key));
    let clients = prop_oneof![
        prop::collection::vec(prop::collection::vec(line.clone(), 1..=3), 2..=2),
        prop::collection::vec(prop::collection::vec(line, 1..=1), 3..=3),
    ];
    (clients, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2)).prop_map(
        |(clients, is_instrumented, is_told, may_fail)| Program {
            clients,
            is_instrumented,
            is_told,
            may_fail,
        },
    )
}

fn send(connection: &mut Connection, line: &str) -> String {
    if line == "-" {
        thread::sleep(Duration::from_secs(1));
        return String::new();
    }
    let mut words = line.split(' ').map(|word| word.replace('|', " "));
    let mut cmd = redis::cmd(&words.next().expect("a command"));
    for word in words {
        cmd.arg(word);
    }
    match cmd.query::<Value>(connection) {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

/// Runs the program. What each client was replied, and what it was told.
fn run(program: &Program) -> Vec<Vec<String>> {
    let redis = Redis::explored();
    if program.may_fail {
        redis.explore_faults(1, [Fault::ReplyLost, Fault::ConnectionLost, Fault::PushLost]);
    }
    let tasks: Vec<_> = program
        .clients
        .iter()
        .map(|lines| {
            let told = Arc::new(Mutex::new(Vec::new()));
            let mut connection = redis.connection();
            if program.is_instrumented {
                connection = connection.with_instrumented_code();
            }
            if program.is_told {
                let told = Arc::clone(&told);
                let tell = move |push: redis::PushInfo| {
                    told.lock().unwrap().push(format!("{push:?}"));
                    Ok::<(), ()>(())
                };
                connection = connection.with_resp3().with_push_sender(tell);
            }
            let lines = lines.clone();
            let task = thread::spawn(move || {
                let replies: Vec<_> = lines.iter().map(|line| send(&mut connection, line)).collect();
                (replies, connection)
            });
            (task, told)
        })
        .collect();
    let mut connections = Vec::new();
    let mut seen = Vec::new();
    for (task, told) in tasks {
        let (replies, connection) = task.join().unwrap();
        connections.push(connection);
        seen.push((replies, told));
    }
    redis.settle();
    let mut all = Vec::new();
    for (replies, told) in seen {
        all.extend([replies, told.lock().unwrap().clone()]);
    }
    let mut last = redis.connection().with_instrumented_code();
    all.push(["MGET a b", "TTL a", "DBSIZE"].map(|line| send(&mut last, line)).into());
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        max_global_rejects: 1 << 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn optimal_finds_each_class_of_the_naive_search_once(program in program()) {
        // A subscriber of RESP2 is told things, and was not made for that.
        let subscribes = program.clients.iter().flatten().any(|line| line.starts_with("SUBSCRIBE"));
        prop_assume!(program.is_told || !subscribes);
        let of = |explorer: Explorer| {
            let program = program.clone();
            explore(&explorer, move || run(&program))
        };
        let naive = of(Explorer::naive().max_executions(2_000));
        prop_assume!(naive.report.is_complete());
        let optimal = of(Explorer::optimal());
        prop_assert!(optimal.report.is_complete());
        prop_assert_eq!(optimal.report.redundant, 0);
        prop_assert_eq!(&optimal.outcomes, &naive.outcomes);
        let all: HashSet<_> = naive.classes.into_iter().collect();
        let distinct: HashSet<_> = optimal.classes.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), optimal.classes.len(), "a class was run twice");
        prop_assert!(distinct == all, "{} classes, and {} of the naive search", distinct.len(), all.len());
    }
}
