//! The limits of runs: a run that reaches one is bounded, and the server continues.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{ARTICLE, CLEAN, LARGE, SCENARIO, Server, answer, explore};

/// The tries, 50 ms apart, until a process must have begun or ended.
const MOST_TRIES: u32 = 1_200;

/// The verdict of a run: that of its only case, its mistake, or the limit that has ended it.
fn result(lines: &[Value]) -> String {
    let field = |name: &str| lines.iter().find_map(|line| line.get(name));
    if let Some(case) = field("case") {
        assert!(case["verdict"] != "clean" || case["complete"] == true, "{case}");
        return format!("{} {}", case["verdict"].as_str().unwrap_or_default(), case["why"]);
    }
    let mistake = field("mistakes").map(|its| its[0]["text"].to_string());
    mistake
        .or_else(|| field("stopped").map(Value::to_string))
        .unwrap_or_else(|| panic!("no result: {lines:#?}"))
}

#[test]
fn a_hostile_script_ends_with_its_line() {
    let server = Server::new("20s");
    let with =
        |body: &str| format!("def get(key):\n{body}\n\ndef set(key, value):\n    redis.set(key, value)\n");
    for (body, expected) in [
        (
            "    while True:\n        pass",
            "cache.star:2: a call of the script was ended at the limit of 100000 steps",
        ),
        (
            "    return get(key)",
            "cache.star:2: a call of the script was ended at the limit of 200 nested calls",
        ),
        ("    x = []\n    while True:\n        x.append(\"a\" * 100000)", "at the limit of 2 MiB of memory"),
        ("    return \"a\" * 1000000000", "cache.star:2: a call of the script was ended at the limit of"),
        ("    x = []\n    x.append(x)\n    return str(x)", "a cycle"),
        ("    while True:\n        redis.get(key)", "cache.star:"),
        ("    while True:\n        spawn(get, key)", "cache.star:"),
    ] {
        let lines = server.explore(&with(body));
        let result = result(&lines);
        assert!(!result.starts_with("clean") && result.contains(expected), "{body}: {result}");
    }
    assert!(result(&server.explore(CLEAN)).starts_with("clean"));
}

#[test]
fn a_long_run_is_bounded_at_its_limit() {
    let server = Server::new("1s");
    let lines = server.run(&explore(LARGE, CLEAN));
    let case = lines.iter().find_map(|line| line.get("case")).expect("the case");
    assert_eq!(
        (&case["verdict"], &case["complete"], &case["passed"]),
        (&json!("bounded"), &json!(false), &json!(false))
    );
}

#[test]
fn runs_at_a_time_are_bounded_and_a_closed_connection_ends_its_run() {
    let server = Server::new("10m");
    let request = server.run_request(&explore(LARGE, ARTICLE));
    let running: Vec<_> = (0..2)
        .map(|_| {
            let stream = server.send(&request);
            // The run has begun once its answer has.
            stream.peek(&mut [0]).expect("an answer");
            stream
        })
        .collect();
    let refused = answer(server.send(&request));
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("2 runs are in progress"), "{}", refused.body);
    drop(running);
    // Their processes end soon; until then, a run is refused.
    let small = server.run_request(&explore(SCENARIO, CLEAN));
    let ended = (0..MOST_TRIES).any(|_| {
        thread::sleep(Duration::from_millis(50));
        answer(server.send(&small)).status == 200
    });
    assert!(ended, "the runs of closed connections continue");
    assert!(result(&server.explore(CLEAN)).starts_with("clean"));
}

/// The operating system enforces the limits of a run's process.
#[cfg(target_os = "linux")]
#[test]
fn the_process_of_a_run_is_confined() {
    use std::fs;

    let server = Server::new("10m");
    let _running = server.send(&server.run_request(&explore(LARGE, ARTICLE)));
    let own = format!(" {} ", server.id());
    let child = || {
        fs::read_dir("/proc").expect("processes").filter_map(|entry| {
            let path = entry.ok()?.path();
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            // After the name in parentheses: the state, and the parent.
            let (_, rest) = stat.rsplit_once(") ")?;
            rest.get(1..)?.starts_with(&own).then_some(path)
        })
    };
    // The process limits itself before it searches.
    let limits = (0..MOST_TRIES).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        let limits = child().next().and_then(|path| fs::read_to_string(path.join("limits")).ok())?;
        limits.contains("536870912").then_some(limits)
    });
    let limits = limits.expect("the process has a limit of memory");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect(name);
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max address space"), ["536870912"; 2]);
    assert_eq!(limit("Max open files"), ["3"; 2]);
    assert_eq!(limit("Max file size"), ["0"; 2]);
    assert_eq!(limit("Max core file size"), ["0"; 2]);
}
