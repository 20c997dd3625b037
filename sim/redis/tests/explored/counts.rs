//! Small programs whose schedules can be counted by hand.

use redis::{FromRedisValue, RedisResult, Value};
use selvedge_engine::{Explorer, thread};
use selvedge_redis::{Connection, Redis};

use crate::outcomes::all;

fn send<T: FromRedisValue>(connection: &mut Connection, line: &str) -> RedisResult<T> {
    let mut words = line.split(' ');
    let mut cmd = redis::cmd(words.next().expect("a command"));
    for word in words {
        cmd.arg(word);
    }
    cmd.query(connection)
}

/// Returns the number of schedules of clients that each send these lines.
fn count(is_instrumented: bool, clients: &[&[&'static str]]) -> u64 {
    let clients: Vec<_> = clients.iter().map(|lines| lines.to_vec()).collect();
    let (count, _) = all(move || {
        let redis = Redis::explored();
        for lines in clients.clone() {
            let mut connection = redis.connection();
            if is_instrumented {
                connection = connection.with_instrumented_code();
            }
            thread::spawn(move || lines.iter().for_each(|line| drop(send::<Value>(&mut connection, line))));
        }
    });
    count
}

/// Around instrumented code, only the commands on the server conflict.
#[test]
fn commands_on_different_keys_commute() {
    for (expected, clients) in [
        (1, &[&["SET a 1"][..], &["SET b 1"]][..]),
        (2, &[&["SET a 1"], &["SET a 2"]]),
        (2, &[&["SET a 1"], &["GET a"]]),
        (1, &[&["GET a"], &["GET a"], &["GET a"]]),
        (1, &[&["GET a"], &["SET b 1"], &["INCR c"]]),
        // The position of the writer among two reads.
        (3, &[&["GET a", "GET a"], &["SET a 1"]]),
        (1, &[&["GET a", "GET a"], &["SET b 1"]]),
        // Lost updates: see the crate's docs.
        (4, &[&["GET a", "SET a 1"], &["GET a", "SET a 2"]]),
        (6, &[&["SET a 1", "SET a 2"], &["SET a 3", "SET a 4"]]),
        (6, &[&["INCR a"], &["INCR a"], &["INCR a"]]),
    ] {
        assert_eq!(count(true, clients), expected, "{clients:?}");
    }
}

#[test]
fn reads_of_all_keys_conflict_with_every_write() {
    for (expected, clients) in [
        (2, &[&["FLUSHALL"][..], &["GET a"]][..]),
        (2, &[&["DBSIZE"], &["SET a 1"]]),
        (1, &[&["DBSIZE"], &["GET a"]]),
        (1, &[&["KEYS *"], &["SCAN 0"]]),
        (2, &[&["KEYS *"], &["DEL a"]]),
        (2, &[&["MGET a b"], &["SET b 1"]]),
        (1, &[&["MGET a b"], &["GET b"]]),
        (2, &[&["EVALSHA 0 1 a"], &["GET a"]]),
        (1, &[&["EVALSHA 0 1 a"], &["GET b"]]),
        (1, &[&["PING"], &["SET b 1"]]),
        (2, &[&["SELECT 1"], &["SET b 1"]]),
    ] {
        assert_eq!(count(true, clients), expected, "{clients:?}");
    }
}

/// Otherwise, the order of the blocks of code between the commands counts too.
#[test]
fn blocks_of_local_code_are_ordered() {
    // The replies arrive in either order, independently of the order of execution.
    assert_eq!(count(false, &[&["SET a 1"], &["SET b 1"]]), 2);
    // Both commands execute in either order, and so do their replies.
    let both = count(false, &[&["SET a 1"], &["SET a 2"]]);
    // Two pairs have six interleavings; those that differ only by swapping adjacent commuting
    // events count once.
    assert_eq!(both, 4);
}

#[test]
fn processes_share_nothing_but_the_server() {
    let in_processes = |numbers: [u32; 2]| {
        all(move || {
            let redis = Redis::explored();
            for (number, key) in numbers.into_iter().zip(["a", "b"]) {
                let mut connection = redis.connection().in_process(number);
                thread::spawn(move || send::<Value>(&mut connection, &format!("SET {key} 1")).unwrap());
            }
        })
        .0
    };
    assert_eq!(in_processes([0, 0]), 2);
    assert_eq!(in_processes([0, 1]), 1);
}

#[test]
fn code_before_the_first_command_is_a_block_too() {
    let counts = [false, true].map(|says_so| {
        all(move || {
            let redis = Redis::explored();
            let local = std::sync::Arc::new(std::sync::Mutex::new(None::<String>));
            let (reader, shared) = (redis.clone(), std::sync::Arc::clone(&local));
            let mut connection = redis.connection();
            thread::spawn(move || {
                let value: Option<String> = send(&mut connection, "GET a").unwrap();
                *shared.lock().unwrap() = Some(value.unwrap_or_default());
            });
            let looker = thread::spawn(move || {
                if says_so {
                    reader.begin_local_code(0);
                }
                local.lock().unwrap().is_some()
            });
            looker.join().unwrap()
        })
    });
    assert_eq!(counts[0], (1, [false].into()), "code before the first event is atomic");
    assert_eq!(counts[1], (2, [false, true].into()));
}

#[test]
fn a_transaction_is_one_event_and_a_pipeline_one_for_each_command() {
    let program = |is_atomic: bool| {
        all(move || {
            let redis = Redis::explored();
            let mut writer = redis.connection().with_instrumented_code();
            let mut reader = redis.connection().with_instrumented_code();
            thread::spawn(move || {
                let mut pipeline = redis::pipe();
                if is_atomic {
                    pipeline.atomic();
                }
                pipeline.set("a", 1).ignore().set("b", 1).ignore().exec(&mut writer).unwrap();
            });
            let reader = thread::spawn(move || send::<Vec<Option<i64>>>(&mut reader, "MGET a b").unwrap());
            reader.join().unwrap()
        })
    };
    let (none, one, both) = (vec![None, None], vec![Some(1), None], vec![Some(1), Some(1)]);
    assert_eq!(program(true), (2, [none.clone(), both.clone()].into()));
    assert_eq!(program(false), (3, [none, one, both].into()));
}

#[test]
fn a_manual_transaction_detects_a_changed_key() {
    // Optimistic locking: a task that finds a changed key does nothing.
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let tasks = [(); 2].map(|()| {
            let mut connection = redis.connection().with_instrumented_code();
            thread::spawn(move || {
                send::<()>(&mut connection, "WATCH a").unwrap();
                let seen: Option<i64> = send(&mut connection, "GET a").unwrap();
                send::<()>(&mut connection, "MULTI").unwrap();
                send::<()>(&mut connection, &format!("SET a {}", seen.unwrap_or(0) + 1)).unwrap();
                send::<Option<Vec<()>>>(&mut connection, "EXEC").unwrap().is_some()
            })
        });
        let done = tasks.map(|task| task.join().unwrap());
        (done.into_iter().filter(|done| *done).count(), redis.get("a").unwrap())
    });
    let counts: Vec<_> = outcomes.iter().map(|(done, value)| (done.to_string(), value.clone())).collect();
    assert_eq!(counts, [("1".to_owned(), "1".into()), ("2".to_owned(), "2".into())]);
}

/// A command can touch more than its words show: this one loads its script for all clients.
#[test]
fn undeclared_accesses_of_a_command_are_ordered_too() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let script = "return redis.call('INCR',KEYS[1])";
        let mut teacher = redis.connection().with_instrumented_code();
        thread::spawn(move || redis::cmd("EVAL").arg(&[script, "1", "a"]).exec(&mut teacher).unwrap());
        let mut caller = redis.connection().with_instrumented_code();
        let caller = thread::spawn(move || {
            let line = "EVALSHA da8455f0535fd532821b3713a4eccd80fc4b8457 1 b";
            send::<i64>(&mut caller, line).map_err(|error| error.code().unwrap_or("?").to_owned())
        });
        caller.join().unwrap()
    });
    assert_eq!(outcomes, [Ok(1), Err("NOSCRIPT".to_owned())].into());
}

#[test]
fn a_script_cannot_touch_more_than_its_keys() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut connection = redis.connection().with_instrumented_code();
        let script = "return redis.call('SET','other',1)";
        let error = redis::cmd("EVAL").arg(&[script, "1", "a"]).exec(&mut connection).unwrap_err();
        error.to_string().contains("not in its KEYS")
    });
    assert_eq!(outcomes, [true].into());
}

/// A search covers one choice of `SPOP`. Reporting it as complete would be wrong.
#[test]
fn a_random_choice_between_several_members_is_refused() {
    let (_, outcomes) = all(|| {
        let redis = Redis::explored();
        let mut connection = redis.connection().with_instrumented_code();
        send::<()>(&mut connection, "SADD one a").unwrap();
        send::<()>(&mut connection, "SADD two a b").unwrap();
        let refused = ["SPOP two", "SRANDMEMBER two 1", "RANDOMKEY"]
            .map(|line| send::<String>(&mut connection, line).unwrap_err().to_string());
        assert!(refused.iter().all(|error| error.contains("does not cover")), "{refused:?}");
        let all = send::<Vec<String>>(&mut connection, "SRANDMEMBER two 2").unwrap().len();
        (all, send::<String>(&mut connection, "SPOP one").unwrap())
    });
    assert_eq!(outcomes, [(2, "a".to_owned())].into());
}

#[test]
fn a_connection_may_be_shared() {
    let (count, outcomes) = all(|| {
        let redis = Redis::explored();
        let connection = redis.connection().with_instrumented_code();
        let tasks = [(); 2].map(|()| {
            let mut connection = connection.clone();
            thread::spawn(move || send::<i64>(&mut connection, "INCR a").unwrap())
        });
        tasks.map(|task| task.join().unwrap())
    });
    assert_eq!((count, outcomes), (2, [[1, 2], [2, 1]].into()));
}

#[test]
fn outside_of_an_exploration_it_behaves_as_any_other() {
    let redis = Redis::explored();
    redis.set("a", "1");
    assert_eq!(send::<i64>(&mut redis.connection(), "INCR a").unwrap(), 2);
    let mistake = std::panic::catch_unwind(|| Redis::new().settle()).expect_err("it is not explored");
    let text = mistake.downcast_ref::<String>().expect("a text");
    assert!(text.contains("create it with `Redis::explored()`"), "{text}");
}

#[test]
fn the_naive_search_finds_more_schedules_and_no_more_outcomes() {
    let report = Explorer::naive().run(|| {
        let redis = Redis::explored();
        for key in ["a", "b"] {
            let mut connection = redis.connection();
            thread::spawn(move || send::<Value>(&mut connection, &format!("SET {key} 1")).unwrap());
        }
    });
    assert_eq!(report.executions, 6);
}
