//! Compares the optimal search with the naive one on random programs of commands: the same classes,
//! each explored once, and the same replies.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use redis::Value;
use selvedge_engine::mode::Any;
use selvedge_engine::{Explorer, thread};
use selvedge_redis::{Connection, Fault, Redis};

use crate::outcomes::explore;

/// Commands of each kind, on two keys.
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
    "BLPOP {} 0",
    "BLPOP a b 1",
    "RPUSH {} x y",
    "LMOVE a b LEFT RIGHT",
    "SADD {} x y",
    "SPOP {}",
    "SRANDMEMBER {}",
    "SUNIONSTORE a b b",
    "COPY a b",
    "OBJECT ENCODING {}",
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

/// The lines that each client sends, and options for all clients.
#[derive(Clone, Debug)]
struct Program {
    clients: Vec<Vec<String>>,
    is_instrumented: bool,
    has_pushes: bool,
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
        |(clients, is_instrumented, has_pushes, may_fail)| Program {
            clients,
            is_instrumented,
            has_pushes,
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

/// Runs the program. Returns the replies and the pushes of each client.
fn run(program: &Program) -> Vec<Vec<String>> {
    let redis = Redis::explored();
    if program.may_fail {
        redis.explore_faults(1, [Fault::ReplyLost, Fault::ConnectionLost, Fault::PushLost]);
    }
    let tasks: Vec<_> = program
        .clients
        .iter()
        .map(|lines| {
            let pushes = Arc::new(Mutex::new(Vec::new()));
            let mut connection = redis.connection();
            if program.is_instrumented {
                connection = connection.with_instrumented_code();
            }
            if program.has_pushes {
                let pushes = Arc::clone(&pushes);
                let record = move |push: redis::PushInfo| {
                    pushes.lock().unwrap().push(format!("{push:?}"));
                    Ok::<(), ()>(())
                };
                connection = connection.with_resp3().with_push_sender(record);
            }
            let lines = lines.clone();
            let task = thread::spawn(move || {
                let replies: Vec<_> = lines.iter().map(|line| send(&mut connection, line)).collect();
                (replies, connection)
            });
            (task, pushes)
        })
        .collect();
    let mut connections = Vec::new();
    let mut seen = Vec::new();
    for (task, pushes) in tasks {
        let (replies, connection) = task.join().unwrap();
        connections.push(connection);
        seen.push((replies, pushes));
    }
    redis.settle();
    let mut all = Vec::new();
    for (replies, pushes) in seen {
        all.extend([replies, pushes.lock().unwrap().clone()]);
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
        // A subscriber that was not created for pushes cannot receive them.
        let subscribes = program.clients.iter().flatten().any(|line| line.starts_with("SUBSCRIBE"));
        prop_assume!(program.has_pushes || !subscribes);
        let of = |explorer: Explorer<Any>| {
            let program = program.clone();
            explore(&explorer, move || run(&program))
        };
        let naive = of(Explorer::naive().max_executions(2_000).into_any());
        prop_assume!(naive.report.is_complete());
        let optimal = of(Explorer::optimal().into_any());
        prop_assert!(optimal.report.is_complete());
        prop_assert_eq!(optimal.report.redundant, 0);
        prop_assert_eq!(&optimal.outcomes, &naive.outcomes);
        let all: HashSet<_> = naive.classes.into_iter().collect();
        let distinct: HashSet<_> = optimal.classes.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), optimal.classes.len(), "a class was explored twice");
        prop_assert!(distinct == all, "{} classes, but {} in the naive search", distinct.len(), all.len());
    }
}
